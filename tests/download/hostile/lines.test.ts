// Lines that break, stall, trickle or flood, or are not there at all.
import { describe, expect, test } from 'vitest';
import { lanes } from '../../support/lanes.ts';
import { startBench } from '../../support/lease.ts';
import { contentBytes, seededContent, type Seen } from '../../support/origin.ts';
import { originForTest } from '../../support/start.ts';
import { FILE, get, SIZE } from './get.ts';

describe.each(lanes)('on the %s lane', (lane) => {
  test.each(['close', 'reset', 'stall'] as const)(
    'a line that ends in "%s" again and again goes on where it was',
    async (cut) => {
      const { origin, bench, outcome } = await get(
        lane,
        { sizeBytes: SIZE, cutAfterBytes: 1_500_000, cut },
        { idleTimeoutMs: 300 },
      );
      expect(bench.read(outcome).equals(FILE)).toBe(true);
      expect(origin.bytesServed('/f')).toBeLessThan(SIZE * 1.6);
    },
  );

  test('a trickle is slow, not dead', async () => {
    const { bench, outcome } = await get(lane, { sizeBytes: 3000, bytesPerS: 3000 }, { idleTimeoutMs: 300 });
    expect(bench.read(outcome).equals(FILE.subarray(0, 3000))).toBe(true);
  });

  test('a head that never ends is not waited for', async () => {
    const { outcome } = await get(
      lane,
      { sizeBytes: 1000, headBytesPerS: 20 },
      { connectTimeoutMs: 300, idleTimeoutMs: 300, maxRetries: 0 },
    );
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'timeout' } });
  });

  test('interim answers are passed over, and a flood of them is no answer', async () => {
    const few = await get(lane, { sizeBytes: 1000, interims: 3 });
    expect(few.bench.read(few.outcome).equals(FILE.subarray(0, 1000))).toBe(true);
    const { bench, outcome } = await get(lane, { sizeBytes: 1000, interims: 30_000 }, { maxRetries: 0 });
    if (lane === 'direct') expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'bad-response' } });
    else expect(bench.read(outcome).equals(FILE.subarray(0, 1000))).toBe(true);
  });

  test('a flood of headers is refused', async () => {
    const { outcome } = await get(
      lane,
      { sizeBytes: 1000, rawHeaders: 'X-Flood: 1234567890\r\n'.repeat(100_000) },
      { maxRetries: 0 },
    );
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'bad-response' } });
  });

  test('nothing listens: refused, after the tries', async () => {
    const bench = startBench({ settings: { lane, maxRetries: 1 } });
    const origin = await originForTest();
    const url = origin.url('/f');
    await origin.close();
    expect(await bench.download(url)).toMatchObject({ kind: 'failed', failure: { code: 'refused', retry: 'soon' } });
  });

  test('IPv6', async () => {
    const origin = await originForTest({ host: '::1' });
    origin.serve('/f', { sizeBytes: SIZE });
    const bench = startBench({ settings: { lane } });
    expect(bench.read(await bench.download(origin.url('/f'))).equals(FILE)).toBe(true);
  });

  test('one connection 50 times slower than the others does not make the file wait', async () => {
    const { origin, bench, outcome } = await get(lane, (seen) => ({
      sizeBytes: 20_000_000,
      bytesPerS: seen.count === 3 ? 100_000 : 5_000_000,
    }));
    expect(bench.read(outcome).equals(contentBytes(seededContent(20_000_000)))).toBe(true);
    const all = origin.requests('/f');
    expect(Math.max(...all.map((seen) => seen.at)) - all[0]!.at).toBeLessThan(3500);
  });

  test('one connection far slower than the others is opened anew while they are still busy', async () => {
    const { origin, bench, outcome } = await get(lane, (seen) => ({
      sizeBytes: 40_000_000,
      bytesPerS: seen.count === 3 ? 100_000 : 5_000_000,
    }));
    expect(bench.read(outcome).equals(contentBytes(seededContent(40_000_000)))).toBe(true);
    const rangeOf = (seen: Seen): number[] => (seen.headers['range'] ?? '').match(/\d+/g)?.map(Number) ?? [];
    const all = origin.requests('/f');
    const [from, to] = rangeOf(all[2]!) as [number, number];
    const anew = all.findIndex((seen, index) => index > 2 && rangeOf(seen)[0]! > from && rangeOf(seen)[1] === to);
    // The four that began together, on the direct lane one of them twice, and then already this one.
    expect(anew).toBeGreaterThan(0);
    expect(anew).toBeLessThanOrEqual(5);
  });
});
