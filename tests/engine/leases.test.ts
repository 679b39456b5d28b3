// Leases: what becomes of them with their workers, and the places at hosts that they take.
import { expect, test, vi } from 'vitest';
import type { Extent } from '../../shared/download.ts';
import { add, call, rows, start, statuses, stop } from './engine-for-test.ts';
import { doneOf, fakeWorkers } from './fake-worker.ts';

test('a host that refused connections gets fewer, and one more each minute', async () => {
  const { spawn, workers } = fakeWorkers();
  let now = Date.now();
  const engine = start(spawn, { parallel: 8 }, () => now);
  await add(engine, 'http://a.test/1');
  await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(1));
  workers[0]!.send({ kind: 'host-cap', host: 'a.test', connections: 1 });
  await add(engine, 'http://a.test/2', 'http://b.test/3');
  await vi.waitFor(() => expect(workers.flatMap(({ tasks }) => tasks)).toHaveLength(2));
  expect(await statuses(engine)).toEqual(['running', 'queued', 'running']);
  workers[0]!.settle(workers[0]!.tasks[0]!, doneOf(workers[0]!.tasks[0]!));
  await vi.waitFor(async () => expect(await statuses(engine)).toEqual(['done', 'running', 'running']));
  await add(engine, 'http://a.test/4');
  expect(await statuses(engine)).toEqual(['done', 'running', 'running', 'queued']);
  now += 61_000;
  await add(engine, 'http://c.test/5');
  await vi.waitFor(async () => expect((await statuses(engine)).slice(2)).toEqual(['running', 'running', 'running']));
});

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

test('what a dead worker held goes on from its last durable byte, in another process', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn);
  const [id] = await add(engine, 'http://a.test/big.iso');
  await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(1));
  const extents: Extent[] = [[0, 4096]];
  workers[0]!.send({ kind: 'saved', id: id!, epoch: 1, extents });
  await vi.waitFor(async () => expect((await rows(engine))[0]!.segments).toEqual(extents));
  workers[0]!.crash();
  await vi.waitFor(() => expect(workers[1]?.tasks).toHaveLength(1), 3000);
  expect(workers[1]!.tasks[0]).toMatchObject({ id, epoch: 2, extents });
  const detail = await call(engine, 'detail', { id: id! });
  const lost = detail!.events.find(({ kind }) => kind === 'worker-lost');
  expect(lost?.detail).toMatchObject({ worker: 1, why: 'ended-itself' });
});

test('a result that arrived before its worker died counts', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn);
  await add(engine, 'http://a.test/a');
  await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(1));
  workers[0]!.settle(workers[0]!.tasks[0]!, doneOf(workers[0]!.tasks[0]!));
  workers[0]!.crash();
  await vi.waitFor(async () => expect(await statuses(engine)).toEqual(['done']));
});

test('a late result of an old lease is refused', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn, { workers: 2, parallel: 2 });
  const [id] = await add(engine, 'http://a.test/a', 'http://a.test/b');
  await vi.waitFor(() => expect(workers.flatMap(({ tasks }) => tasks)).toHaveLength(2));
  const holder = workers.find(({ tasks }) => tasks[0]?.id === id)!;
  const other = workers.find((worker) => worker !== holder)!;
  other.send({ kind: 'result', id: id!, epoch: 1, outcome: doneOf(holder.tasks[0]!) });
  holder.send({ kind: 'result', id: id!, epoch: 7, outcome: doneOf(holder.tasks[0]!) });
  await call(engine, 'pause', { ids: [id!] });
  await vi.waitFor(() => expect(holder.cancelled).toEqual([id]));
  expect(await statuses(engine)).toEqual(['paused', 'running']);
});

test('a download that takes three workers down with it fails and the others go on', async () => {
  const { spawn } = fakeWorkers((worker, task) => {
    if (task.url.endsWith('poison')) worker.crash();
    else worker.settle(task, doneOf(task));
  });
  const engine = start(spawn);
  await add(engine, 'http://a.test/poison', 'http://a.test/good');
  await vi.waitFor(async () => expect(await statuses(engine)).toEqual(['failed', 'done']), 5000);
  expect((await rows(engine))[0]!.failure).toMatchObject({ code: 'worker-crashed' });
});

test('the locks of a worker that dies are free', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn);
  await add(engine, 'http://a.test/one.zip', 'http://a.test/two.zip');
  const holders = () => engine.view.traffic(0).locks.map(({ holder }) => holder);
  await vi.waitFor(() => expect(holders()).toEqual(['worker 1', 'worker 1']));
  workers[0]!.crash();
  await vi.waitFor(() => expect(holders()).toEqual(['worker 2', 'worker 2']));
});

