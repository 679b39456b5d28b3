// The command line in a utility process: the same program as in a terminal, without one.
import { createInterface } from 'node:readline';
import { utilityProcess } from 'electron';
import type { Helper } from '../gateway/helping.ts';

const PATIENCE_MS = 3000;

/** Starts `entry`, the bundled command line, with these words. */
export function startProgram(entry: string, words: string[]): Helper {
  const child = utilityProcess.fork(entry, words, {
    serviceName: 'Sluice helper',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let timer: NodeJS.Timeout | undefined;
  child.once('exit', () => clearTimeout(timer));
  return {
    onLine: (listener) => void createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', listener),
    onExit: (listener) => void child.once('exit', listener),
    stop() {
      if (child.pid === undefined) return void child.once('spawn', () => this.stop());
      process.kill(child.pid, 'SIGTERM');
      const { pid } = child;
      timer = setTimeout(() => process.kill(pid, 'SIGKILL'), PATIENCE_MS);
    },
  };
}
