// Where quick work on files is done.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { quickly } from '../../../main/download/disk/in-place.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['performance'], now: Date.now() }));
afterEach(() => vi.useRealTimers());

const where = () =>
  quickly(
    () => 'in place',
    () => Promise.resolve('in a thread'),
  );
const takes = (ms: number) =>
  quickly(
    () => void vi.advanceTimersByTime(ms),
    () => Promise.reject(new Error('not in a thread')),
  );

test('work is done in place while the disk answers at once', async () => {
  await takes(1);
  expect(await where()).toBe('in place');
});

test('a disk that took long gets the threads, for as much longer', async () => {
  await takes(30);
  expect(await where()).toBe('in a thread');
  vi.advanceTimersByTime(2900);
  expect(await where()).toBe('in a thread');
  vi.advanceTimersByTime(101);
  expect(await where()).toBe('in place');
});

test("the system's error comes out as a rejection, wherever the work was done", async () => {
  const error = new Error('ENOSPC');
  const broken = () => {
    throw error;
  };
  await expect(quickly(broken, () => Promise.reject(error))).rejects.toBe(error);
});
