import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { contentSha256, seededContent, startOrigin, type Origin } from '../support/origin.ts';
import { tempDir } from '../support/temp-dir.ts';
import { sluice } from './cli-program.ts';

let data: string;
let files: string;

beforeEach(() => {
  const dir = tempDir();
  data = path.join(dir, 'data');
  files = path.join(dir, 'files');
});

async function origin(): Promise<Origin> {
  const started = await startOrigin();
  onTestFinished(() => started.close());
  return started;
}

const run = (...args: string[]) => sluice(['--data', data, '--dir', files, '--json', ...args]);
const sha256 = (file: string) => createHash('sha256').update(fs.readFileSync(file)).digest('hex');

/** The direct children of a process. */
function childrenOf(pid: number): number[] {
  const children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return children === '' ? [] : children.split(' ').map(Number);
}

function killTree(pid: number): void {
  for (const victim of [pid, ...childrenOf(pid)]) {
    try {
      process.kill(victim, 'SIGKILL');
    } catch {
      // Gone by itself.
    }
  }
}

/** Numbers that look random and are the same in each run. */
function* randoms(seed: number): Generator<number> {
  for (let state = seed; ;) {
    state = (state * 1103515245 + 12345) % 2147483648;
    yield state / 2147483648;
  }
}

test('after twenty SIGKILLs a 200 MB file is exact and was hardly fetched twice', { timeout: 180_000 }, async () => {
  const server = await origin();
  const sizeBytes = 200_000_000;
  server.serve('/big.bin', { sizeBytes, bytesPerS: 2_500_000 });
  const random = randoms(7);
  for (let kill = 0; kill < 20; kill++) {
    const program = run('--connections', '4', server.url('/big.bin'));
    await program.until(({ event }) => event === 'started' || event === 'done');
    await pause(100 + 1000 * random.next().value!);
    killTree(program.child.pid!);
    await program.ended;
  }
  const program = run('--exit', server.url('/big.bin'));
  expect(await program.ended).toBe(0);
  expect(sha256(path.join(files, 'big.bin'))).toBe(contentSha256(seededContent(sizeBytes)));
  expect(server.bytesServed('/big.bin')).toBeLessThan(sizeBytes * 1.15);
  expect(fs.readdirSync(files)).toEqual(['big.bin']);
});

test('two lists with files of one name in one folder, killed on their way, each bring their own', async () => {
  const server = await origin();
  const sizeBytes = 6_000_000;
  const paths = ['/one/f.bin', '/two/f.bin'];
  const start = (path: string) => run('--data', data + path[1], '--exit', '--connections', '1', server.url(path));
  for (const [seed, path] of paths.entries()) server.serve(path, { sizeBytes, seed, bytesPerS: 1_500_000 });
  const killed = paths.map(start);
  await Promise.all(paths.map((path) => server.served(path, 2_000_000)));
  for (const { child } of killed) killTree(child.pid!);
  await Promise.all(killed.map(({ ended }) => ended));
  expect(fs.readdirSync(files)).toHaveLength(2);
  const programs = paths.map(start);
  for (const { ended, stdout } of programs) expect(await ended, stdout()).toBe(0);
  expect(fs.readdirSync(files).sort()).toEqual(['f (1).bin', 'f.bin']);
  for (const [seed, path] of paths.entries()) {
    const { path: file } = programs[seed]!.told.find(({ event }) => event === 'done')!;
    expect(sha256(file as string)).toBe(contentSha256(seededContent(sizeBytes, seed)));
    expect(server.bytesServed(path)).toBeLessThan(sizeBytes * 1.15);
  }
});

