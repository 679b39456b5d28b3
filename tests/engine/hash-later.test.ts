// The SHA-256 of finished files: told once it is known, computed after `done`, over restarts, and never of something else.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BackgroundHash } from '../../main/download/disk/hashing.ts';
import { Engine, type Hasher, type Signal } from '../../main/engine/engine.ts';
import type { Task } from '../../shared/protocol.ts';
import { tempDir } from '../support/temp-dir.ts';
import { fakeWorkers, type FakeWorker } from './fake-worker.ts';

const URL_A = 'http://a.test/one.bin';
const BYTES = Buffer.from('what the server sent');
const SHA256 = createHash('sha256').update(BYTES).digest('hex');

let dir: string;
let signals: Signal[];
const engines: Engine[] = [];

beforeEach(() => {
  dir = tempDir();
  signals = [];
});
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
});

/** A worker that finishes each task with the bytes, at once. */
function finishing(bytes = BYTES) {
  return fakeWorkers((worker: FakeWorker, task: Task) => {
    fs.writeFileSync(task.targetPath, bytes);
    const { targetPath, checksum } = task;
    const sha256 = checksum?.algorithm === 'sha256' ? (checksum.hex ?? null) : null;
    worker.settle(task, { kind: 'done', path: targetPath, sizeBytes: bytes.length, sha256, verified: false });
  });
}

function start(hasher: Hasher, spawnWorker = finishing().spawn, hash = true): Engine {
  const overrides = { workers: 1, dir: path.join(dir, 'files'), hash };
  const engine = new Engine({ dataDir: path.join(dir, 'data'), spawnWorker, overrides, hasher });
  engines.push(engine);
  engine.onSignal((signal) => signals.push(signal));
  engine.start();
  return engine;
}

/** Holds every file until it is told to go on; what it is at breaks off when it is closed. */
function heldHasher() {
  const asked: string[] = [];
  let open: { resolve: (hex: string) => void; reject: (error: Error) => void }[] = [];
  return {
    asked,
    /** Ends what it is at as a real one would. */
    release: (hex = SHA256) => open.splice(0).forEach(({ resolve }) => resolve(hex)),
    hashFile(file: string) {
      asked.push(file);
      return new Promise<string>((resolve, reject) => open.push({ resolve, reject }));
    },
    close() {
      for (const { reject } of open) reject(new Error('closed'));
      open = [];
      return Promise.resolve();
    },
  };
}

const add = (engine: Engine, ...urls: string[]) =>
  engine.adding.add(
    urls.map((url) => ({ url })),
    { producer: 'test' },
  );
const doneSignals = () => signals.filter((signal) => signal.event === 'done');
const detail = (engine: Engine, id: number) => engine.view.detail(id)!;

test('a finished file is done at once and has its SHA-256 a little later, in the detail and in the event log', async () => {
  const hasher = new BackgroundHash(new URL('../../main/hash-thread.ts', import.meta.url));
  const engine = start(hasher);
  const [id] = await add(engine, URL_A);
  // The thread gives way to everything else, so on a busy machine it comes when it comes.
  await vi.waitFor(() => expect(doneSignals()).toMatchObject([{ id, sha256: SHA256 }]), 15_000);
  expect(detail(engine, id!)).toMatchObject({ sha256: SHA256, row: { status: 'done' } });
  expect(detail(engine, id!).events.map(({ kind }) => kind)).toEqual(['started', 'done', 'hashed']);
  await vi.waitFor(() => expect(engine.idle).toBe(true));
});

test('the next download begins while the hash of the last one is being computed', async () => {
  const hasher = heldHasher();
  const engine = start(hasher);
  const [first] = await add(engine, URL_A);
  await vi.waitFor(() => expect(hasher.asked).toHaveLength(1));
  expect(detail(engine, first!)).toMatchObject({ sha256: null, row: { status: 'done' } });
  const [second] = await add(engine, 'http://a.test/two.bin');
  await vi.waitFor(() => expect(detail(engine, second!).row.status).toBe('done'));
  expect(doneSignals()).toEqual([]);
  expect(engine.idle).toBe(false);
  hasher.release();
  await vi.waitFor(() => expect(hasher.asked).toHaveLength(2));
  hasher.release();
  await vi.waitFor(() => expect(doneSignals()).toHaveLength(2));
});

test('what was cut short goes on with the next start', async () => {
  const held = heldHasher();
  const engine = start(held);
  const [id] = await add(engine, URL_A);
  await vi.waitFor(() => expect(held.asked).toHaveLength(1));
  await engine.close();
  expect(doneSignals()).toEqual([]);
  const hasher = heldHasher();
  const again = start(hasher);
  expect(again.tellsLater(id!)).toBe(true);
  await vi.waitFor(() => expect(hasher.asked).toEqual([path.join(dir, 'files', 'one.bin')]));
  hasher.release();
  await vi.waitFor(() => expect(detail(again, id!).sha256).toBe(SHA256));
  expect(doneSignals()).toMatchObject([{ id, url: URL_A, sizeBytes: BYTES.length, sha256: SHA256 }]);
});

