import Database from 'better-sqlite3';
import fs from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { foldName, isPlain, numbered, partName } from '../../main/engine/names.ts';
import { migrations } from '../../main/engine/store/migrations.ts';
import { openDatabase } from '../../main/engine/store/open.ts';
import { QueuedTable } from '../../main/engine/store/queued-table.ts';
import { Sql } from '../../main/engine/store/sql.ts';
import { Store, type Prepared } from '../../main/engine/store/store.ts';
import { ListQuery } from '../../shared/api.ts';
import { sorter, usualCategories } from '../../shared/category.ts';
import type { Status } from '../../shared/download.ts';
import { keepMark, MARK } from '../support/mark.ts';
import { tempDir } from '../support/temp-dir.ts';

const names = { fold: foldName, isPlain, numbered, partName, category: sorter(usualCategories) };
const query = (given: object = {}) => ListQuery.parse(given);

function open(dir: string, now = Date.now()): Store {
  const store = new Store({ dir, names, now });
  onTestFinished(() => {
    try {
      store.close();
    } catch {
      // Closed by the test.
    }
  });
  return store;
}

function prepared(name: string, status: Status = 'queued', host = 'a.test'): Prepared {
  const url = `http://${host}/${name}`;
  return { download: { url }, urlKey: url, host, dir: '/d', name, status, producer: 'test' };
}

test('pages of a sorted list never overlap and hold everything', () => {
  const store = open(tempDir());
  store.add(
    Array.from({ length: 25 }, (_, n) => prepared(`same-size-${n}`)),
    1,
  );
  const seen = [0, 10, 20].flatMap((offset) =>
    store.list.page(query({ sort: 'size' }), offset, 10).map(({ id }) => id),
  );
  expect(new Set(seen).size).toBe(25);
});

test('counts follow every move', () => {
  const store = open(tempDir());
  const [a, b] = store.add([prepared('a'), prepared('b', 'paused'), prepared('c')], 1);
  store.lease(a!);
  store.setStatus(b!, 'failed');
  store.bin.hide({ ids: [b!] }, 5);
  expect(store.list.counts()).toMatchObject({ all: 2, queued: 1, running: 1, paused: 0, failed: 0 });
  store.bin.restore(5);
  expect(store.list.counts()).toMatchObject({ all: 3, failed: 1, categories: { other: 3 } });
});

test.each(['äpfel', 'ÄPFEL', 'a\u0308pfel', 'иван', 'ИВАН', 'straße'])(
  '%s is found in whatever case it is written',
  (text) => {
    const store = open(tempDir());
    store.add([prepared('Äpfel ИваН STRASSE'), prepared('other')], 1);
    expect(store.list.page(query({ text }), 0, 10).map(({ name }) => name)).toEqual(['Äpfel ИваН STRASSE']);
  },
);

test('text is found as it is written, wildcards included', () => {
  const store = open(tempDir());
  store.add([prepared('100%_done'), prepared('100 done')], 1);
  expect(store.list.page(query({ text: '0%_d' }), 0, 10).map(({ name }) => name)).toEqual(['100%_done']);
  expect(store.list.count(query({ text: '100' }))).toBe(2);
});

test('who starts next is found by an index, however long the queue is', () => {
  const dir = tempDir();
  open(dir);
  const statements: string[] = [];
  const db = new Database(path.join(dir, 'sluice.db'), { verbose: (sql) => statements.push(String(sql)) });
  onTestFinished(() => void db.close());
  const queued = new QueuedTable(new Sql(db));
  queued.candidates(1, 10, ['busy.test'], [1]);
  queued.ofHosts(['busy.test']);
  const steps = statements.map((sql) => db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[]);
  expect(steps).toHaveLength(2);
  const [next, hosts] = steps.map((all) => all.map(({ detail }) => detail).join('\n'));
  expect(next).toContain('USING INDEX downloads_queue (status=?)');
  expect(next).not.toContain('ORDER BY');
  expect(hosts).not.toContain('ORDER BY');
});

test('those that failed or are paused for a failure are queued again, and no others', () => {
  const store = open(tempDir());
  const failure = { code: 'disk-full', message: 'No room.', retry: 'when-possible' } as const;
  const ids = store.add(
    (['queued', 'paused', 'done', 'failed', 'paused'] as const).map((status, n) => prepared(`${n}`, status)),
    1,
  );
  store.setStatus(ids[4]!, 'paused', failure);
  expect(store.list.retry({ query: query() })).toBe(2);
  expect(ids.map((id) => store.get(id)!.status)).toEqual(['queued', 'paused', 'done', 'queued', 'queued']);
});

