// The note of what was written: it never says more than there is.
import {
  closeSync,
  fchmodSync,
  fstatSync,
  openSync,
  readFileSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { PartNote } from '../../../main/download/disk/part-note.ts';
import { tempDir } from '../../support/temp-dir.ts';

const content = {
  etag: '"one"',
  lastModified: null,
  date: null,
  totalBytes: 1_000_000,
  contentType: null,
  finalUrl: 'http://a.test/f',
  ranges: true,
};
const KiB = 1 << 10;

function note(dir: string): PartNote {
  const one = PartNote.at(join(dir, 'note'))!;
  onTestFinished(() => one.close());
  return one;
}

function open(file: string): number {
  const fd = openSync(file, 'w');
  onTestFinished(() => closeSync(fd));
  return fd;
}

test('little is not noted, unless the note would say more than there is', () => {
  const dir = tempDir();
  const fd = open(join(dir, 'f'));
  const own = note(dir);
  own.write(fd, content, [[0, 100 * KiB]]);
  expect(note(dir).read(fd, content)).toEqual([]);
  own.write(fd, content, [[0, 300 * KiB]]);
  expect(note(dir).read(fd, content)).toEqual([[0, 300 * KiB]]);
  own.write(fd, content, [[0, 100 * KiB]], true);
  expect(note(dir).read(fd, content)).toEqual([[0, 100 * KiB]]);
});

test('what follows soon is not noted, but that bytes were dropped, and that the file is whole', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const dir = tempDir();
  const fd = open(join(dir, 'f'));
  const own = note(dir);
  const noted = () => note(dir).read(fd, content)?.[0]?.[1];
  own.write(fd, content, [[0, 300 * KiB]]);
  own.write(fd, content, [[0, 400 * KiB]]);
  expect(noted()).toBe(300 * KiB);
  own.write(fd, content, [[0, 200 * KiB]], true);
  expect(noted()).toBe(200 * KiB);
  vi.advanceTimersByTime(50);
  own.write(fd, content, [[0, 500 * KiB]]);
  expect(noted()).toBe(500 * KiB);
  own.write(fd, content, [[0, content.totalBytes]]);
  expect(noted()).toBe(content.totalBytes);
});

test('a new file that has the number of one that is gone is another', () => {
  const dir = tempDir();
  const old = openSync(join(dir, 'f'), 'w');
  const { ino } = fstatSync(old);
  // The clock of a file system goes in steps.
  do fchmodSync(old, 0o600);
  while (fstatSync(old, { bigint: true }).ctimeNs === fstatSync(old, { bigint: true }).birthtimeNs);
  note(dir).write(old, content, [[0, 300 * KiB]]);
  closeSync(old);
  unlinkSync(join(dir, 'f'));
  for (let n = 0; n < 50; n += 1) {
    const fd = open(join(dir, `f${n}`));
    expect(note(dir).read(fd, content)).toBe(null);
    if (fstatSync(fd).ino === ino) return;
  }
});

test('it tells of the file under the final name, not of one that a link there leads to', () => {
  const dir = tempDir();
  const fd = open(join(dir, 'f'));
  note(dir).write(fd, content, [[0, content.totalBytes]]);
  symlinkSync(join(dir, 'f'), join(dir, 'link'));
  expect(note(dir).tellsAllOf(join(dir, 'f'), content)).toBe(true);
  expect(note(dir).tellsAllOf(join(dir, 'link'), content)).toBe(false);
});

test('a file that only changed its number, on a file system that gives none for good, is not surely another', () => {
  const dir = tempDir();
  const fd = open(join(dir, 'f'));
  note(dir).write(fd, content, [[0, 300 * KiB]]);
  const text = readFileSync(join(dir, 'note'), 'utf8');
  const { ino } = fstatSync(fd);
  writeFileSync(join(dir, 'note'), text.replace(`:${ino}:`, `:${ino + 1}:`));
  expect(note(dir).read(fd, content)).toEqual([]);
});

test('a note of another content, or of before the system was started anew, says nothing', () => {
  const dir = tempDir();
  const fd = open(join(dir, 'f'));
  note(dir).write(fd, content, [[0, 300 * KiB]]);
  expect(note(dir).read(fd, content)).toHaveLength(1);
  for (const other of [{ etag: '"two"' }, { lastModified: 'x' }, { totalBytes: 2 }]) {
    expect(note(dir).read(fd, { ...content, ...other })).toEqual([]);
  }
  const text = readFileSync(join(dir, 'note'), 'utf8');
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  expect(text).toContain(boot);
  writeFileSync(join(dir, 'note'), text.replace(boot, 'a start before'));
  expect(note(dir).read(fd, content)).toEqual([]);
});
