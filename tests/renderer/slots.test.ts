// Rows that leave the screen are used again for those that come.
import { expect, test } from 'vitest';
import { slotsOf } from '../../renderer/state/slots.ts';
import { aRow } from './fake-bridge.ts';

const rows = (first: number) => Array.from({ length: 4 }, (_, i) => aRow(first + i + 1));

test('a step of the list changes only the row that left, and at rest all stand in the order of the list', () => {
  const all = rows(0);
  const before = slotsOf({ rows: all, first: 0, count: 4 }, [], false);
  const moving = slotsOf({ rows: [...all.slice(1), aRow(5)], first: 1, count: 4 }, before, true);
  expect(moving.map(({ key, index }) => [key, index])).toEqual([[0, 4], [1, 1], [2, 2], [3, 3]]); // prettier-ignore
  for (const slot of before.slice(1)) expect(moving, 'not even looked at').toContain(slot);
  expect(slotsOf({ rows: rows(1), first: 1, count: 4 }, moving, false).map(({ index }) => index)).toEqual([1, 2, 3, 4]);
});

test('a slot whose row has not come keeps the one that it had, and says so', () => {
  const before = slotsOf({ rows: rows(0), first: 0, count: 4 }, [], false);
  const after = slotsOf({ rows: [null, null, null, null], first: 4000, count: 4 }, before, false);
  expect(after.map(({ row, coming }) => [row?.id, coming])).toEqual([[1, true], [2, true], [3, true], [4, true]]); // prettier-ignore
  expect(slotsOf({ rows: [null], first: 0, count: 4 }, [], false)).toEqual([
    { key: 0, index: 0, row: null, coming: true },
  ]);
});