test('a lease has a new epoch each time and its result counts once', () => {
  const store = open(tempDir());
  const [id] = store.add([prepared('a')], 1);
  expect([store.lease(id!).epoch, store.lease(id!).epoch]).toEqual([1, 2]);
  expect(store.recordResult(id!, 2, 'done', 1)).toBe(true);
  expect(store.recordResult(id!, 2, 'failed', 1)).toBe(false);
});

test('names that only differ in case are told apart', () => {
  const store = open(tempDir());
  const [first] = store.add([prepared('Straße.txt')], 1);
  const [second] = store.add([prepared('STRASSE.TXT')], 1);
  expect(store.get(second!)!.name).toBe('STRASSE (1).TXT');
  expect(store.reserveName(first!, 'strasse (1).txt')).toBe('strasse (1) (1).txt');
});

test('ten thousand downloads of one name are added in a moment, each with its own, and all are in the journal', () => {
  const dir = tempDir();
  const store = open(dir);
  const all = Array.from({ length: 10_000 }, (_, n) => ({
    ...prepared('index.html'),
    dir: n % 1500 === 0 ? '/other' : '/d',
    download: { url: `http://a.test/${n}/"index".html` },
  }));
  const ids = store.add(all, 1);
  const last = store.list.page(query({ descending: true }), 0, 1)[0]!;
  expect(last.name).toBe('index (9992).html');
  store.close();
  fs.truncateSync(path.join(dir, 'sluice.db'), 0);
  const noted = open(dir).journalled();
  expect(noted.map(({ id, dir, download }) => ({ id, dir, download }))).toEqual(
    all.map(({ dir, download }, n) => ({ id: ids[n], dir, download })),
  );
});

test('of many that are written at once each has its own row, name and id, whichever names are taken', () => {
  const dir = tempDir();
  keepMark(dir);
  const store = open(dir);
  store.add([prepared('17.zip')], 1);
  const unlike: Record<number, string> = { 25: '24.ZIP', 60: 'ä 60.zip' };
  const wanted = Array.from({ length: 250 }, (_, i) => unlike[i] ?? (i % 40 === 39 ? 'same.pdf' : `${i}.zip`));
  const before = { id: 1000, mark: 'older' };
  const all = wanted.map((name, i): Prepared => {
    const host = i < 120 ? (i % 2 ? 'a.test' : 'b.test') : `h${i % 40}.test`;
    const url = `http://${host}/${i}${i === 33 ? '"\\é' : ''}`;
    // Two that are unlike the others, and one whose id is given.
    const more = i === 70 ? { urlKey: `${url}x` } : i === 170 ? { dir: '/other' } : i === 220 ? { before } : {};
    return { ...prepared(name, 'queued', host), download: { url }, urlKey: url, ...more };
  });
  const ids = store.add(all, 1);
  expect(ids).toEqual(all.map((_, i) => (i < 220 ? i + 2 : i + 780)));
  const rows = ids.map((id) => store.get(id)!);
  expect(rows.map(({ url, host, dir }) => ({ url, host, dir }))).toEqual(
    all.map(({ download: { url }, host, dir }) => ({ url, host, dir })),
  );
  const numbered = ['same.pdf', ...Array.from({ length: 5 }, (_, i) => `same (${i + 1}).pdf`)];
  expect(rows.map(({ name }) => name)).toEqual(
    wanted.map((name, i) =>
      name === 'same.pdf' ? numbered.shift()! : i === 17 ? '17 (1).zip' : i === 25 ? '24 (1).ZIP' : name,
    ),
  );
  for (const { id, name, partName: part } of rows) {
    expect(part).toBe(partName(name, id, id === 1000 ? 'older' : MARK));
  }
  expect(store.list.page(query(), 1, 250).map(({ id }) => id)).toEqual(ids);
  expect(store.list.counts()).toMatchObject({ queued: 251, categories: { archives: 245, documents: 6 } });
  expect(store.findUrl('http://b.test/70x')).toBe(ids[70]);
  expect(store.reserveName(ids[0]!, 'Ä 60.ZIP')).toBe('Ä 60 (1).ZIP');
  expect(store.reserveName(ids[0]!, '61.Zip')).toBe('61 (1).Zip');
});