test.each([
  ['vanishes', (file: string) => fs.rmSync(file)],
  ['grows', (file: string) => fs.appendFileSync(file, 'more')],
  ['is written to', (file: string) => fs.utimesSync(file, new Date(), new Date(Date.now() + 60_000))],
  ['is replaced', (file: string) => (fs.renameSync(file, `${file}.old`), fs.writeFileSync(file, BYTES))],
])('a file that %s while it is hashed gets none, and is told of without', async (_, change) => {
  const hasher = heldHasher();
  const engine = start(hasher);
  const [id] = await add(engine, URL_A);
  await vi.waitFor(() => expect(hasher.asked).toHaveLength(1));
  change(hasher.asked[0]!);
  hasher.release();
  await vi.waitFor(() => expect(doneSignals()).toMatchObject([{ id, sha256: null }]));
  expect(detail(engine, id!).sha256).toBeNull();
  await vi.waitFor(() => expect(engine.idle).toBe(true));
});

test('a file that was changed before its turn came is not hashed at all', async () => {
  const held = heldHasher();
  const engine = start(held);
  await add(engine, URL_A);
  await vi.waitFor(() => expect(held.asked).toHaveLength(1));
  await engine.close();
  const later = new Date(Date.now() + 3_600_000);
  fs.utimesSync(held.asked[0]!, later, later);
  const hasher = heldHasher();
  const again = start(hasher);
  await vi.waitFor(() => expect(doneSignals()).toMatchObject([{ sha256: null }]));
  expect(hasher.asked).toEqual([]);
  expect(again.idle).toBe(true);
});

test('switched off it breaks off and tells what it held back; switched on again it goes on', async () => {
  const hasher = heldHasher();
  const engine = start(hasher);
  const [id] = await add(engine, URL_A);
  await vi.waitFor(() => expect(hasher.asked).toHaveLength(1));
  await engine.handlers.changeSettings({ hash: false });
  expect(doneSignals()).toMatchObject([{ id, sha256: null }]);
  await vi.waitFor(() => expect(engine.idle).toBe(true));
  await engine.handlers.changeSettings({ hash: true });
  await vi.waitFor(() => expect(hasher.asked).toHaveLength(2));
  hasher.release();
  await vi.waitFor(() => expect(detail(engine, id!).sha256).toBe(SHA256));
});

test('nothing is hashed when nobody wants it, nor what came with its SHA-256', async () => {
  const hasher = heldHasher();
  const unwanting = start(hasher, finishing().spawn, false);
  await add(unwanting, URL_A);
  await vi.waitFor(() => expect(doneSignals()).toMatchObject([{ sha256: null }]));
  await unwanting.close();
  const engine = start(hasher);
  const checksum = { algorithm: 'sha256', hex: SHA256 } as const;
  await engine.adding.add([{ url: 'http://a.test/two.bin', checksum }], { producer: 'test' });
  await vi.waitFor(() => expect(doneSignals()).toHaveLength(2));
  expect(doneSignals()[1]).toMatchObject({ sha256: SHA256 });
  expect(hasher.asked).toEqual([]);
});

test('one that is removed from the list is let go at once, and the next one has its turn', async () => {
  const hasher = heldHasher();
  const engine = start(hasher);
  const ids = await add(engine, URL_A, 'http://a.test/two.bin');
  await vi.waitFor(() => expect(hasher.asked).toHaveLength(1));
  await engine.handlers.remove({ which: { ids: [ids[0]!] }, deleteFiles: true });
  await vi.waitFor(() => expect(hasher.asked).toHaveLength(2));
  hasher.release();
  await vi.waitFor(() => expect(detail(engine, ids[1]!).sha256).toBe(SHA256));
});

test('one that is downloaded anew does not get the hash of what it was before', async () => {
  const hasher = heldHasher();
  const engine = start(hasher);
  const [id] = await add(engine, URL_A);
  await vi.waitFor(() => expect(hasher.asked).toHaveLength(1));
  fs.rmSync(hasher.asked[0]!);
  await engine.handlers.redownload({ ids: [id!] });
  await vi.waitFor(() => expect(hasher.asked).toHaveLength(2));
  hasher.release('b'.repeat(64));
  await vi.waitFor(() => expect(detail(engine, id!).sha256).toBe('b'.repeat(64)));
});

test('who waits until nothing is left hears of it, also where the thread takes its time to end', async () => {
  const hasher = heldHasher();
  let ended = (): void => {};
  const engine = start({
    ...hasher,
    close: () => new Promise((resolve) => (ended = resolve)),
  });
  await add(engine, URL_A);
  await vi.waitFor(() => expect(hasher.asked).toHaveLength(1));
  hasher.release();
  await vi.waitFor(() => expect(doneSignals()).toHaveLength(1));
  // What was going to be told anyhow is told by then.
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(engine.idle).toBe(false);
  const heard = new Promise<boolean>((resolve) => engine.onEvent(() => resolve(engine.idle)));
  ended();
  expect(await heard).toBe(true);
});

test('a list that cannot be written ends no program: what is done is told of without its hash, and the next start has it', async () => {
  const hasher = heldHasher();
  const engine = start(hasher);
  const [id] = await add(engine, URL_A);
  await vi.waitFor(() => expect(hasher.asked).toHaveLength(1));
  const db = new Database(path.join(dir, 'data', 'sluice.db'));
  db.exec('ALTER TABLE events RENAME TO gone');
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
  hasher.release();
  expect((await warned).message).toContain('no such table');
  expect(doneSignals()).toMatchObject([{ id, sha256: null }]);
  await vi.waitFor(() => expect(engine.idle).toBe(true));
  db.exec('ALTER TABLE gone RENAME TO events');
  db.close();
  await engine.close();
  const again = start(hasher);
  await vi.waitFor(() => expect(hasher.asked).toHaveLength(2));
  hasher.release();
  await vi.waitFor(() => expect(detail(again, id!).sha256).toBe(SHA256));
});
