// The program of the command line: understands it, does it, and says how it ended.
import { setFlagsFromString } from 'node:v8';
import { ApiError } from '../../shared/answer.ts';
import { BackgroundHash } from '../download/disk/hashing.ts';
import type { SpawnedWorker } from '../engine/engine.ts';
import { version } from '../engine/version.ts';
import { help, parseCommand, UsageError } from './options.ts';
import { Output } from './output.ts';
import { download, type Surroundings } from './run.ts';

export type Parts = {
  spawnWorker: () => SpawnedWorker;
  /** A worker that was started before it was known whether one is needed. */
  early: SpawnedWorker | null;
  /** The script of the hashing thread. */
  hashThread: URL;
};

/** Runs the command line of this process. Resolves to the exit status; rejects for what nobody foresaw. */
export async function runProgram({ spawnWorker, early, hashThread }: Parts): Promise<number> {
  // The heap's part for what is new keeps its first size: a larger one makes nothing here quicker, and costs 20 MiB with a long list.
  // Said once all is loaded: compiled code is kept for the flags that hold then, and much of it is the workers', too.
  setFlagsFromString('--semi-space-growth-factor=1');
  const output = new Output(process.stdout);
  let unused = early;
  const around: Surroundings = {
    spawnWorker: () => {
      const worker = unused ?? spawnWorker();
      unused = null;
      return worker;
    },
    nativeBinding: process.env['SLUICE_SQLITE_BINDING'],
    hashThread,
    hasher: new BackgroundHash(hashThread),
    output,
    stdout: process.stdout,
    version,
  };
  try {
    const command = parseCommand(process.argv.slice(2));
    switch (command.kind) {
      case 'help':
        output.line(help.trimEnd());
        return 0;
      case 'version':
        output.line(version);
        return 0;
      case 'download':
        if (command.inputs.length === 0 && process.argv.length <= 2) {
          output.line(help.trimEnd());
          return 2;
        }
        return await download(command.inputs, command.run, around);
      case 'serve':
      case 'join':
      case 'join-python':
      case 'discover':
      case 'echo':
      case 'check':
        // Loaded when it is wanted: a plain download starts sooner and lighter without.
        return await (await import('./network.ts')).network(command, around);
      default:
        return await (await import('./control.ts')).control(command, around);
    }
  } catch (error) {
    if (isDiskTrouble(error)) {
      process.stderr.write(
        `sluice: The list cannot be opened or written, is its disk full or read-only? ${error.message}\n`,
      );
      return 1;
    }
    if (!(error instanceof UsageError || error instanceof ApiError)) throw error;
    process.stderr.write(`sluice: ${error.message}\n`);
    if (error instanceof UsageError) process.stderr.write('Try: sluice --help\n');
    return 2;
  } finally {
    unused?.kill();
    await output.flushed();
  }
}

function isDiskTrouble(error: unknown): error is Error {
  const { code } = error as { code?: unknown };
  return error instanceof Error && /^(SQLITE_(CANTOPEN|READONLY|FULL|IOERR)|EROFS|EACCES|ENOSPC)/.test(String(code));
}