test('what is said of one of many is kept with it, and nothing with those beside it', () => {
  const store = open(tempDir());
  const said = {
    url: 'http://a.test/1',
    mirrors: ['http://b.test/1'],
    name: 'one.zip',
    headers: { referer: 'http://a.test/' },
    checksum: { algorithm: 'md5', hex: '0'.repeat(32) } as const,
    limitBytesPerS: 1000,
    connections: 2,
    category: 'documents',
    priority: 'high' as const,
  };
  const bare = prepared('two.zip');
  const ids = store.add([bare, { ...prepared('one.zip'), download: said }, prepared('two.zip')], 1);
  const [before, given, after] = ids.map((id) => store.get(id)!);
  expect(given).toMatchObject({ ...said, nameGiven: true, categoryGiven: true });
  const nothing = {
    mirrors: [],
    nameGiven: false,
    headers: {},
    checksum: null,
    limitBytesPerS: null,
    connections: null,
    category: 'archives',
    categoryGiven: false,
    priority: 'normal',
  };
  expect(before).toMatchObject({ ...nothing, url: bare.download.url, name: 'two.zip', producer: 'test', addedAt: 1 });
  expect(after).toMatchObject({ ...nothing, url: bare.download.url, name: 'two (1).zip' });
});

test('entries are moved first, last and before another', () => {
  const store = open(tempDir());
  const [a, b, c, d] = store.add(
    ['a', 'b', 'c', 'd'].map((name) => prepared(name)),
    1,
  ) as [number, number, number, number];
  const order = () =>
    store.list
      .page(query(), 0, 10)
      .map(({ name }) => name)
      .join('');
  store.list.reorder([d], 'first');
  expect(order()).toBe('dabc');
  store.list.reorder([d, a], 'last');
  expect(order()).toBe('bcda');
  store.list.reorder([a, d], { before: c });
  expect(order()).toBe('badc');
  expect(store.list.reorder([b], { before: 99 })).toBe(1);
});

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
  expect(again.trouble).toMatch(/damaged.*restored from the backup/);
  expect(again.list.page(query(), 0, 10).map(({ name }) => name)).toEqual(['in-backup']);
  expect(again.journalled().map(({ download }) => download.url)).toEqual(['http://a.test/after-backup']);
  expect(fs.readdirSync(dir).filter((name) => name.includes('damaged'))).toHaveLength(1);
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
    expect(open(other).trouble, `page ${page} of ${pages}`).toMatch(/damaged/);
  }
});

test('a journal cut in the middle of a line still gives the lines before it and after it', () => {
  const dir = tempDir();
  const store = open(dir);
  store.add([prepared('a'), prepared('b')], 1);
  store.close();
  const file = path.join(dir, 'added.jsonl');
  fs.truncateSync(file, fs.statSync(file).size - 5);
  const again = open(dir);
  again.add([prepared('c')], 1);
  again.close();
  fs.truncateSync(path.join(dir, 'sluice.db'), 0);
  const urls = open(dir)
    .journalled()
    .map(({ download }) => download.url);
  expect(urls).toEqual(['http://a.test/a', 'http://a.test/c']);
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

test('every commit is on the disk when it is told, and readers are not kept waiting by it', () => {
  const { db } = openDatabase(tempDir(), undefined, Date.now());
  // FULL: the log is flushed at each commit, not only when it is moved into the file.
  expect(db.pragma('synchronous', { simple: true })).toBe(2);
  expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
  db.close();
});

test('a long list is added without waiting for its way from the log into the database, which it takes later', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const dir = tempDir();
  const store = open(dir);
  const size = () => fs.statSync(path.join(dir, 'sluice.db')).size;
  const before = size();
  store.add(
    Array.from({ length: 25_000 }, (_, n) => prepared(`${n}.zip`)),
    1,
  );
  store.add([prepared('soon')], 1);
  expect(size()).toBe(before);
  vi.advanceTimersByTime(10_000);
  store.add([prepared('later')], 1);
  expect(size()).toBeGreaterThan(before + 1_000_000);
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

test('a setting out of bounds in the file falls back to its default', () => {
  const dir = tempDir();
  const store = open(dir);
  store.settings.save({ parallel: 3, connectionsPerHost: -5 });
  expect(store.settings.load()).toMatchObject({ parallel: 3, connectionsPerHost: 16 });
});

test('an event log keeps its newest lines', () => {
  const store = open(tempDir());
  const [id] = store.add([prepared('a')], 1);
  for (let at = 1; at <= 400; at++) store.events.add(id!, { at, kind: 'retrying', detail: {} });
  const events = store.events.of(id!);
  expect(events.length).toBeLessThanOrEqual(250);
  expect(events.at(-1)!.at).toBe(400);
});
