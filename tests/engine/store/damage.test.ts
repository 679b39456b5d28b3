// A damaged database: found when it is opened, and made good from its backup and the journal.
import Database from 'better-sqlite3';
import fs from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { tempDir } from '../../support/temp-dir.ts';
import { open, prepared, query } from './store-for-test.ts';

const DAY_MS = 24 * 3_600_000;

/** From now on logs of lines take `bytes` more, until the disk has room again. */
function fillDisk(bytes: number): () => void {
  const { writeSync } = fs;
  let room = bytes;
  const full = vi.spyOn(fs, 'writeSync').mockImplementation(((handle: number, text: Buffer, at: number) => {
    if (room === 0) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    const taken = Math.min(room, text.length - at);
    room -= taken;
    return writeSync(handle, text, at, taken);
  }) as typeof fs.writeSync);
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  onTestFinished(() => void vi.restoreAllMocks());
  return () => {
    full.mockRestore();
    warned.mockRestore();
  };
}

test('a damaged database is kept aside and the list comes back from backup and journal', () => {
  const dir = tempDir();
  const store = open(dir);
  store.add([prepared('in-backup')], 1);
  store.backUp(Date.now(), 0);
  store.add([prepared('after-backup')], 1);
  store.close();
  const file = path.join(dir, 'sluice.db');
  fs.writeFileSync(file, Buffer.alloc(fs.statSync(file).size, 'rubbish'));
  fs.rmSync(`${file}-wal`, { force: true });
  const again = open(dir);
  expect(again.trouble?.message).toMatch(/damaged.*restored from the backup/);
  expect(again.list.page(query(), 0, 10).map(({ name }) => name)).toEqual(['in-backup']);
  expect(again.journalled().map(({ download }) => download.url)).toEqual(['http://a.test/after-backup']);
  expect(fs.readdirSync(dir).filter((name) => name.includes('damaged'))).toHaveLength(1);
});

test('the three newest backups are kept, and nothing of one that could not be written', () => {
  const dir = tempDir();
  const store = open(dir);
  const days = [1, 2, 3, 4, 5].map((day) => day * DAY_MS);
  for (const at of days) store.backUp(at, 0);
  const names = () => fs.readdirSync(path.join(dir, 'backups')).map((name) => name.slice(0, 17));
  expect(names()).toEqual(['sluice-1970-01-04', 'sluice-1970-01-05', 'sluice-1970-01-06']);
  const failing = vi.spyOn(fs, 'fsyncSync').mockImplementation(() => {
    throw Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' });
  });
  onTestFinished(() => failing.mockRestore());
  expect(() => store.backUp(6 * DAY_MS, 0)).toThrow('EIO');
  expect(names()).toEqual(['sluice-1970-01-04', 'sluice-1970-01-05', 'sluice-1970-01-06']);
});

test('what was added and finished is forgotten only once the backup and its name are on the disk', () => {
  const dir = tempDir();
  const store = open(dir);
  store.add([prepared('a')], 1);
  const opened = new Map<unknown, string>();
  const done: string[] = [];
  const { openSync } = fs;
  vi.spyOn(fs, 'openSync').mockImplementation((...args) => {
    const handle = openSync(...args);
    opened.set(handle, path.relative(dir, String(args[0])));
    return handle;
  });
  vi.spyOn(fs, 'fsyncSync').mockImplementation((handle) => {
    done.push(`sync ${opened.get(handle)!.replace(/sluice-.*/, 'backup')}`);
  });
  vi.spyOn(fs, 'ftruncateSync').mockImplementation(() => void done.push('empty'));
  onTestFinished(() => void vi.restoreAllMocks());
  store.backUp(Date.now(), 0);
  expect(done).toEqual(['sync backups/backup', 'sync backups', 'sync ', 'empty', 'empty']);
  store.close();
});

test('damage anywhere is found when the list is opened, not when it is met', () => {
  const dir = tempDir();
  const store = open(dir);
  store.add(
    Array.from({ length: 300 }, (_, n) => prepared(`some/long/enough/name-${n}`)),
    1,
  );
  store.backUp(Date.now(), 0);
  store.close();
  const whole = fs.readFileSync(path.join(dir, 'sluice.db'));
  const pages = whole.length / 4096;
  expect(pages).toBeGreaterThan(20);
  for (let page = 1; page < pages; page += 5) {
    const other = tempDir();
    const damaged = Buffer.from(whole);
    damaged.fill(0xa5, page * 4096, (page + 1) * 4096);
    fs.writeFileSync(path.join(other, 'sluice.db'), damaged);
    expect(open(other).trouble?.message, `page ${page} of ${pages}`).toMatch(/damaged/);
  }
});

test('a journal cut in the middle of a line still gives the lines before it and after it', () => {
  const dir = tempDir();
  const store = open(dir);
  for (const name of ['a', 'b', 'c']) store.add([prepared(name)], 1);
  store.close();
  const file = path.join(dir, 'added.jsonl');
  const [first, second, third] = fs.readFileSync(file, 'utf8').split('\n');
  fs.writeFileSync(file, `${first}\n${second!.slice(0, -5)}\n${third}\n`);
  fs.truncateSync(path.join(dir, 'sluice.db'), 0);
  const urls = open(dir)
    .journalled()
    .map(({ download }) => download.url);
  expect(urls).toEqual(['http://a.test/a', 'http://a.test/c']);
});

