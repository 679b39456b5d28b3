import { expect, test } from 'vitest';
import type { Counts } from '../../shared/api.ts';
import { Batch } from '../../main/shell/activity.ts';
import { aRow } from '../renderer/fake-bridge.ts';

function seen(counts: Partial<Counts>, parts: [done: number, size: number | null][] = []) {
  const none: Counts = { all: 0, queued: 0, running: 0, paused: 0, done: 0, failed: 0, categories: {} };
  const running = parts.map(([doneBytes, sizeBytes], i) => aRow(i + 1, { doneBytes, sizeBytes }));
  return { counts: { ...none, ...counts }, running };
}

test('progress counts what has ended, what is under way and what waits; unknown sizes count as begun', () => {
  const batch = new Batch();
  expect(batch.changed(seen({ running: 2, queued: 2 }, [[50, 100], [10, null]])).progress).toBe(0.125); // prettier-ignore
  batch.ended();
  batch.ended();
  expect(batch.changed(seen({ running: 2 }, [[50, 100], [50, 100]]))).toMatchObject({ progress: 0.75, unfinished: 2 }); // prettier-ignore
  batch.ended();
  batch.ended();
  expect(batch.changed(seen({ done: 4 }))).toEqual({ unfinished: 0, running: 0, progress: null, allDone: true });
});

test('all is done once, and not when the rest was only paused', () => {
  const batch = new Batch();
  expect(batch.changed(seen({})).allDone, 'nothing was to be done').toBe(false);
  batch.changed(seen({ running: 1, queued: 1, paused: 1 }));
  batch.ended();
  expect(batch.changed(seen({ done: 1, paused: 2 })).allDone, 'one was paused').toBe(false);
  batch.changed(seen({ running: 1, paused: 1 }));
  batch.ended();
  expect(batch.changed(seen({ done: 2, paused: 1 })).allDone, 'the paused one was so before').toBe(true);
  expect(batch.changed(seen({ done: 2, paused: 1 })).allDone, 'it was told').toBe(false);
});

test('a download that began and ended between two looks counts too', () => {
  const batch = new Batch();
  batch.ended();
  expect(batch.changed(seen({ done: 1 })).allDone).toBe(true);
});
