import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { answer } from '../../shared/answer.ts';
import { calls, type CallArg, type CallName, type CallResult } from '../../shared/api.ts';
import type { Extent, Validators } from '../../shared/download.ts';
import type { Outcome, Task } from '../../shared/protocol.ts';
import { Engine, type EngineOptions } from '../../main/engine/engine.ts';
import { Store } from '../../main/engine/store/store.ts';
import { tempDir } from '../support/temp-dir.ts';
import { doneOf, fakeWorkers } from './fake-worker.ts';

let dir: string;
let nowMs: number;
const engines: Engine[] = [];

beforeEach(() => {
  dir = tempDir();
  nowMs = Date.parse('2026-01-10T12:00:00Z');
});
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
});

function start(spawnWorker: EngineOptions['spawnWorker']): Engine {
  const overrides = { workers: 1, dir: path.join(dir, 'files') };
  const engine = new Engine({ dataDir: path.join(dir, 'data'), spawnWorker, overrides, now: () => nowMs });
  engines.push(engine);
  engine.start();
  return engine;
}

async function stop(engine: Engine): Promise<void> {
  engines.splice(engines.indexOf(engine), 1);
  await engine.close();
}

async function call<N extends CallName>(engine: Engine, name: N, arg: CallArg<N>): Promise<CallResult<N>> {
  const result = await answer(calls, engine.handlers, name, arg);
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
  return result.value as CallResult<N>;
}

const add = async (engine: Engine, ...urls: string[]) =>
  (await call(engine, 'add', { downloads: urls.map((url) => ({ url })) })).ids;
const rows = async (engine: Engine) => (await call(engine, 'list', { query: {}, offset: 0, limit: 100 })).rows;

const urls = async (engine: Engine) => (await rows(engine)).map(({ url }) => url);

const validators: Validators = {
  etag: '"a"',
  lastModified: null,
  date: null,
  totalBytes: 100,
  finalUrl: 'http://a.test/file',
  contentType: null,
  ranges: true,
};

/** Bytes told as saved and the outcome right after, so that both are in one turn. */
function endingWith(outcome: (task: Parameters<typeof doneOf>[0]) => Outcome) {
  return fakeWorkers((worker, task) => {
    if (worker.tasks.length > 1) return;
    const lease = { id: task.id, epoch: task.epoch };
    worker.send({ kind: 'probed', ...lease, validators, contentDisposition: null });
    worker.send({ kind: 'saved', ...lease, extents: [[0, 60]] as Extent[] });
    worker.settle(task, outcome(task));
  });
}

test('bytes of a file with a wrong checksum are not claimed any more, though they were a moment before', async () => {
  const failure = { code: 'wrong-checksum', message: 'wrong', retry: 'by-hand' } as const;
  const { spawn } = endingWith(() => ({ kind: 'failed', failure, extents: [] }));
  const engine = start(spawn);
  await add(engine, 'http://a.test/file');
  await vi.waitFor(async () => expect(await rows(engine)).toMatchObject([{ status: 'failed', doneBytes: 0 }]));
});

test('a finished download has all its bytes, whatever was told just before the end', async () => {
  const { spawn } = endingWith((task) => doneOf(task, 100));
  const engine = start(spawn);
  await add(engine, 'http://a.test/file');
  await vi.waitFor(async () => expect(await rows(engine)).toMatchObject([{ status: 'done', doneBytes: 100 }]));
});

/** Done, with the part file's own name still there. */
function doneWithPart() {
  return fakeWorkers((worker, task) => {
    fs.mkdirSync(path.dirname(task.partPath), { recursive: true });
    fs.writeFileSync(task.partPath, 'x');
    worker.settle(task, doneOf(task, 1));
  });
}

test('the part file of what is done goes, though the worker died before it took it away', async () => {
  const { spawn, workers } = doneWithPart();
  const engine = start(spawn);
  await add(engine, 'http://a.test/file');
  await vi.waitFor(async () => expect(await rows(engine)).toMatchObject([{ status: 'done' }]));
  workers[0]!.crash();
  await vi.waitFor(() => expect(fs.existsSync(workers[0]!.tasks[0]!.partPath)).toBe(false));
});

