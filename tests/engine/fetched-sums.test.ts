// A checksum file among the downloads: what stands in it holds for the others of its folder, whenever they come.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { hashHere } from '../../main/download/disk/hashing.ts';
import { Engine, type Signal } from '../../main/engine/engine.ts';
import type { NewDownload } from '../../shared/download.ts';
import type { Task } from '../../shared/protocol.ts';
import { tempDir } from '../support/temp-dir.ts';
import { fakeWorkers, type FakeWorker } from './fake-worker.ts';

const HOST = 'http://h.test/dir';
const HOUR_MS = 3_600_000;
const sum = (of: string, algorithm = 'sha256') => createHash(algorithm).update(of).digest('hex');
const SUMS = `${sum('a')}  a.iso\n${sum('b')} *b.iso\n${sum('c')}  sub/c.iso\n${sum('x')}  own.iso\n`;
const checked = { status: 'done', verified: true };
const unchecked = { status: 'done', verified: false };

let dir: string;
let nowMs: number;
let signals: Signal[];
let ids: Map<string, number>;
const engines: Engine[] = [];

beforeEach(() => {
  dir = tempDir();
  nowMs = Date.now();
  signals = [];
  ids = new Map();
});
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
});

const nameIn = (url: string) => path.basename(new URL(url).pathname);

/** An engine whose worker keeps each task until it is told what came of it; tasks go by the ends of their addresses. */
function start(hasher = { hashFile: hashHere, close: () => Promise.resolve() }) {
  const held = new Map<string, { worker: FakeWorker; task: Task }>();
  const { spawn } = fakeWorkers((worker, task) => held.set(nameIn(task.url), { worker, task }), 16);
  const overrides = { workers: 1, dir: path.join(dir, 'files'), hash: false, parallel: 16, connectionsPerHost: 64 };
  const engine = new Engine({
    dataDir: path.join(dir, 'data'),
    spawnWorker: spawn,
    overrides,
    hasher,
    now: () => nowMs,
  });
  engines.push(engine);
  engine.onSignal((signal) => signals.push(signal));
  engine.start();
  const leased = (name: string) =>
    vi.waitFor(() => {
      expect([...held.keys()]).toContain(name);
      return held.get(name)!;
    });
  return {
    engine,
    leased,
    async finish(name: string, content: string) {
      const { worker, task } = await leased(name);
      fs.writeFileSync(task.targetPath, content);
      const { algorithm, hex = null } = task.checksum ?? {};
      const sha256 = algorithm === 'sha256' ? hex : null;
      const done = { path: task.targetPath, sizeBytes: content.length, sha256, verified: hex !== null };
      worker.settle(task, { kind: 'done', ...done });
    },
    async add(...downloads: (string | NewDownload)[]) {
      const asked = downloads.map((one) => (typeof one === 'string' ? { url: one } : one));
      const added = await engine.adding.add(asked, { producer: 'test' });
      for (const [index, { url }] of asked.entries()) ids.set(nameIn(url), added[index]!);
    },
    async becomes(name: string, state: { status: string; verified: boolean }) {
      await vi.waitFor(() => expect(stateOf(engine, name)).toMatchObject(state), { timeout: 5000 });
    },
    idle: () => vi.waitFor(() => expect(engine.idle).toBe(true), { timeout: 5000 }),
  };
}

function stateOf(engine: Engine, name: string) {
  const { status, verified, failure } = engine.view.detail(ids.get(name)!)!.row;
  return { status, verified, message: failure?.message };
}
const told = (event: 'done' | 'failed') => signals.flatMap((one) => (one.event === event ? [nameIn(one.url)] : []));
const filesOf = (name: string) => fs.readdirSync(path.join(dir, 'files')).filter((one) => one.startsWith(name));

test.each(['before', 'after'])(
  'what ends %s its checksum file is held against it, and a wrong one fails',
  async (when) => {
    const { engine, finish, add, becomes, leased, idle } = start();
    await add(`${HOST}/a.iso?key=1`, `${HOST}/b.iso`, `${HOST}/sub/c.iso`, `${HOST}/d.iso`, `${HOST}/SHA256SUMS?v=2/3`);
    const files = async () => {
      for (const [name, content] of Object.entries({ a: 'a', b: 'not b', c: 'c', d: 'd' })) {
        await finish(`${name}.iso`, content);
      }
    };
    await leased('d.iso');
    if (when === 'before') await files();
    if (when === 'before') await becomes('b.iso', unchecked);
    await finish('SHA256SUMS', SUMS);
    await becomes('SHA256SUMS', unchecked);
    if (when === 'after') await files();
    await becomes('b.iso', { status: 'failed', verified: false });
    for (const name of ['a.iso', 'c.iso']) await becomes(name, checked);
    await becomes('d.iso', unchecked);
    await idle();
    const { message } = stateOf(engine, 'b.iso');
    expect(message).toContain(sum('not b'));
    expect(message).toContain(sum('b'));
    expect(filesOf('b.iso')).toEqual([expect.stringMatching(/^b\.iso\..*part$/)]);
    expect(told('failed')).toEqual(['b.iso']);
    // Where it ends while the checksum file is being read, it is told as done before it fails, too.
    if (when === 'before') expect(told('done')).toContain('b.iso');
    const others = told('done').filter((name) => name !== 'b.iso');
    expect(others.sort()).toEqual(['SHA256SUMS', 'a.iso', 'c.iso', 'd.iso']);
  },
);