test('the places of a host are held by workers, waited for by others, and free when their holder dies', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn, { parallel: 4, connectionsPerHost: 2, connectionsPerDownload: 1 });
  await add(engine, ...[1, 2, 3, 4, 5].map((n) => `http://a.test/${n}.zip`), 'http://b.test/6.zip');
  const hosts = () => engine.view.traffic(0).hosts;
  await vi.waitFor(() => expect(workers[0]?.tasks).toHaveLength(3));
  expect(hosts()).toEqual([
    { host: 'a.test', used: 2, places: 2, holders: ['worker 1'], waiters: 3 },
    { host: 'b.test', used: 1, places: 2, holders: ['worker 1'], waiters: 0 },
  ]);
  workers[0]!.crash();
  await vi.waitFor(() => expect(workers[1]?.tasks).toHaveLength(3));
  expect(hosts()[0]).toEqual({ host: 'a.test', used: 2, places: 2, holders: ['worker 2'], waiters: 3 });
  for (const task of workers[1]!.tasks.slice(0, 2)) workers[1]!.settle(task, doneOf(task));
  await vi.waitFor(() => expect(hosts()[0]?.waiters).toBe(1));
});

test('the connections to mirrors are counted where they go', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn, { parallel: 4, connectionsPerHost: 10, connectionsPerDownload: 8 });
  const mirrors = ['http://m.test/f', 'http://m.test/g', 'http://a.test/again'];
  await call(engine, 'add', { downloads: [{ url: 'http://a.test/1.zip', mirrors }] });
  await vi.waitFor(() => expect(workers[0]?.tasks).toHaveLength(1));
  await call(engine, 'add', { downloads: [{ url: 'http://b.test/2.zip', mirrors }] });
  await vi.waitFor(() => expect(workers[0]?.tasks).toHaveLength(2));
  await add(engine, 'http://m.test/3.zip', 'http://c.test/4.zip');
  await vi.waitFor(() => expect(workers[0]?.tasks).toHaveLength(3));
  expect(workers[0]!.tasks.map(({ url, mirrorConnections }) => [url, mirrorConnections])).toEqual([
    ['http://a.test/1.zip', { 'm.test': 8 }],
    ['http://b.test/2.zip', { 'm.test': 2, 'a.test': 2 }],
    // Nothing is left at m.test until one of the others is done.
    ['http://c.test/4.zip', undefined],
  ]);
  expect(engine.view.traffic(0).hosts.find(({ host }) => host === 'm.test')).toMatchObject({ used: 10, waiters: 1 });
  workers[0]!.settle(workers[0]!.tasks[0]!, doneOf(workers[0]!.tasks[0]!));
  await vi.waitFor(() =>
    expect(workers[0]!.tasks.at(-1)).toMatchObject({ url: 'http://m.test/3.zip', connections: 8 }),
  );
});

test('a running download makes room for another of its host, and gets back what that leaves', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn, { parallel: 2, connectionsPerHost: 8, connectionsPerDownload: 8 });
  const tells = (id: number, connections: number): void => {
    const downloads = [{ id, epoch: 1, receivedBytes: 1, bytesPerS: 1, connections }];
    workers[0]!.send({ kind: 'progress', downloads });
    // As a worker does while bytes come: each gives the engine a turn.
    workers[0]!.send({ kind: 'saved', id, epoch: 1, extents: [[0, 1]] });
  };
  const [first] = (await add(engine, 'http://a.test/one.zip')) as [number];
  await vi.waitFor(() => expect(workers[0]?.tasks.map(({ connections }) => connections)).toEqual([8]));
  tells(first, 8);
  const [second] = (await add(engine, 'http://a.test/two.zip')) as [number];
  await vi.waitFor(
    () => {
      tells(first, 8);
      expect(workers[0]!.granted).toEqual([{ id: first, connections: 4 }]);
    },
    { timeout: 5000 },
  );
  // Not before the connections are closed.
  expect(workers[0]!.tasks).toHaveLength(1);
  tells(first, 4);
  await vi.waitFor(() => expect(workers[0]!.tasks.map(({ connections }) => connections)).toEqual([8, 4]));

  const task = workers[0]!.tasks[1]!;
  expect(task.id).toBe(second);
  workers[0]!.settle(task, doneOf(task));
  await vi.waitFor(
    () => {
      tells(first, 4);
      expect(workers[0]!.granted.at(-1)).toEqual({ id: first, connections: 8 });
    },
    { timeout: 5000 },
  );
});