test('a line of the journal tells of many, and only those that the database has lost come back from it', () => {
  const dir = tempDir();
  const store = open(dir);
  const names = Array.from({ length: 250 }, (_, at) => `${at}.bin`);
  store.add(
    names.map((name) => prepared(name)),
    1,
  );
  store.close();
  const lines = fs.readFileSync(path.join(dir, 'added.jsonl'), 'utf8').trimEnd().split('\n');
  expect(lines).toHaveLength(3);
  fs.writeFileSync(path.join(dir, 'added.jsonl'), `${lines[0]}\n${lines[2]}\n`);
  fs.truncateSync(path.join(dir, 'sluice.db'), 0);
  const found = open(dir).journalled();
  expect(found.map(({ id, download }) => [id, download.url])).toEqual(
    [...names.keys()].filter((at) => at < 100 || at >= 200).map((at) => [at + 1, `http://a.test/${at}.bin`]),
  );
});

test('what a database lost at its end comes back from the end of the journal, however long its lines are', () => {
  const dir = tempDir();
  const store = open(dir);
  const names = Array.from({ length: 300 }, (_, at) => `${'ü'.repeat(at % 100 === 0 ? 60_000 : 50)}-${at}`);
  store.add(
    names.map((name) => prepared(name)),
    1,
  );
  store.close();
  const db = new Database(path.join(dir, 'sluice.db'));
  db.exec(`DELETE FROM downloads WHERE id > 120; UPDATE sqlite_sequence SET seq = 120 WHERE name = 'downloads'`);
  db.close();
  const again = open(dir);
  expect(again.journalled().map(({ download }) => download.url)).toEqual(
    names.slice(120).map((name) => prepared(name).download.url),
  );
  again.add([prepared('later')], 1);
  expect(again.journalled(), 'nothing of what the database has').toEqual([]);
});

test('what stands in the log of what is finished behind a line that was cut off is read', () => {
  const dir = tempDir();
  const done = { sizeBytes: 1, sha256: null, verified: false, here: true, hashLeft: false, sums: false };
  for (const name of ['a', 'b']) {
    const store = open(dir);
    const [id] = store.add([prepared(name)], 1);
    store.transaction(() => store.finish(id!, { ...done, name }, 1));
    store.close();
    const file = path.join(dir, 'finished.jsonl');
    if (name === 'a') fs.truncateSync(file, fs.statSync(file).size - 5);
  }
  expect(open(dir).finishedLately()).toMatchObject([{ name: 'b' }]);
});

test('the part file of what is fetched once more is none that is left over', () => {
  const store = open(tempDir());
  const [id] = store.add([prepared('a')], 1);
  const done = { sizeBytes: 1, sha256: null, verified: false, here: true, hashLeft: false, sums: false };
  store.transaction(() => store.finish(id!, { ...done, name: 'a' }, 1));
  expect(store.partsLeft()).toHaveLength(1);
  store.forgetContent(id!);
  store.list.moveSelected({ ids: [id!] }, ['done'], 'queued');
  expect(store.partsLeft()).toEqual([]);
});

test.runIf(process.platform === 'linux')('what is finished is kept though the log of it can take no more', () => {
  const dir = tempDir();
  fs.symlinkSync('/dev/full', path.join(dir, 'finished.jsonl'));
  const store = open(dir);
  const [id] = store.add([prepared('a')], 1);
  const done = { sizeBytes: 1, sha256: null, verified: false, here: true, hashLeft: false, sums: false };
  store.transaction(() => store.finish(id!, { ...done, name: 'a' }, 1));
  store.transaction(() => undefined);
  expect(store.get(id!)?.status).toBe('done');
});

test.each([
  ['while it runs', 0, false],
  ['while it runs, of a line cut off', 100, false],
  ['at the next start', 0, true],
  ['at the next start, of a line cut off', 100, true],
  ['at the next start, of all but the last lines', 8000, true],
])(
  'what is added is kept though the journal can take no more, and the next backup comes sooner for it: %s',
  (...args) => {
    const [, bytes, again] = args;
    const dir = tempDir();
    const names = Array.from({ length: 250 }, (_, at) => `${at}.bin`);
    let store = open(dir);
    store.add([prepared('in-backup')], 1);
    expect(store.backUp(Date.now(), 0)).toBe(true);
    const freeDisk = fillDisk(bytes);
    expect(
      store.add(
        names.map((name) => prepared(name)),
        1,
      ),
    ).toHaveLength(250);
    freeDisk();
    store.add([prepared('later')], 1);
    if (again) {
      store.close();
      store = open(dir);
    }
    expect(store.backUp(Date.now(), DAY_MS)).toBe(true);
    expect(store.backUp(Date.now(), DAY_MS), 'once').toBe(false);
    store.add([prepared('last')], 1);
    store.close();
    fs.truncateSync(path.join(dir, 'sluice.db'), 0);
    const restored = open(dir);
    const urls = restored.journalled().map(({ download }) => download.url);
    expect([restored.list.counts().all, urls]).toEqual([252, ['http://a.test/last']]);
  },
);

test('a journal that lacks nothing brings no backup, whatever was last: an add, a backup, or neither', () => {
  const dir = tempDir();
  const start = () => open(dir);
  let store = start();
  expect(store.backUp(Date.now(), DAY_MS), 'the first').toBe(true);
  for (const act of [
    () => undefined,
    () => store.add([prepared('a')], 1),
    () => store.add([prepared('b'), prepared('c')], 1),
    () => store.backUp(Date.now(), 0),
  ]) {
    act();
    store.close();
    store = start();
    expect(store.backUp(Date.now(), DAY_MS), act.toString()).toBe(false);
  }
});
