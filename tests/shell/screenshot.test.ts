import { expect, test, vi } from 'vitest';
import { settled } from '../../main/shell/screenshot.ts';

test('settles when nothing is left to do for a moment, not in a pause between two downloads', async () => {
  vi.useFakeTimers();
  let unfinished = 1;
  let done = false;
  void settled({ unfinished: () => unfinished, patienceMs: 20_000 }).then(() => (done = true));
  await vi.advanceTimersByTimeAsync(2000);
  unfinished = 0;
  await vi.advanceTimersByTimeAsync(300);
  unfinished = 1;
  await vi.advanceTimersByTimeAsync(300);
  expect(done).toBe(false);
  unfinished = 0;
  await vi.advanceTimersByTimeAsync(1000);
  expect(done).toBe(true);
  vi.useRealTimers();
});

test('patience ends', async () => {
  vi.useFakeTimers();
  let done = false;
  void settled({ unfinished: () => 1, patienceMs: 5000 }).then(() => (done = true));
  await vi.advanceTimersByTimeAsync(4900);
  expect(done).toBe(false);
  await vi.advanceTimersByTimeAsync(200);
  expect(done).toBe(true);
  vi.useRealTimers();
});
