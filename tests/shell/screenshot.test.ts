import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserWindow } from 'electron';
import { expect, test, vi } from 'vitest';
import { settled, takePicture } from '../../main/shell/screenshot.ts';
import { tempDir } from '../support/temp-dir.ts';

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

test('a window that has painted nothing yet is painted for its picture', async () => {
  let painted = 0;
  const webContents = {
    capturePage: () => Promise.resolve({ isEmpty: () => painted < 2, toPNG: () => Buffer.from('picture') }),
    invalidate: () => (painted += 1),
  };
  const file = join(tempDir(), 'new', 'window.png');
  await takePicture({ webContents } as unknown as BrowserWindow, file);
  expect(readFileSync(file, 'utf8')).toBe('picture');
});
