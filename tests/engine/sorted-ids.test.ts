import Database from 'better-sqlite3';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import * as v from 'valibot';
import { foldName, isPlainName, numbered, partName } from '../../main/engine/names.ts';
import { ListTable } from '../../main/engine/store/list-table.ts';
import { sortKey, whereOf } from '../../main/engine/store/list-query.ts';
import { Sql } from '../../main/engine/store/sql.ts';
import { Store, type Prepared } from '../../main/engine/store/store.ts';
import { ListQuery } from '../../shared/api.ts';
import { sorter, usualCategories } from '../../shared/category.ts';
import { Priority, type DownloadId, type Status } from '../../shared/download.ts';
import { tempDir } from '../support/temp-dir.ts';

const statuses: Status[] = ['queued', 'paused', 'failed', 'done'];

function prepared(name: string, status: Status, host: string, category = 'other'): Prepared {
  const url = `http://${host}/${name}`;
  return { download: { url, category }, urlKey: url, host, dir: '/d', name, status, producer: 'test' };
}

/** A store, and a second look at its file that counts what it runs. */
function open(dir: string) {
  const store = new Store({
    dir,
    names: { fold: foldName, isPlainName, numbered, partName, category: sorter(usualCategories) },
    now: 1,
  });
  const statements: string[] = [];
  const db = new Database(join(dir, 'sluice.db'), { verbose: (sql) => statements.push(String(sql)) });
  onTestFinished(() => {
    store.close();
    db.close();
  });
  return { store, db, list: new ListTable(new Sql(db)), statements };
}

test('scrolling a sorted, filtered list looks at all rows once, whichever way and however far', () => {
  const { store, list, statements } = open(tempDir());
  store.add(
    Array.from({ length: 2000 }, (_, n) => prepared(`${(n * 7919) % 2000}.zip`, statuses[n % 4]!, `h${n % 3}.test`)),
    1,
  );
  for (const sort of ['priority', 'name', 'size', 'host', 'status', 'done', 'added', 'finished'] as const) {
    statements.length = 0;
    const seen = new Set<DownloadId>();
    for (const descending of [false, true]) {
      const query = v.parse(ListQuery, { sort, text: 'zip', descending });
      expect(list.count(query)).toBe(2000);
      for (let offset = 0; offset < 2000; offset += 100) {
        for (const { id } of list.page(query, offset, 100)) if (!descending) seen.add(id);
      }
    }
    expect(seen.size).toBe(2000);
    const sorts = statements.filter((sql) => sql.includes('ORDER BY'));
    expect(sorts.length, sort).toBe(1);
  }
});

test('by progress stand those of unknown size first, then each by its part of the whole, then what is done', () => {
  const { store, list } = open(tempDir());
  store.add(
    ['done', 'most', 'least', 'unknown', 'half'].map((name) => prepared(name, 'queued', 'h.test')),
    1,
  );
  const validators = { etag: null, lastModified: null, date: null, finalUrl: 'http://h.test/', contentType: null };
  const bytes = { most: [90, 100], least: [1000, 900_000], half: [5000, 10_000] } as const;
  const idOf = new Map(list.page(v.parse(ListQuery, {}), 0, 9).map(({ id, name }) => [name, id]));
  for (const [name, [doneBytes, totalBytes]] of Object.entries(bytes)) {
    store.saveProbe(idOf.get(name)!, { ...validators, totalBytes, ranges: true });
    store.saveExtents({ id: idOf.get(name)!, brought: [] }, [], doneBytes);
  }
  store.saveExtents({ id: idOf.get('unknown')!, brought: [] }, [], 10_000_000);
  store.setStatus(idOf.get('done')!, 'done');
  const names = list.page(v.parse(ListQuery, { sort: 'done' }), 0, 9).map(({ name }) => name);
  expect(names).toEqual(['unknown', 'least', 'half', 'most', 'done']);
});

test('a list by speed keeps the ids of the queue’s order, once for its pages and its count', () => {
  const { store, list, statements } = open(tempDir());
  store.add(
    Array.from({ length: 100 }, (_, n) => prepared(`${n}.zip`, 'queued', 'h.test')),
    1,
  );
  for (let round = 0; round < 3; round++) {
    expect(list.sorted.of(v.parse(ListQuery, { sort: 'position' }))).toHaveLength(100);
    expect(list.count(v.parse(ListQuery, { sort: 'speed', descending: true }))).toBe(100);
    expect(list.count(v.parse(ListQuery, { sort: 'left' }))).toBe(100);
  }
  expect(statements.filter((sql) => sql.includes('ORDER BY')).length).toBe(1);
});

