// Entry: the engine without a window, for terminals and scripts, under plain Node.
import { fileURLToPath } from 'node:url';
import { help, parseCommand, UsageError } from './cli/options.ts';
import { Output } from './cli/output.ts';
import { download, type Surroundings } from './cli/run.ts';
import { BackgroundHash } from './download/hashing.ts';
import { forkWorker } from './transport/process.ts';
import { ApiError } from '../shared/api.ts';
import { version } from './engine/version.ts';

const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.cjs';
const hashThread = new URL(`./hash-thread${extension}`, import.meta.url);
const workerEntry = fileURLToPath(new URL(`./worker${extension}`, import.meta.url));

async function main(): Promise<number> {
  const output = new Output(process.stdout);
  const around: Surroundings = {
    spawnWorker: () => forkWorker(workerEntry),
    nativeBinding: process.env['SLUICE_SQLITE_BINDING'],
    hashThread,
    hasher: new BackgroundHash(hashThread),
    output,
    stdout: process.stdout,
    stdin: process.stdin,
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
        return await (await import('./cli/network.ts')).network(command, around);
      default:
        return await (await import('./cli/control.ts')).control(command, around);
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
    await output.flushed();
  }
}

function isDiskTrouble(error: unknown): error is Error {
  const { code } = error as { code?: unknown };
  return error instanceof Error && /^(SQLITE_(CANTOPEN|READONLY|FULL|IOERR)|EROFS|EACCES|ENOSPC)/.test(String(code));
}

main().then(
  (status) => process.exit(status),
  (error: unknown) => {
    process.stderr.write(`sluice: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