test('the part file of what is done goes at the next start, though the engine ended in good order', async () => {
  const { spawn, workers } = doneWithPart();
  const engine = start(spawn);
  await add(engine, 'http://a.test/file');
  await vi.waitFor(async () => expect(await rows(engine)).toMatchObject([{ status: 'done' }]));
  await stop(engine);
  const { partPath } = workers[0]!.tasks[0]!;
  expect(fs.existsSync(partPath)).toBe(true);
  start(doneWithPart().spawn);
  expect(fs.existsSync(partPath)).toBe(false);
});

test('a worker takes a part file away only once it is written down that the file is done', async () => {
  const { spawn, workers } = fakeWorkers((worker, task) => worker.settle(task, doneOf(task)));
  const engine = start(spawn);
  const [id] = await add(engine, 'http://a.test/file');
  await vi.waitFor(() => expect(workers[0]?.settled).toEqual([id]));
  const db = new Database(path.join(dir, 'data', 'sluice.db'), { readonly: true });
  expect(db.prepare('SELECT status FROM downloads').pluck().get()).toBe('done');
  db.close();
});

test('what does not fit on the disk beside the others that run waits, and says so', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn);
  const { freeBytes } = await call(engine, 'room', { dir: path.join(dir, 'files') });
  await add(engine, 'http://a.test/one.bin');
  // Another folder of the same disk.
  await call(engine, 'add', { downloads: [{ url: 'http://b.test/two.bin' }], dir: path.join(dir, 'others') });
  await vi.waitFor(() => expect(workers[0]?.tasks).toHaveLength(2));
  const [one, two] = workers[0]!.tasks as [Task, Task];
  const probe = ({ id, epoch, url }: Task, totalBytes: number) =>
    workers[0]!.send({
      kind: 'probed',
      ...{ id, epoch, contentDisposition: null, validators: { ...validators, finalUrl: url, totalBytes } },
    });
  // Each of them would fit alone.
  const size = Math.floor(freeBytes! * 0.6);
  probe(one, size);
  await vi.waitFor(async () => expect((await rows(engine))[0]).toMatchObject({ sizeBytes: size, status: 'running' }));
  expect(workers[0]!.cancelled).toEqual([]);
  probe(two, size);
  await vi.waitFor(async () =>
    expect(await rows(engine)).toMatchObject([
      { status: 'running' },
      { status: 'paused', failure: { code: 'disk-full', retry: 'when-possible' } },
    ]),
  );
  const [, waiting] = await rows(engine);
  expect(waiting!.failure!.message).toContain(String(size));
});

test('who brought which bytes is known to whoever goes on, after a pause, a crash and a restart', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn);
  const [id] = (
    await call(engine, 'add', { downloads: [{ url: 'http://a.test/file', mirrors: ['http://b.test/file'] }] })
  ).ids;
  const next = async (count: number) => {
    const tasks = () => workers.flatMap((worker) => worker.tasks);
    await vi.waitFor(() => expect(tasks()).toHaveLength(count));
    return tasks().at(-1)!;
  };
  const saves = ({ epoch }: Task, extents: Extent[]) => {
    const brought = extents.map(([from, to], index) => [index, from, to] as [number, number, number]);
    workers.at(-1)!.send({ kind: 'saved', id: id!, epoch, extents, brought });
    return brought;
  };
  const first = await next(1);
  expect(first.brought).toBeUndefined();
  let brought = saves(first, [[0, 10]]);
  await vi.waitFor(() => expect(committedExtents()).toEqual([[0, 10]]));
  workers[0]!.crash();
  const second = await next(2);
  expect(second.brought).toEqual(brought);
  // Told in the same moment as the end.
  brought = saves(second, [
    [0, 10],
    [20, 30],
  ]);
  const { epoch } = second;
  const extents = second.extents;
  workers.at(-1)!.send({ kind: 'result', id: id!, epoch, outcome: { kind: 'released', extents } });
  workers.at(-1)!.send({ kind: 'get', count: 1 });
  expect((await next(3)).brought).toEqual(brought);
  await stop(engine);
  start(spawn);
  expect((await next(4)).brought).toEqual(brought);
});

