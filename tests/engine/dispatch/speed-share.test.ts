import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shareOut } from '../../../main/engine/dispatch/speed-share.ts';

const held = (worker: number, bytesPerS = 0) => ({ worker, bytesPerS, held: true });

test('without demand known, shares go by downloads', () => {
  const unknown = [1, 1, 1, 2].map((worker) => ({ worker, bytesPerS: 0, held: null }));
  expect([...shareOut(1000_000, [1, 2], unknown)]).toEqual([
    [1, 750_000],
    [2, 250_000],
  ]);
});

test('what one download cannot use goes to those that can, in its own worker and in others', () => {
  const slow = { worker: 1, bytesPerS: 10_000, held: false };
  const shares = shareOut(1000_000, [1, 2], [slow, held(1), held(2)]);
  expect(shares.get(1)).toBeCloseTo(10_000 * 1.25 + 1024 + 495_000);
  expect(shares.get(2)).toBeCloseTo(495_000);
});

test('one that uses more than its part, because nobody else wanted it, leaves others theirs', () => {
  const alone = { worker: 1, bytesPerS: 900_000, held: false };
  expect([...shareOut(1000_000, [1, 2], [alone, held(2)])]).toEqual([
    [1, 500_000],
    [2, 500_000],
  ]);
});

test('where nobody is held back, the whole limit is shared out all the same', () => {
  const easy = [1, 2].map((worker) => ({ worker, bytesPerS: 1000, held: false }));
  const shares = shareOut(1000_000, [1, 2], easy);
  expect(shares.get(1)! + shares.get(2)!).toBe(1000_000);
});

test('a worker without downloads keeps enough to begin', () => {
  expect(shareOut(1000_000, [1, 2], [held(1)]).get(2)).toBe(1024);
});

test('what the easy ones use and what the others may use is the limit', () => {
  const download = fc.record({
    worker: fc.integer({ min: 0, max: 7 }),
    bytesPerS: fc.integer({ min: 0, max: 10_000_000 }),
    held: fc.option(fc.boolean()),
  });
  fc.assert(
    fc.property(
      fc.integer({ min: 100_000, max: 1e9 }),
      fc.array(download, { minLength: 1, maxLength: 12 }),
      (limit, downloads) => {
        const workers = [0, 1, 2, 3, 4, 5, 6, 7];
        const shares = shareOut(limit, workers, downloads);
        const sum = [...shares.values()].reduce((total, share) => total + share, 0);
        const easy = downloads.filter((one) => one.held === false);
        const headroom = easy.reduce((total, { bytesPerS }) => total + bytesPerS * 0.25 + 1024, 0);
        expect(sum).toBeGreaterThan(limit * 0.999);
        expect(sum).toBeLessThanOrEqual(limit * 1.001 + headroom + 8 * 1024);
      },
    ),
  );
});
