import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shareOut } from '../../main/engine/speed-share.ts';

test('without demand known, shares go by tasks', () => {
  const shares = shareOut(1000_000, [
    { id: 1, tasks: 3, bytesPerS: 0, share: null },
    { id: 2, tasks: 1, bytesPerS: 0, share: null },
  ]);
  expect([...shares]).toEqual([
    [1, 750_000],
    [2, 250_000],
  ]);
});

test('what one worker cannot use goes to the other', () => {
  const shares = shareOut(1000_000, [
    { id: 1, tasks: 1, bytesPerS: 10_000, share: 500_000 },
    { id: 2, tasks: 1, bytesPerS: 500_000, share: 500_000 },
  ]);
  expect(shares.get(2)).toBeGreaterThan(950_000);
});

test('what the sated use and what the others may use never exceeds the limit', () => {
  const sharer = fc.record({
    tasks: fc.integer({ min: 1, max: 9 }),
    bytesPerS: fc.integer({ min: 0, max: 10_000_000 }),
    share: fc.option(fc.integer({ min: 1, max: 10_000_000 })),
  });
  fc.assert(
    fc.property(
      fc.integer({ min: 1024, max: 1e9 }),
      fc.array(sharer, { minLength: 1, maxLength: 8 }),
      (limit, list) => {
        const shares = shareOut(
          limit,
          list.map((one, id) => ({ ...one, id })),
        );
        const used = (id: number, share: number) => Math.min(share, Math.max(list[id]!.bytesPerS, share / 1.25 - 1024));
        const isSated = (id: number) => list[id]!.share !== null && list[id]!.bytesPerS < list[id]!.share * 0.8;
        const sum = [...shares].reduce((total, [id, share]) => total + (isSated(id) ? used(id, share) : share), 0);
        expect(shares.size).toBe(list.length);
        expect(sum).toBeLessThanOrEqual(limit * 1.001 + list.length);
      },
    ),
  );
});
