import { expect, test } from 'vitest';
import { Unsynced } from './faults-support-unsynced.ts';

const write = '7 pwrite64(20</d/sluice.db>, ""..., 4096, 0) = 4096';

test.each([
  ['in one line', ['7 fsync(20</d/sluice.db>) = 0']],
  ['in two', ['7 fsync(20</d/sluice.db> <unfinished ...>', '7 <... fsync resumed>) = 0']],
])('a flush told %s keeps what was written before it', (_, lines) => {
  const unsynced = new Unsynced();
  unsynced.see(write);
  expect(unsynced.bytes).toBe(4096);
  for (const line of lines) unsynced.see(line);
  expect(unsynced.bytes).toBe(0);
});

test('a flush that never came back keeps nothing', () => {
  const unsynced = new Unsynced();
  unsynced.see(write);
  unsynced.see('7 fsync(20</d/sluice.db>) = ?');
  expect(unsynced.bytes).toBe(4096);
});
