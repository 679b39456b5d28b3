// The built command line as a child process, as a person's shell would start it.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { onTestFinished } from 'vitest';

const entry = path.join(import.meta.dirname, '..', '..', 'out', 'main', 'cli.cjs');

export type Told = { event: string; [key: string]: unknown };

export type Program = {
  child: ChildProcess;
  /** The JSON lines so far. */
  told: Told[];
  stdout: () => string;
  stderr: () => string;
  /** Resolves with the first told line that fits. */
  until(fits: (told: Told) => boolean): Promise<Told>;
  /** Resolves with the exit status, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals>;
};

/** Starts `sluice` with these words, through the command `within` if there is one; killed at the end of the test if it still runs. */
export function sluice(
  args: string[],
  options: { input?: string; env?: NodeJS.ProcessEnv; cwd?: string; within?: readonly string[] } = {},
): Program {
  const [command, ...words] = [...(options.within ?? []), process.execPath, entry, ...args];
  const child = spawn(command!, words, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    cwd: options.cwd,
  });
  let out = '';
  let err = '';
  const told: Told[] = [];
  const watchers = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (out.slice(out.lastIndexOf('\n') + 1) + text).split('\n').slice(0, -1);
    out += text;
    for (const line of lines) if (line.startsWith('{')) told.push(JSON.parse(line) as Told);
    for (const watch of watchers) watch();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  onTestFinished(() => void child.kill('SIGKILL'));
  return {
    child,
    told,
    stdout: () => out,
    stderr: () => err,
    until: (fits) =>
      new Promise((resolve, reject) => {
        const watch = () => {
          const found = told.find(fits);
          if (!found) return;
          watchers.delete(watch);
          resolve(found);
        };
        watchers.add(watch);
        void ended.then(() => reject(new Error(`ended without saying it: ${out}\n${err}`)));
        watch();
      }),
    ended,
  };
}
