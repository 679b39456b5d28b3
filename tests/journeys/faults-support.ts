// Runs the command line under strace: killed or failed at a chosen system call, with a record of what was not durable by then.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import Database from 'better-sqlite3';
import { test } from 'vitest';
import type { Told } from './cli-program.ts';
import { Unsynced } from './faults-support-unsynced.ts';

const entry = path.join(import.meta.dirname, '..', '..', 'out', 'main', 'cli.cjs');
const WRITES_AND_NAMES = 'pwrite64,pwritev,pwritev2,fdatasync,fsync,link,linkat,rename,renameat,renameat2,unlink';

const missing = whyNot();
if (missing) process.stderr.write(`Tests with injected faults are SKIPPED: ${missing}\n`);

/** A test that needs strace. */
export const testWithStrace = test.skipIf(missing !== null);

function whyNot(): string | null {
  if (process.platform !== 'linux') return 'strace is for Linux';
  const tried = spawnSync('strace', ['-f', '-e', 'trace=fsync', 'true'], { encoding: 'utf8' });
  if (tried.error) return 'strace is not installed';
  return tried.status === 0 ? null : `strace cannot trace here: ${tried.stderr.trim()}`;
}

/** What happens at the `nth` call of `calls` (each name counted by itself, each thread by itself) on one of `paths`. */
export type Fault = {
  calls: string;
  paths: readonly string[];
  nth: number | `${number}+`;
  /** An errno's name; without it the whole tree is killed. */
  error?: string;
  /** A call that is not known here, whatever else happens. */
  unknown?: string;
};

export type Ran = {
  status: number | NodeJS.Signals;
  told: Told[];
  stderr: string;
  /** The fault came to pass. */
  hit: boolean;
  /** What a loss of power would have taken from `paths` at that moment. */
  unsynced: Unsynced;
};

/** Runs `sluice` with these words. One thread in the pool makes the calls the same in each run; `threads` for more. */
export async function runTraced(args: readonly string[], fault: Fault, threads = 1): Promise<Ran> {
  const effect = fault.error ? `error=${fault.error}` : 'signal=SIGKILL';
  const traced = fault.error ? [fault.calls, ...(fault.unknown ? [fault.unknown] : [])].join() : WRITES_AND_NAMES;
  const child = spawn(
    'strace',
    [
      // By a pipe of its own: what it says beside breaks lines in the middle, and the program makes the pipe of its
      // errors non-blocking, which loses some.
      ...['-o', '|cat >&3'],
      // Its seccomp filter would be quicker, but loses some of the signals.
      ...['-f', '-y', '-s', '0', '-e', `trace=${traced}`],
      ...fault.paths.flatMap((file) => ['-P', file]),
      ...['-e', `inject=${fault.calls}:${effect}:when=${fault.nth}`],
      ...(fault.unknown ? ['-e', `inject=${fault.unknown}:error=EPERM`] : []),
      ...[process.execPath, entry, ...args],
    ],
    { stdio: ['ignore', 'pipe', 'pipe', 'pipe'], env: { ...process.env, UV_THREADPOOL_SIZE: String(threads) } },
  );
  let out = '';
  let err = '';
  let line = '';
  let hit = false;
  const unsynced = new Unsynced();
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (err += text));
  (child.stdio[3] as Readable).setEncoding('utf8').on('data', (text: string) => {
    const lines = (line + text).split('\n');
    line = lines.pop()!;
    for (const one of lines) {
      unsynced.see(one);
      if (fault.error && one.includes('(INJECTED)')) hit = true;
      if (!fault.error && !hit && one.includes('+++ killed by SIGKILL +++')) {
        hit = true;
        for (const pid of descendantsOf(child.pid!)) kill(pid);
      }
    }
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  const told = out.split('\n').filter((one) => one.startsWith('{') && one.endsWith('}'));
  return { status: code ?? signal!, told: told.map((one) => JSON.parse(one) as Told), stderr: err, hit, unsynced };
}

function descendantsOf(pid: number): number[] {
  let children: number[] = [];
  try {
    const tasks = fs.readdirSync(`/proc/${pid}/task`);
    children = tasks.flatMap((task) =>
      fs.readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
    );
  } catch {
    // Gone by itself.
  }
  return children.flatMap((child) => [child, ...descendantsOf(child)]);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone by itself.
  }
}

type Row = { id: number; name: string; part_name: string; status: string; extents: [number, number][] };

/** What the database says, read from a copy, so that looking changes nothing. */
export function rowsIn(data: string, copyDir: string): Row[] {
  fs.rmSync(copyDir, { recursive: true, force: true });
  fs.mkdirSync(copyDir, { recursive: true });
  for (const name of ['sluice.db', 'sluice.db-wal', 'sluice.db-journal']) {
    if (fs.existsSync(path.join(data, name))) fs.copyFileSync(path.join(data, name), path.join(copyDir, name));
  }
  const db = new Database(path.join(copyDir, 'sluice.db'));
  try {
    const table = db.prepare(`SELECT 1 FROM sqlite_master WHERE name = 'downloads'`).get();
    if (!table) return [];
    const rows = db.prepare('SELECT id, name, part_name, status, extents FROM downloads').all();
    return (rows as (Omit<Row, 'extents'> & { extents: string })[]).map((row) => ({
      ...row,
      extents: JSON.parse(row.extents) as [number, number][],
    }));
  } finally {
    db.close();
  }
}
