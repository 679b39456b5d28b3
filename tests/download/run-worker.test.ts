// What the engine can rely on from a worker.
import { readdirSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { runWorker } from '../../main/download/run-worker.ts';
import { memoryPorts } from '../../main/transport/memory.ts';
import { PROTOCOL } from '../../shared/protocol-number.ts';
import { contentBytes, seededContent, startOrigin, type Origin } from '../support/origin.ts';
import { startBench } from '../support/lease.ts';
import { livedClock } from '../support/lived.ts';

async function origin(): Promise<Origin> {
  const started = await startOrigin();
  onTestFinished(() => started.close());
  return started;
}

test('says hello and asks for tasks before anybody has answered, so that they are ready when it is', async () => {
  const [worker, engine] = memoryPorts();
  const left = runWorker(worker, { slots: 7 });
  const heard: unknown[] = [];
  engine.onMessage((message) => heard.push(message));
  engine.send({ kind: 'stop' });
  await left;
  expect(heard).toMatchObject([
    { kind: 'hello', protocol: PROTOCOL, slots: 7 },
    { kind: 'get', count: 7 },
  ]);
});

test('downloads a small file with one request, exactly', async () => {
  const server = await origin();
  server.serve('/a', { sizeBytes: 100_000 });
  const bench = startBench();
  const outcome = await bench.download(server.url('/a'));
  expect(bench.read(outcome).equals(contentBytes(seededContent(100_000)))).toBe(true);
  expect(server.requests('/a')).toHaveLength(1);
  await bench.stop();
  expect(readdirSync(bench.dir)).toEqual(['file-1']);
});

test('downloads a big file over several connections, exactly', async () => {
  const server = await origin();
  server.serve('/a', { sizeBytes: 40_000_000, bytesPerS: 20_000_000 });
  const bench = startBench();
  const outcome = await bench.download(server.url('/a'));
  expect(bench.read(outcome).equals(contentBytes(seededContent(40_000_000)))).toBe(true);
  expect(server.requests('/a').length).toBeGreaterThanOrEqual(4);
  expect(
    server
      .requests('/a')
      .filter((seen) => seen.headers['range'])
      .every((seen) => seen.headers['if-range']),
  ).toBe(true);
});

test('a cancelled download is released with all that had arrived, and resumes from there', async () => {
  const server = await origin();
  server.serve('/a', { sizeBytes: 8_000_000, bytesPerS: 4_000_000 });
  const bench = startBench();
  const first = bench.download(server.url('/a'), { id: 1, connections: 2 });
  await server.served('/a', 3_000_000);
  const livedMs = livedClock();
  bench.send({ kind: 'cancel', id: 1, epoch: 1 });
  const released = await first;
  expect(livedMs()).toBeLessThan(250);
  if (released.kind !== 'released') throw new Error(released.kind);
  expect(released.extents.reduce((sum, [start, end]) => sum + end - start, 0)).toBeGreaterThan(2_000_000);
  const { validators } = bench.of('probed')[0]!;
  const again = await bench.download(server.url('/a'), { id: 1, epoch: 2, extents: released.extents, validators });
  expect(bench.read(again).equals(contentBytes(seededContent(8_000_000)))).toBe(true);
  expect(server.bytesServed('/a')).toBeLessThan(8_000_000 * 1.5);
});

test('tells how its hashing threads stand, once it has some', async () => {
  const server = await origin();
  server.serve('/a', { sizeBytes: 100_000 });
  const bench = startBench({ hashThread: new URL('../../main/hash-thread.ts', import.meta.url) });
  await bench.until(({ kind }) => kind === 'vitals');
  expect(bench.of('vitals')[0]).not.toHaveProperty('threads');
  await bench.download(server.url('/a'), { hash: true });
  const told = await bench.next(({ kind }) => kind === 'vitals');
  expect(told).toMatchObject({ threads: { threads: 1, busy: 0, waiting: 0 } });
});
