// Tasks that wait in the worker for the place of one that ends.
import { expect, test } from 'vitest';
import type { FromWorker } from '../../shared/protocol.ts';
import { startBench } from '../support/lease.ts';
import { contentBytes, seededContent } from '../support/origin.ts';
import { originForTest } from '../support/start.ts';

const SIZE = 20_000;

const resultsOf = (messages: readonly FromWorker[]) => messages.filter((message) => message.kind === 'result');

test('each begins when another of its host is done, and the result says so', async () => {
  const server = await originForTest();
  for (const path of ['/1', '/2', '/3']) server.serve(path, { sizeBytes: SIZE });
  const bench = startBench({ ahead: 2 });
  const first = bench.download(server.url('/1'), { id: 1, connections: 1 });
  const later = [2, 3].map((id) => bench.ahead(server.url(`/${id}`), { id }));
  for (const outcome of [await first, ...(await Promise.all(later))]) {
    expect(bench.read(outcome).equals(contentBytes(seededContent(SIZE)))).toBe(true);
  }
  expect(resultsOf(bench.messages).map(({ id, next }) => [id, next?.id])).toEqual([
    [1, 2],
    [2, 3],
    [3, undefined],
  ]);
  const asked = ['/1', '/2', '/3'].map((path) => server.requests(path)[0]!.at);
  expect(asked).toEqual([...asked].sort((a, b) => a - b));
});

test('one of another host waits on, and goes back unspent when it has waited long enough', async () => {
  const server = await originForTest();
  for (const path of ['/1', '/2']) server.serve(path, { sizeBytes: SIZE });
  const bench = startBench({ ahead: 2, aheadWaitMs: 50 });
  const first = bench.download(server.url('/1'), { id: 1 });
  const other = bench.ahead(server.url('/2', 'localhost'), { id: 2, extents: [[0, 7]] });
  expect(await other).toEqual({ kind: 'released', extents: [[0, 7]] });
  expect((await first).kind).toBe('done');
  expect(server.requests('/2')).toEqual([]);
});

test('a cancel reaches one that waits, before it has asked for anything', async () => {
  const server = await originForTest();
  server.serve('/1', { sizeBytes: 8_000_000, bytesPerS: 4_000_000 });
  server.serve('/2', { sizeBytes: SIZE });
  const bench = startBench({ ahead: 2 });
  const first = bench.download(server.url('/1'), { id: 1 });
  const second = bench.ahead(server.url('/2'), { id: 2 });
  await server.requested('/1');
  bench.send({ kind: 'cancel', id: 2, epoch: 1 });
  expect(await second).toEqual({ kind: 'released', extents: [] });
  bench.send({ kind: 'cancel', id: 1, epoch: 1 });
  expect((await first).kind).toBe('released');
  expect(server.requests('/2')).toEqual([]);
});

test('one that is not done leaves its place to nobody', async () => {
  const server = await originForTest();
  server.serve('/1', { status: 404 });
  server.serve('/2', { sizeBytes: SIZE });
  const bench = startBench({ ahead: 1 });
  const first = bench.download(server.url('/1'), { id: 1 });
  const second = bench.ahead(server.url('/2'), { id: 2 });
  expect((await first).kind).toBe('failed');
  await bench.stop();
  expect(await second).toEqual({ kind: 'released', extents: [] });
  expect(server.requests('/2')).toEqual([]);
});

test('the next one has as many connections as the one before it had at its end', async () => {
  const server = await originForTest();
  server.serve('/1', { sizeBytes: 2_000_000, bytesPerS: 8_000_000 });
  server.serve('/2', { sizeBytes: 24_000_000, bytesPerS: 3_000_000 });
  const bench = startBench({ ahead: 1, aheadWaitMs: 60_000 });
  const first = bench.download(server.url('/1'), { id: 1, connections: 1 });
  const second = bench.ahead(server.url('/2'), { id: 2 });
  await server.requested('/1');
  bench.send({ kind: 'connections', id: 1, epoch: 1, connections: 4 });
  expect((await first).kind).toBe('done');
  expect(resultsOf(bench.messages)[0]?.next).toEqual({ id: 2, epoch: 1, connections: 4 });
  await server.requested('/2', 4);
  bench.send({ kind: 'cancel', id: 2, epoch: 1 });
  expect((await second).kind).toBe('released');
});