test.each<[string, boolean, (part: string) => void]>([
  ['is as it was left', true, () => {}],
  ['has a time that was rounded', true, (part) => shiftTime(part, 2)],
  [
    'was overwritten, though it is as long as before',
    false,
    (part) => (fs.writeFileSync(part, 'y'.repeat(60)), shiftTime(part, 10)),
  ],
  ['was put back as it was on another day', false, (part) => shiftTime(part, -86_400)],
])('an unfinished file that %s while nobody fetched it counts: %s', async (_, counts, act) => {
  const extents: Extent[] = [[0, 60]];
  const { spawn, workers } = fakeWorkers((worker, task) => {
    if (workers.flatMap(({ tasks }) => tasks).length > 1) return;
    fs.writeFileSync(task.partPath, 'x'.repeat(60));
    const lease = { id: task.id, epoch: task.epoch };
    worker.send({ kind: 'probed', ...lease, validators, contentDisposition: null });
    const failure = { code: 'reset', message: 'broke off', retry: 'soon' } as const;
    worker.settle(task, { kind: 'failed', failure, extents });
  });
  const engine = start(spawn);
  const [id] = await add(engine, 'http://a.test/file');
  await vi.waitFor(async () => expect(await rows(engine)).toMatchObject([{ status: 'failed', doneBytes: 60 }]));
  await stop(engine);
  const note = path.join(dir, 'data', 'parts', String(id));
  fs.mkdirSync(path.dirname(note), { recursive: true });
  fs.writeFileSync(note, 'what a worker noted');
  act(workers[0]!.tasks[0]!.partPath);
  const again = start(spawn);
  await call(again, 'retry', { ids: [id!] });
  await vi.waitFor(() => expect(workers.flatMap(({ tasks }) => tasks)).toHaveLength(2));
  expect(workers.flatMap(({ tasks }) => tasks)[1]!.extents).toEqual(counts ? extents : []);
  expect(fs.existsSync(note)).toBe(counts);
  const kinds = again.view.detail(id!)!.events.map(({ kind }) => kind);
  expect(kinds.includes('part-file-lost')).toBe(!counts);
});

/** As if so many seconds had passed before it was written to last. */
function shiftTime(file: string, seconds: number): void {
  const at = fs.statSync(file).mtimeMs / 1000 + seconds;
  fs.utimesSync(file, at, at);
}

test('how many connections a host takes is remembered over a restart', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn);
  await add(engine, 'http://a.test/1');
  await vi.waitFor(() => expect(workers[0]?.tasks).toHaveLength(1));
  workers[0]!.send({ kind: 'host-cap', host: 'a.test', connections: 3 });
  workers[0]!.settle(workers[0]!.tasks[0]!, doneOf(workers[0]!.tasks[0]!));
  await vi.waitFor(async () => expect(await rows(engine)).toMatchObject([{ status: 'done' }]));
  await stop(engine);
  const again = start(spawn);
  await add(again, 'http://a.test/2');
  await vi.waitFor(() => expect(workers.at(-1)!.tasks.at(-1)?.url).toBe('http://a.test/2'));
  expect(workers.at(-1)!.tasks.at(-1)!.connections).toBe(3);
});

test('a clock that jumps back or ahead starts what is queued, and keeps the list and its backups', async () => {
  const day = 24 * 3_600_000;
  const { spawn } = fakeWorkers((worker, task) => worker.settle(task, doneOf(task)));
  for (const [n, jump] of [0, -400 * day, 800 * day, -800 * day].entries()) {
    nowMs += jump;
    const engine = start(spawn);
    await add(engine, `http://a.test/${n}`);
    await vi.waitFor(async () =>
      expect(new Set((await rows(engine)).map(({ status }) => status))).toEqual(new Set(['done'])),
    );
    expect(await rows(engine)).toHaveLength(n + 1);
    await stop(engine);
  }
});

test('a clock that is set back while downloads run delays no commit', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn);
  const [id] = await add(engine, 'http://a.test/file');
  await vi.waitFor(() => expect(workers[0]?.tasks).toHaveLength(1));
  const lease = { id: id!, epoch: workers[0]!.tasks[0]!.epoch };
  workers[0]!.send({ kind: 'saved', ...lease, extents: [[0, 10]] });
  await vi.waitFor(() => expect(committedExtents()).toEqual([[0, 10]]));
  nowMs -= 3_600_000;
  workers[0]!.send({ kind: 'saved', ...lease, extents: [[0, 20]] });
  await vi.waitFor(() => expect(committedExtents()).toEqual([[0, 20]]));
});

/** What another process reads of the only download: what is committed. */
function committedExtents(): unknown {
  const db = new Database(path.join(dir, 'data', 'sluice.db'), { readonly: true });
  try {
    return JSON.parse(db.prepare('SELECT extents FROM downloads').pluck().get() as string);
  } finally {
    db.close();
  }
}

