// The database file: how it is opened, and which formats are read.
import Database from 'better-sqlite3';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { migrations } from '../../../main/engine/store/migrations.ts';
import { openDatabase } from '../../../main/engine/store/open.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { open, query } from './store-for-test.ts';

test('every commit is on the disk when it is told, and readers are not kept waiting by it', () => {
  const { db } = openDatabase(tempDir(), undefined, Date.now());
  // FULL: the log is flushed at each commit, not only when it is moved into the file.
  expect(db.pragma('synchronous', { simple: true })).toBe(2);
  expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
  db.close();
});

test.each(migrations.slice(1).map((_, step) => step + 1))('a list of format %i is read by this Sluice', (version) => {
  const dir = tempDir();
  const db = new Database(path.join(dir, 'sluice.db'));
  for (const step of migrations.slice(0, version)) db.exec(step);
  db.pragma(`user_version = ${version}`);
  db.prepare(
    `INSERT INTO downloads (url, url_key, host, dir, name, folded, category, status, position, extents, done_bytes, producer, added_at)
     VALUES ('http://a.test/f', 'http://a.test/f', 'a.test', '/d', 'f', 'F', 'Other', 'paused', 1, '[[0,5]]', 5, 'test', 1)`,
  ).run();
  db.prepare(`INSERT INTO counts VALUES ('paused', 'Other', 1)`).run();
  db.close();
  const store = open(dir);
  expect(store.trouble).toBeNull();
  expect(store.list.page(query(), 0, 10)).toMatchObject([
    { url: 'http://a.test/f', status: 'paused', extents: [[0, 5]], doneBytes: 5, brought: [], partTimeMs: null },
  ]);
  store.list.moveSelected({ ids: [1] }, ['paused'], 'queued');
  expect(store.list.counts()).toMatchObject({ all: 1, queued: 1, paused: 0 });
  store.close();
  const again = new Database(path.join(dir, 'sluice.db'), { readonly: true });
  expect(again.pragma('user_version', { simple: true })).toBe(migrations.length);
  again.close();
});

test('a database of a newer Sluice is refused and left alone', () => {
  const dir = tempDir();
  open(dir).close();
  const before = fs.readdirSync(dir).sort();
  const database = path.join(dir, 'sluice.db');
  const bytes = fs.readFileSync(database);
  bytes.writeUInt32BE(999, 60);
  fs.writeFileSync(database, bytes);
  expect(() => open(dir)).toThrow(/newer Sluice/);
  expect(
    fs
      .readdirSync(dir)
      .filter((name) => !/-(wal|shm)$/.test(name))
      .sort(),
  ).toEqual(before);
});
