// The connections of a download among themselves: who is done helps who is not.
import { describe, expect, test } from 'vitest';
import { lanes } from '../support/lanes.ts';
import { startBench } from '../support/lease.ts';
import { contentBytes, seededContent, type Seen } from '../support/origin.ts';
import { originForTest } from '../support/start.ts';

const SIZE = 20_000_000;

describe.each(lanes)('on the %s lane', (lane) => {
  test('a connection that is done takes of a slower one what it can fetch sooner', async () => {
    const origin = await originForTest();
    const startOf = ({ headers }: Seen): number => Number(/\d+/.exec(headers['range'] ?? '')?.[0] ?? 0);
    // Slower than the other, but not by so much that it would be replaced.
    let slow: Seen | null = null;
    origin.serve('/f', (seen) => {
      if (startOf(seen) > SIZE / 4) slow ??= seen;
      return { sizeBytes: SIZE, bytesPerS: seen === slow ? 1_500_000 : 5_000_000 };
    });
    const bench = startBench({ settings: { lane } });
    const outcome = await bench.download(origin.url('/f'), { connections: 2 });
    expect(bench.read(outcome).equals(contentBytes(seededContent(SIZE)))).toBe(true);
    // Half of the file was its to begin with; how much of that it brings depends on when the machine lets it begin.
    expect(slow!.bytesSent).toBeGreaterThan(0);
    expect(slow!.bytesSent).toBeLessThan(SIZE * 0.4);
    expect(bench.of('event').some(({ detail }) => detail['change'] === 'replaced')).toBe(false);
  });
});
