// Unfinished files: which of their bytes count, who brought them, and when their part files go.
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { expect, test, vi } from 'vitest';
import type { Extent } from '../../shared/download.ts';
import type { Outcome, Task } from '../../shared/protocol.ts';
import { add, call, committedExtents, dir, rows, start, stop, validators as validatorsOf } from './engine-for-test.ts';
import { doneOf, fakeWorkers } from './fake-worker.ts';

const validators = validatorsOf('http://a.test/file');

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

test.each<[status: string, outcome: (task: Task) => Outcome]>([
  ['done', (task) => doneOf(task, 100)],
  ['failed', () => ({ kind: 'failed', failure: { code: 'internal', message: '', retry: 'by-hand' }, extents: [] })],
])('what the first answer said is kept of one that is %s in the same turn', async (status, outcome) => {
  const { spawn } = endingWith(outcome);
  const engine = start(spawn);
  const [id] = await add(engine, 'http://a.test/file');
  await vi.waitFor(async () => expect(await rows(engine)).toMatchObject([{ status, sizeBytes: 100 }]));
  expect((await call(engine, 'detail', { id: id! }))?.validators).toEqual(validators);
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