test('after the clock was set back, a backup made now counts as the newest', async () => {
  const { spawn } = fakeWorkers();
  const data = path.join(dir, 'data');
  const names = {
    fold: (name: string) => name,
    numbered: (name: string, n: number) => `${name}${n}`,
    isPlain: () => false,
    partName: String,
    category: String,
  };
  const ahead = new Store({ dir: data, names, now: nowMs });
  const far = nowMs + 1000 * 24 * 3_600_000;
  expect(ahead.backUp(far, 0)).toBe(true);
  for (const name of fs.readdirSync(path.join(data, 'backups')))
    fs.utimesSync(path.join(data, 'backups', name), far / 1000, far / 1000);
  ahead.close();
  const engine = start(spawn);
  await add(engine, 'http://a.test/kept');
  await stop(engine);
  const now = new Store({ dir: data, names, now: nowMs });
  expect(now.backUp(nowMs, 24 * 3_600_000)).toBe(true);
  now.close();
  fs.truncateSync(path.join(data, 'sluice.db'), 5000);
  expect(await urls(start(spawn))).toEqual(['http://a.test/kept']);
});

/** What else may have become of a list: the file with its mark is gone, or it is of a time before there were marks. */
const lists: [string, (data: string, part: string) => string][] = [
  ['as it was', (_, part) => part],
  ['without its mark', (data, part) => (fs.rmSync(path.join(data, 'mark')), part)],
  [
    'of an older Sluice',
    (data, part) => {
      const journal = path.join(data, 'added.jsonl');
      fs.writeFileSync(journal, fs.readFileSync(journal, 'utf8').replaceAll(/"mark":"[\da-f]{8}",/g, ''));
      return part.replace(/[\da-f]{8}-2\.sluice-part$/, '2.sluice-part');
    },
  ],
];

test.each(lists)('after a damaged database unfinished files are gone on with; the list %s', async (_, becomes) => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn);
  await add(engine, 'http://a.test/1.bin', 'http://a.test/2.bin');
  await vi.waitFor(() => expect(workers[0]?.tasks).toHaveLength(2));
  const before = workers[0]!.tasks[1]!;
  await stop(engine);
  const data = path.join(dir, 'data');
  const note = { boot: 'b', file: '1:2:3', dated: true, content: '["\\"a\\"",null,100]', extents: [[0, 60]] };
  fs.mkdirSync(path.join(data, 'parts'), { recursive: true });
  fs.writeFileSync(path.join(data, 'parts', '2'), `${JSON.stringify(note)}\n`);
  fs.writeFileSync(path.join(data, 'parts', '9'), `${JSON.stringify(note)}\n`);
  fs.truncateSync(path.join(data, 'sluice.db'), 5000);
  // A line of it is lost, too.
  const journal = path.join(data, 'added.jsonl');
  fs.writeFileSync(journal, fs.readFileSync(journal, 'utf8').split('\n').slice(1).join('\n'));
  const partPath = becomes(data, before.partPath);
  const again = start(spawn);
  await vi.waitFor(() => expect(workers.at(-1)!.tasks).toHaveLength(1));
  const { id, url } = before;
  expect(workers.at(-1)!.tasks[0]).toMatchObject({ id, url, partPath, validators: { etag: '"a"', totalBytes: 100 } });
  expect(again.view.totals().trouble).not.toBe(null);
});

