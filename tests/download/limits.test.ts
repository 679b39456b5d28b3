// Speed limits of one worker's downloads, on both lanes.
import { describe, expect, test } from 'vitest';
import { lanes } from '../support/lanes.ts';
import { startBench, type Bench } from '../support/lease.ts';
import { livedClock } from '../support/lived.ts';
import { originForTest } from '../support/start.ts';

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
