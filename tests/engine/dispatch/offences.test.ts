// Who is kept out for what it did, and for how long.
import { expect, test } from 'vitest';
import { Offences } from '../../../main/engine/dispatch/offences.ts';

const MINUTE_MS = 60_000;

test('three offences within an hour bar a machine for ten minutes, and one more for another ten', () => {
  const offences = new Offences();
  for (const at of [0, 1, 2]) offences.note('attic', at * MINUTE_MS);
  expect(offences.barredUntil('attic', 2 * MINUTE_MS)).toBe(12 * MINUTE_MS);
  expect(offences.barredUntil('attic', 12 * MINUTE_MS)).toBeNull();
  offences.note('attic', 13 * MINUTE_MS);
  expect(offences.barredUntil('attic', 13 * MINUTE_MS)).toBe(23 * MINUTE_MS);
  expect(offences.barredUntil('cellar', 13 * MINUTE_MS)).toBeNull();
});

test('what was long ago does not count, nor what was forgiven', () => {
  const offences = new Offences();
  for (const at of [0, 1, 65]) offences.note('attic', at * MINUTE_MS);
  expect(offences.countOf('attic', 65 * MINUTE_MS)).toBe(1);
  expect(offences.barredUntil('attic', 65 * MINUTE_MS)).toBeNull();
  offences.forgive('attic');
  expect(offences.countOf('attic', 65 * MINUTE_MS)).toBe(0);
});

test('it remembers a thousand machines, the least recent go first', () => {
  const offences = new Offences();
  for (let n = 0; n <= 1000; n++) offences.note(`m${n}`, n);
  expect([offences.countOf('m0', 1000), offences.countOf('m1', 1000)]).toEqual([0, 1]);
});
