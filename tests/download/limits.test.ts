// Speed limits: exact, without bursts, fair, and changed at once.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Bucket } from '../../main/download/limits.ts';
import { lanes } from '../support/lanes.ts';
import { startBench, type Bench } from '../support/lease.ts';
import { livedClock } from '../support/lived.ts';
import { originForTest } from '../support/start.ts';

afterEach(() => void vi.useRealTimers());

/** Takes from the bucket until the time is over, on a clock of the test's own. Returns when each piece went. */
async function drain(bucket: Bucket, key: number, pieceBytes: number, forMs: number): Promise<number[]> {
  const times: number[] = [];
  const startedAt = performance.now();
  while (performance.now() - startedAt < forMs) {
    await bucket.take(key, pieceBytes);
    times.push(performance.now() - startedAt);
  }
  return times;
}

test('the rate is exact to 5 % and no 100 ms bring more than twice their share', async () => {
  vi.useFakeTimers();
  const drained = drain(new Bucket(1_000_000), 1, 5000, 2000);
  await vi.advanceTimersByTimeAsync(2100);
  const times = await drained;
  const [first, last] = [times[0]!, times.at(-1)!];
  const bytesPerS = ((times.length - 1) * 5000 * 1000) / (last - first);
  expect(bytesPerS).toBeGreaterThan(950_000);
  expect(bytesPerS).toBeLessThan(1_050_000);
  for (const from of times) {
    const within = times.filter((at) => at >= from && at < from + 100).length;
    expect(within * 5000).toBeLessThanOrEqual(200_000);
  }
});

test('downloads get the same, however many connections they have', async () => {
  vi.useFakeTimers();
  const bucket = new Bucket(1_000_000);
  const greedy = [1, 1, 1, 1].map((key) => drain(bucket, key, 5000, 1000));
  const modest = drain(bucket, 2, 5000, 1000);
  await vi.advanceTimersByTimeAsync(1100);
  const many = (await Promise.all(greedy)).flat().length;
  const one = (await modest).length;
  expect(one / many).toBeGreaterThan(0.8);
});

test('no limit lets everything through at once', () => {
  expect(new Bucket(null).take(1, 1e12)).toBeUndefined();
});

test('lifting the limit frees those who wait', async () => {
  const bucket = new Bucket(1);
  void bucket.take(1, 1000);
  const waiting = bucket.take(1, 1000);
  bucket.bytesPerS = null;
  await waiting;
});

test('a stopped download waits no more', async () => {
  const bucket = new Bucket(1);
  void bucket.take(1, 1000);
  const waiting = bucket.take(1, 1000);
  bucket.release(1);
  await waiting;
});

/**
 * The speed over about `ms`: at least so much by the time that this process could run in, at most so much by the wall's clock.
 * Counted from one report of the worker to another, because between two nobody knows.
 */
async function speed(bench: Bench, ids: readonly number[], ms: number): Promise<{ least: number; most: number }> {
  const livedMs = livedClock();
  const bytes = (): number => {
    const told = bench.of('progress').flatMap(({ downloads }) => downloads);
    return ids.reduce((sum, id) => sum + (told.findLast((one) => one.id === id)?.receivedBytes ?? 0), 0);
  };
  const mark = async () => {
    await bench.next(({ kind }) => kind === 'progress');
    return { bytes: bytes(), at: performance.now(), lived: livedMs() };
  };
  const from = await mark();
  let to = await mark();
  while (to.lived - from.lived < ms) to = await mark();
  const came = (to.bytes - from.bytes) * 1000;
  return { most: came / (to.at - from.at), least: came / (to.lived - from.lived) };
}

describe.each(lanes)('on the %s lane', (lane) => {
  test('a download keeps its limit, and a changed one at once', async () => {
    const origin = await originForTest();
    origin.serve('/f', { sizeBytes: 500_000_000 });
    const bench = startBench({ settings: { lane } });
    const ended = bench.download(origin.url('/f'), { limitBytesPerS: 2_000_000 });
    await bench.until((m) => m.kind === 'progress' && m.downloads[0]!.receivedBytes > 0);
    const slow = await speed(bench, [1], 1500);
    expect(slow.least).toBeGreaterThan(1_500_000);
    expect(slow.most).toBeLessThan(2_500_000);
    bench.send({ kind: 'limit', id: 1, epoch: 1, limitBytesPerS: 10_000_000 });
    await new Promise((resolve) => setTimeout(resolve, 500));
    const fast = await speed(bench, [1], 1500);
    expect(fast.least).toBeGreaterThan(8_000_000);
    expect(fast.most).toBeLessThan(12_000_000);
    const livedMs = livedClock();
    bench.send({ kind: 'cancel', id: 1, epoch: 1 });
    await ended;
    expect(livedMs()).toBeLessThan(250);
  });

  test('the worker keeps its share of the global limit over all downloads', async () => {
    const origin = await originForTest();
    origin.serve('/a', { sizeBytes: 500_000_000 });
    origin.serve('/b', { sizeBytes: 500_000_000 });
    const bench = startBench({ settings: { lane } });
    await bench.until((m) => m.kind === 'get');
    bench.send({ kind: 'shares', shares: { all: 4_000_000, hosts: {} } });
    const ended = [bench.download(origin.url('/a')), bench.download(origin.url('/b'), { connections: 1 })];
    await bench.until((m) => m.kind === 'progress' && m.downloads.length === 2 && m.downloads[1]!.receivedBytes > 0);
    const both = await speed(bench, [1, 2], 2000);
    expect(both.least).toBeGreaterThan(3_200_000);
    expect(both.most).toBeLessThan(4_800_000);
    bench.send({ kind: 'shares', shares: { all: 100_000, hosts: {} } });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await speed(bench, [1, 2], 1000)).most).toBeLessThan(400_000);
    await bench.stop();
    for (const outcome of await Promise.all(ended)) expect(outcome.kind).toBe('released');
  });

  test('the limit of a host holds for its downloads together and for no other, from the moment that it is given', async () => {
    const origin = await originForTest();
    for (const path of ['/a', '/b', '/c']) origin.serve(path, { sizeBytes: 500_000_000, bytesPerS: 10_000_000 });
    const bench = startBench({ settings: { lane } });
    const one = { connections: 1 };
    const ended = [
      bench.download(origin.url('/a'), one),
      bench.download(origin.url('/b'), one),
      bench.download(origin.url('/c', 'localhost'), one),
    ];
    await Promise.all(['/a', '/b', '/c'].map((path) => origin.served(path, 1_000_000)));
    bench.send({ kind: 'shares', shares: { all: null, hosts: { '127.0.0.1': 1_000_000 } } });
    await new Promise((resolve) => setTimeout(resolve, 500));
    const [a, b, both, c] = await Promise.all([[1], [2], [1, 2], [3]].map((ids) => speed(bench, ids, 2000)));
    expect(both!.least).toBeGreaterThan(800_000);
    expect(both!.most).toBeLessThan(1_200_000);
    expect(Math.min(a!.most, b!.most) / Math.max(a!.most, b!.most)).toBeGreaterThan(0.7);
    expect(c!.least).toBeGreaterThan(5_000_000);
    await bench.stop();
    await Promise.all(ended);
  });
});
