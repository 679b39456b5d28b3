// A served list with its doors open, and those who come to them: the built command line and Python programs.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, onTestFinished } from 'vitest';
import { startOrigin, type Origin } from '../support/origin.ts';
import { tempDir } from '../support/temp-dir.ts';
import { sluice, type Program } from './cli-program.ts';

const run = promisify(execFile);
export const sha256 = (file: string) => createHash('sha256').update(fs.readFileSync(file)).digest('hex');

/** Of the running test; and the file with the key to its doors. */
export let dir: string;
export let key: string;

beforeEach(() => {
  dir = tempDir();
  key = path.join(dir, 'key');
  fs.writeFileSync(key, 'open sesame\n');
});

/** Files of `sizeBytes` and a little more, all unlike. */
export async function origin(files: number, sizeBytes = 100_000): Promise<{ server: Origin; urls: string[] }> {
  const server = await startOrigin();
  onTestFinished(() => server.close());
  const urls = Array.from({ length: files }, (_, n) => {
    server.serve(`/f${n}.bin`, { sizeBytes: sizeBytes + n, seed: n });
    return server.url(`/f${n}.bin`);
  });
  return { server, urls };
}

type Ports = { program: Program; workers: number; python: number };

export async function serving(...args: string[]): Promise<Ports> {
  const program = sluice([
    ...['serve', '--json', '--data', path.join(dir, 'data'), '--dir', path.join(dir, 'files')],
    ...['--listen', '127.0.0.1:0', '--python', '127.0.0.1:0', '--authkey-file', key, ...args],
  ]);
  const listening = async (who: string) =>
    (await program.until(({ event, for: whom }) => event === 'listening' && whom === who)).port as number;
  return { program, workers: await listening('workers'), python: await listening('python') };
}

export function worker(port: number, name: string, ...args: string[]): Program {
  const to = ['--connect', `127.0.0.1:${port}`, '--authkey-file', key];
  return sluice(['worker', ...to, '--dir', path.join(dir, name), '--json', ...args]);
}

/** Resolves with what the program prints. */
export async function python(program: string, ...args: string[]): Promise<string> {
  const file = path.join(dir, 'program.py');
  fs.writeFileSync(file, program);
  const { stdout } = await run('python3', [file, ...args], { timeout: 30_000 });
  return stdout;
}

/** How such a program begins, with the port as its first argument. */
export const connect = `
import sys, queue
from multiprocessing.managers import BaseManager
class QueueManager(BaseManager): pass
QueueManager.register('get_task_queue')
QueueManager.register('get_result_queue')
m = QueueManager(address=('127.0.0.1', int(sys.argv[1])), authkey=b'open sesame')
m.connect()
task, result = m.get_task_queue(), m.get_result_queue()
`;
