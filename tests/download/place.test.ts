// One that waits for a place at its host is not connecting: it says what it waits for.
import { expect, test } from 'vitest';
import { startBench } from '../support/lease.ts';
import { originForTest } from '../support/start.ts';

test('a refused one waits for the place of another, says so, and goes on when that is done', async () => {
  const origin = await originForTest();
  const long = { sizeBytes: 3_000_000, bytesPerS: 1_000_000 };
  const longOnes = ['/one', '/two'];
  for (const path of longOnes) origin.serve(path, long);
  // Too many at once, it says, as long as the others are served.
  const isBusy = () => longOnes.some((path) => origin.bytesServed(path) < long.sizeBytes);
  origin.serve('/third', () => (isBusy() ? { status: 429, retryAfter: '1' } : { sizeBytes: 10 }));
  const bench = startBench();
  const others = longOnes.map((path) => bench.download(origin.url(path), { connections: 1 }));
  for (const path of longOnes) await origin.served(path, 1);
  const third = bench.download(origin.url('/third'), { connections: 1 });
  const told = await bench.until((m) => m.kind === 'waiting' && m.id === 3);
  expect(told).toMatchObject({ wait: { until: null, reason: 'place' } });
  for (const outcome of [...others, third]) expect((await outcome).kind).toBe('done');
  expect(bench.of('waiting', 3).at(-1)?.wait).toBeNull();
});