test('the hosts of a list are counted as it is filtered, whatever host it names; those with the most first', () => {
  const { store, list } = open(tempDir());
  store.add(
    Array.from({ length: 10 }, (_, n) => prepared(`${n}.zip`, n < 4 ? 'done' : 'queued', `h${n % 3}.test`)),
    1,
  );
  const hosts = (query: object, limit = 10) => list.hosts(v.parse(ListQuery, query), limit);
  expect(hosts({ host: 'h2.test' }).hosts).toEqual([
    { host: 'h0.test', count: 4 },
    { host: 'h1.test', count: 3 },
    { host: 'h2.test', count: 3 },
  ]);
  expect(hosts({ status: 'done' }, 1)).toEqual({ hosts: [{ host: 'h0.test', count: 2 }], total: 3 });
  expect(hosts({ text: 'nothing' })).toEqual({ hosts: [], total: 0 });
});

test('what is kept is what a fresh look would find, whatever changed meanwhile', () => {
  const { store, db, statements } = open(tempDir());
  store.add(
    Array.from({ length: 300 }, (_, n) =>
      prepared(`f${(n * 37) % 300}`, statuses[n % 4]!, `h${n % 5}.test`, n % 2 ? 'video' : 'other'),
    ),
    1,
  );
  // The same every time: a multiplicative generator (Park, Miller).
  let seed = 7;
  const dice = (sides: number) => (seed = (seed * 48_271) % 2_147_483_647) % sides;
  const validators = (totalBytes: number) => ({
    etag: null, lastModified: null, date: null, totalBytes, finalUrl: 'http://a.test/', contentType: null, ranges: true,
  }); // prettier-ignore
  const sha = { sha256: null, verified: false, here: true, hashLeft: false, sums: false };
  let added = 0;
  const any = () => 1 + dice(300);
  const acts: (() => unknown)[] = [
    () => store.lease(any()),
    () => store.lease(any(), '', true),
    () => store.begin(any()),
    () => store.saveExtents({ id: any(), brought: [] }, [], dice(9999)),
    () => store.saveProbe(any(), validators(dice(9999))),
    () => {
      const id = any();
      store.finish(id, { name: store.reserveName(id, `done${dice(99)}`), sizeBytes: dice(99), ...sha }, dice(99));
    },
    () => store.setStatus(any(), statuses[dice(4)]!),
    () => store.forgetContent(any()),
    () => store.reserveName(any(), `renamed${dice(99)}.${dice(2) ? 'mp4' : 'zip'}`),
    () => store.setUrl(any(), `http://h9.test/${dice(99)}`, 'x', `h${dice(9)}.test`),
    () => store.add([prepared(`new${added++}`, 'queued', 'h1.test')], dice(99)),
    () => store.list.reorder([any(), any()], { before: any() }),
    () => store.list.moveSelected({ ids: [any(), any()] }, statuses, 'paused'),
    () => store.list.moveSelected({ query: v.parse(ListQuery, { host: 'h2.test' }) }, statuses, 'queued'),
    () => store.list.setPriority({ ids: [any(), any()] }, Priority.options[dice(3)]!),
    () => store.list.setPriority({ query: v.parse(ListQuery, { host: 'h3.test' }) }, Priority.options[dice(3)]!),
    () => store.bin.hide({ ids: [any(), any()] }, dice(3)),
    () => store.bin.restore(dice(3)),
    () => store.requeueRunning(),
  ]; // prettier-ignore
  const queries = [
    { sort: 'name' }, { sort: 'size', status: 'paused' }, { sort: 'done', text: 'f1' }, { sort: 'status' },
    { sort: 'finished', host: 'h1.test' }, { sort: 'host', text: 'h9' }, { sort: 'position', category: 'video' },
    { sort: 'added', status: 'done' }, { sort: 'priority', status: 'queued' },
  ].map((query) => v.parse(ListQuery, query)); // prettier-ignore
  for (const query of queries) {
    const where = whereOf(query);
    const fresh = db.prepare(`SELECT id FROM downloads WHERE ${where.sql} ORDER BY ${sortKey(query)}, id`).pluck();
    for (let round = 0; round < 60; round++) {
      for (let n = dice(6); n > 0; n--) {
        try {
          acts[dice(acts.length)]!();
        } catch (error) {
          // Two that are done under one name, or one that is gone: not what is tried here.
          if (!String(error).match(/UNIQUE|expected/)) throw error;
        }
      }
      const ids = store.list.ids(query, 0, 10_000);
      expect(ids).toEqual(fresh.all(where.params));
      expect(store.list.count(query)).toBe(ids.length);
      expect(store.list.ids({ ...query, descending: true }, 3, 5)).toEqual(ids.toReversed().slice(3, 8));
    }
  }
  expect(statements.length).toBeGreaterThan(0);
});