test.each([true, false])(
  'after a damaged database what was finished since the backup is not fetched once more while its file is there; was there a backup: %s',
  async (hasBackup) => {
    const names = ['there.bin', 'gone.bin', 'cut.bin', 'touched.bin'];
    const { spawn, workers } = fakeWorkers();
    let engine = start(spawn);
    await add(engine, ...names.map((name) => `http://a.test/${name}`));
    if (hasBackup) {
      await stop(engine);
      nowMs += 2 * 24 * 3_600_000;
      engine = start(spawn);
    }
    await vi.waitFor(() => expect(workers.at(-1)?.tasks).toHaveLength(4));
    for (const task of workers.at(-1)!.tasks) {
      fs.mkdirSync(path.dirname(task.targetPath), { recursive: true });
      fs.writeFileSync(task.targetPath, 'x'.repeat(10));
      fs.utimesSync(task.targetPath, nowMs / 1000, nowMs / 1000);
      workers.at(-1)!.settle(task, doneOf(task));
    }
    await vi.waitFor(async () => expect((await rows(engine)).every(({ status }) => status === 'done')).toBe(true));
    await stop(engine);
    const file = (name: string) => path.join(dir, 'files', name);
    fs.rmSync(file('gone.bin'));
    fs.truncateSync(file('cut.bin'), 9);
    fs.utimesSync(file('cut.bin'), nowMs / 1000, nowMs / 1000);
    fs.utimesSync(file('touched.bin'), nowMs / 1000 + 60, nowMs / 1000 + 60);
    fs.truncateSync(path.join(dir, 'data', 'sluice.db'), 5000);
    const again = start(spawn);
    await vi.waitFor(() => expect(workers.at(-1)!.tasks).toHaveLength(3));
    const found = (await rows(again)).map(({ name, status, doneBytes }) => ({ name, status, doneBytes }));
    expect(found.filter(({ status }) => status === 'done')).toEqual([
      { name: 'there.bin', status: 'done', doneBytes: 10 },
    ]);
    // The list is backed up with what it has learnt.
    await stop(again);
    fs.truncateSync(path.join(dir, 'data', 'sluice.db'), 5000);
    expect((await rows(start(spawn))).filter(({ status }) => status === 'done')).toHaveLength(1);
  },
);

test('what was added is there again when the log of the database was taken away after a crash', async () => {
  const { spawn } = fakeWorkers();
  const engine = start(spawn);
  await add(engine, 'http://a.test/1', 'http://a.test/2');
  // A copy without the log, as it would be found after a kill.
  const data = path.join(dir, 'data');
  const kept = path.join(dir, 'kept');
  fs.mkdirSync(kept);
  for (const name of ['sluice.db', 'added.jsonl']) fs.copyFileSync(path.join(data, name), path.join(kept, name));
  await stop(engine);
  fs.rmSync(data, { recursive: true });
  fs.renameSync(kept, data);
  const again = start(spawn);
  expect((await urls(again)).sort()).toEqual(['http://a.test/1', 'http://a.test/2']);
  await call(again, 'remove', { which: { ids: (await rows(again)).map(({ id }) => id) }, deleteFiles: false });
  await stop(again);
  expect(await urls(start(spawn))).toEqual([]);
});

const damages: [string, (file: string) => void][] = [
  ['cut in half', (file) => fs.truncateSync(file, Math.floor(fs.statSync(file).size / 2))],
  ['cut within a page', (file) => fs.truncateSync(file, 5000)],
  ['emptied', (file) => fs.truncateSync(file, 0)],
  ['overwritten in the middle', (file) => scribble(file, Math.floor(fs.statSync(file).size / 2), 16_384)],
  ['overwritten at its head', (file) => scribble(file, 0, 100)],
  ['replaced by something else', (file) => fs.writeFileSync(file, 'not a database at all\n'.repeat(1000))],
  ['deleted', (file) => fs.rmSync(file)],
];

function scribble(file: string, start: number, length: number): void {
  const handle = fs.openSync(file, 'r+');
  fs.writeSync(handle, Buffer.alloc(length, 0xa5), 0, length, start);
  fs.closeSync(handle);
}

for (const [how, damage] of damages) {
  test(`no address is lost when the database was ${how}`, async () => {
    const { spawn } = fakeWorkers();
    const engine = start(spawn);
    const wanted = Array.from({ length: 200 }, (_, n) => `http://a.test/some/long/enough/path/${n}`);
    await add(engine, ...wanted);
    await stop(engine);
    const file = path.join(dir, 'data', 'sluice.db');
    expect(fs.statSync(file).size).toBeGreaterThan(16_384);
    damage(file);
    const damaged = fs.existsSync(file) ? fs.readFileSync(file) : null;
    const again = start(spawn);
    const found = (await call(again, 'list', { query: {}, offset: 0, limit: 500 })).rows.map(({ url }) => url);
    expect(found.sort()).toEqual(wanted.sort());
    // What is damaged is kept, for somebody who knows more.
    const kept = fs.readdirSync(path.join(dir, 'data')).filter((name) => name.startsWith('sluice.db.damaged-'));
    if (damaged && damaged.length > 0) {
      expect(kept.map((name) => fs.readFileSync(path.join(dir, 'data', name)).equals(damaged))).toContain(true);
    }
  });
}