test('what has not begun yet is verified by whoever fetches it, and what was paused half-way too', async () => {
  const { engine, finish, add, becomes, leased } = start();
  await add(`${HOST}/a.iso`);
  await leased('a.iso');
  await engine.handlers.pause({ ids: [ids.get('a.iso')!] });
  await becomes('a.iso', { status: 'paused', verified: false });
  await add(`${HOST}/a.iso.md5`);
  await finish('a.iso.md5', `${sum('a', 'md5')}\n`);
  await becomes('a.iso.md5', unchecked);
  await vi.waitFor(() => expect(engine.view.detail(ids.get('a.iso')!)!.checksum).toBe(`md5=${sum('a', 'md5')}`));
  await engine.handlers.resume({ ids: [ids.get('a.iso')!] });
  await vi.waitFor(async () => expect((await leased('a.iso')).task.checksum?.algorithm).toBe('md5'));
  await finish('a.iso', 'a');
  await becomes('a.iso', checked);
});

test('of a long list what is added after its checksum file was fetched is given its checksums, too', async () => {
  const { finish, add, becomes, leased, idle } = start();
  await add(`${HOST}/SHA256SUMS`);
  await finish('SHA256SUMS', SUMS);
  await becomes('SHA256SUMS', unchecked);
  await idle();
  await add(`${HOST}/a.iso`, `${HOST}/sub/c.iso`, 'http://h.test/b.iso');
  expect((await leased('a.iso')).task.checksum?.hex).toBe(sum('a'));
  expect((await leased('c.iso')).task.checksum?.hex).toBe(sum('c'));
  expect((await leased('b.iso')).task.checksum).toBeNull();
});

test('other folders, other servers, own checksums and what came by another list are left alone', async () => {
  const { engine, finish, add, becomes, idle } = start();
  await add(`${HOST}/a.iso`);
  await finish('a.iso', 'the a of last week');
  await becomes('a.iso', unchecked);
  nowMs += 2 * HOUR_MS;
  const checksum = { algorithm: 'md5', hex: sum('own', 'md5') } as const;
  await add(
    `${HOST}/SHA256SUMS`,
    { url: `${HOST}/own.iso`, checksum },
    `${HOST}/other/sub/c.iso`,
    'http://elsewhere.test/dir/b.iso',
  );
  await finish('SHA256SUMS', SUMS);
  for (const name of ['own', 'c', 'b']) await finish(`${name}.iso`, name === 'own' ? 'own' : 'another');
  await idle();
  await becomes('own.iso', checked);
  for (const name of ['a', 'b', 'c']) expect(stateOf(engine, `${name}.iso`)).toMatchObject(unchecked);
  expect(told('failed')).toEqual([]);
});

test('a start goes on with what was still to be compared', async () => {
  let asked: () => void = () => {};
  const began = new Promise<void>((resolve) => (asked = resolve));
  const held = {
    hashFile: () => (
      asked(),
      new Promise<string>((_, reject) => (held.close = () => Promise.resolve(reject(new Error()))))
    ),
    close: () => Promise.resolve(),
  };
  const first = start(held);
  await first.add(`${HOST}/b.iso`, `${HOST}/SHA256SUMS`);
  await first.finish('b.iso', 'not b');
  await first.finish('SHA256SUMS', SUMS);
  await began;
  await first.engine.close();
  const second = start();
  await second.becomes('b.iso', { status: 'failed', verified: false });
});

test('a file that a person changed meanwhile is neither called wrong nor touched', async () => {
  const { finish, add, becomes, idle } = start();
  await add(`${HOST}/b.iso`, `${HOST}/SHA256SUMS`);
  await finish('b.iso', 'not b');
  await becomes('b.iso', unchecked);
  const file = path.join(dir, 'files', 'b.iso');
  fs.writeFileSync(file, 'mine');
  fs.utimesSync(file, new Date(), new Date(Date.now() + 60_000));
  await finish('SHA256SUMS', SUMS);
  await becomes('SHA256SUMS', unchecked);
  await idle();
  await becomes('b.iso', unchecked);
  expect(fs.readFileSync(file, 'utf8')).toBe('mine');
});

test('one that is downloaded anew after it was found wrong can become right', async () => {
  const { engine, finish, add, becomes, idle } = start();
  await add(`${HOST}/b.iso`, `${HOST}/SHA256SUMS`);
  await finish('b.iso', 'not b');
  await finish('SHA256SUMS', SUMS);
  await becomes('b.iso', { status: 'failed', verified: false });
  await engine.handlers.retry({ ids: [ids.get('b.iso')!] });
  await becomes('b.iso', { status: 'running', verified: false });
  await finish('b.iso', 'b');
  await becomes('b.iso', checked);
  await idle();
  expect(fs.readFileSync(path.join(dir, 'files', 'b.iso'), 'utf8')).toBe('b');
});