test('a killed worker is replaced and its downloads go on', async () => {
  const server = await origin();
  const names = ['a', 'b', 'c', 'd'];
  for (const [seed, name] of names.entries())
    server.serve(`/${name}`, { sizeBytes: 3_000_000, seed, bytesPerS: 700_000 });
  const program = run('--exit', '--workers', '2', '--connections', '1', ...names.map((name) => server.url(`/${name}`)));
  await Promise.all(names.map((name) => server.served(`/${name}`, 1_500_000)));
  const [victim] = childrenOf(program.child.pid!);
  process.kill(victim!, 'SIGKILL');
  expect(await program.ended).toBe(0);
  for (const [seed, name] of names.entries()) {
    expect(sha256(path.join(files, name))).toBe(contentSha256(seededContent(3_000_000, seed)));
    expect(server.bytesServed(`/${name}`)).toBeLessThan(3_000_000 * 1.6);
  }
});

test.each(['reset', 'close', 'stall'] as const)(
  'a machine that slept for several time-outs goes on, its connections lost meanwhile by %s',
  async (cut) => {
    const server = await origin();
    const sizeBytes = 6_000_000;
    server.serve('/first', { sizeBytes: 10 });
    expect(await run('--exit', server.url('/first')).ended).toBe(0);
    const idleTimeoutMs = 1000;
    const db = new Database(path.join(data, 'sluice.db'));
    db.prepare('INSERT INTO settings VALUES (?, ?)').run('idleTimeoutMs', String(idleTimeoutMs));
    db.close();
    const asleep = 2_000_000;
    server.serve('/f', ({ count }) =>
      count === 1 ? { sizeBytes, bytesPerS: 1_500_000, cutAfterBytes: asleep, cut } : { sizeBytes },
    );
    const program = run('--exit', '--connections', '1', server.url('/f'));
    await server.served('/f', 1_000_000);
    const all = [program.child.pid!, ...childrenOf(program.child.pid!)];
    for (const pid of all) process.kill(pid, 'SIGSTOP');
    await server.served('/f', asleep);
    await pause(3 * idleTimeoutMs);
    for (const pid of all) process.kill(pid, 'SIGCONT');
    expect(await program.ended, program.stdout()).toBe(0);
    expect(sha256(path.join(files, 'f'))).toBe(contentSha256(seededContent(sizeBytes)));
    expect(server.bytesServed('/f')).toBeLessThan(sizeBytes + asleep);
    expect(program.told.filter(({ event }) => event === 'failed')).toEqual([]);
  },
);

test('workers do not outlive a killed engine', async () => {
  const server = await origin();
  server.serve('/slow', { sizeBytes: 3_000_000, bytesPerS: 100_000 });
  const program = run(server.url('/slow'));
  await server.served('/slow', 50_000);
  const workers = childrenOf(program.child.pid!);
  expect(workers.length).toBeGreaterThan(0);
  program.child.kill('SIGKILL');
  await program.ended;
  await expect
    .poll(() => workers.filter((pid) => fs.existsSync(`/proc/${pid}`) && !isZombie(pid)), { timeout: 3000 })
    .toEqual([]);
});

test('a list of a thousand survives a kill while it is being fetched, nothing lost and nothing twice', async () => {
  const server = await origin();
  const urls = Array.from({ length: 1000 }, (_, n) => {
    server.serve(`/f${n}`, { sizeBytes: 2000 + n, seed: n % 50 });
    return server.url(`/f${n}`);
  });
  const list = path.join(path.dirname(data), 'list.txt');
  fs.writeFileSync(list, urls.join('\n'));
  const program = run('--parallel', '16', list);
  await program.until(({ event, id }) => event === 'done' && (id as number) > 100);
  killTree(program.child.pid!);
  await program.ended;
  const again = run('--exit', '--parallel', '16', list);
  expect(await again.ended).toBe(0);
  const counted = execFileSync('ls', [files], { encoding: 'utf8' }).trim().split('\n');
  expect(counted).toHaveLength(1000);
  for (let n = 0; n < 1000; n++) expect(fs.statSync(path.join(files, `f${n}`)).size).toBe(2000 + n);
});

function isZombie(pid: number): boolean {
  try {
    return / Z /.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}
