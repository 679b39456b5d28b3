import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';
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

test('a gathered write that never came back is as long as its pieces', () => {
  const unsynced = new Unsynced();
  unsynced.see(
    '7 pwritev(20</d/f>, [{iov_base=""..., iov_len=100}, {iov_base=""..., iov_len=20}], 2, 5000 <unfinished ...>',
  );
  unsynced.see('7 +++ killed by SIGKILL +++');
  expect(unsynced.bytes).toBe(120);
});

test('names given or given up and not flushed are as they were before', () => {
  const dir = tempDir();
  const [part, file, old, other] = ['part', 'file', 'old', 'new'].map((name) => path.join(dir, name)) as [
    string,
    string,
    string,
    string,
  ];
  const lost = (lines: string[]) => {
    for (const name of fs.readdirSync(dir)) fs.rmSync(path.join(dir, name));
    const unsynced = new Unsynced();
    for (const line of lines) unsynced.see(line);
    fs.writeFileSync(file, 'f');
    fs.writeFileSync(other, 'n');
    unsynced.lose('cut');
    return fs.readdirSync(dir).sort();
  };
  const [linked, flushed] = [`7 link("${part}", "${file}") = 0`, `7 fsync(20<${dir}>) = 0`];
  expect(lost([linked])).toEqual(['new']);
  expect(lost([linked, flushed])).toEqual(['file', 'new']);
  expect(lost([linked, flushed, `7 unlink("${part}") = 0`])).toEqual(['file', 'new', 'part']);
  expect(lost([linked, flushed, `7 unlink("${part}") = 0`, flushed])).toEqual(['file', 'new']);
  expect(lost([`7 rename("${old}", "${other}") = 0`])).toEqual(['file', 'old']);
  expect(lost([`7 rename("${old}", "${other}") = 0`, flushed])).toEqual(['file', 'new']);
});
