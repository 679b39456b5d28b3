// A host's connections are shared out anew among those that run.
import { expect, test } from 'vitest';
import { regrant } from '../../main/engine/regranting.ts';

const running = (...connections: number[]) => connections.map((each) => ({ connections: each }));

test('one that waits gets its share from those that have more than theirs', () => {
  expect(regrant(running(8, 8), 16, 1, 8)).toEqual([5, 5]);
  expect(regrant(running(8, 1), 8, 1, 8)).toEqual([2, 1]);
});

test('nobody is left without one', () => {
  expect(regrant(running(1, 1, 1), 2, 3, 8)).toEqual([1, 1, 1]);
});

test('what others gave back goes to those that are left, and never beyond what a download may have', () => {
  expect(regrant(running(2), 16, 0, 8)).toEqual([8]);
  expect(regrant(running(2, 3), 8, 0, 8)).toEqual([4, 4]);
  expect(regrant(running(8), 16, 0, 4)).toEqual([4]);
});
