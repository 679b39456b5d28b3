import { expect, test } from 'vitest';
import { Unsynced } from './faults-support-unsynced.ts';

const write = '[pid 7] pwrite64(20</d/sluice.db>, ""..., 4096, 0) = 4096';

test.each([
  ['in one line', ['[pid 7] fsync(20</d/sluice.db>) = 0']],
  ['in two', ['[pid 7] fsync(20</d/sluice.db> <unfinished ...>', '[pid 7] <... fsync resumed>) = 0']],
  [
    'broken off by a new thread',
    [
      '[pid 7] fsync(20</d/sluice.db>strace: Process 9 attached',
      ' <unfinished ...>',
      '[pid 7] <... fsync resumed>) = 0',
    ],
  ],
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
  unsynced.see('[pid 7] fsync(20</d/sluice.db>) = ?');
  expect(unsynced.bytes).toBe(4096);
});

test('a write broken off by a new thread is in danger where it is', () => {
  const unsynced = new Unsynced();
  unsynced.see('[pid 7] pwrite64(20</d/none>, ""..., 24, 98912strace: Process 9 attached');
  unsynced.see(' <unfinished ...>');
  expect(unsynced.bytes).toBe(24);
});
