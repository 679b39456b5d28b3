// The command line in a utility process: the same program as in a terminal, without one.
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { utilityProcess } from 'electron';
import type { Helper } from '../gateway/helping.ts';

const PATIENCE_MS = 3000;
/** What it said last has come by then. */
const LAST_WORDS_MS = 1000;

/** Starts `entry`, the bundled command line, with these words. */
export function startProgram(entry: string, words: string[]): Helper {
  const child = utilityProcess.fork(entry, words, {
    serviceName: 'Sluice helper',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let timer: NodeJS.Timeout | undefined;
  const stdout = child.stdout as NodeJS.ReadableStream;
  const said = new PassThrough();
  stdout.pipe(said);
  const lines = createInterface({ input: said });
  const closed = new Promise<void>((resolve) => lines.once('close', resolve));
  child.once('exit', () => {
    clearTimeout(timer);
    // With the process Electron lets go of everybody who listens, and its last lines may still be in the pipe.
    process.nextTick(() => stdout.pipe(said));
  });
  return {
    onLine: (listener) => void lines.on('line', listener),
    onExit: (listener) =>
      void child.once('exit', () => void Promise.race([closed, sleep(LAST_WORDS_MS)]).then(() => listener())),
    stop() {
      if (child.pid === undefined) return void child.once('spawn', () => this.stop());
      process.kill(child.pid, 'SIGTERM');
      const { pid } = child;
      timer = setTimeout(() => process.kill(pid, 'SIGKILL'), PATIENCE_MS);
    },
  };
}
