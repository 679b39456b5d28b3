// Rows and what stands beside them: leases, the queue, settings, events.
import Database from 'better-sqlite3';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { QueuedTable } from '../../../main/engine/store/queued-table.ts';
import { Sql } from '../../../main/engine/store/sql.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { open, prepared } from './store-for-test.ts';

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

test('a lease has a new epoch each time and its result counts once', () => {
  const store = open(tempDir());
  const [id] = store.add([prepared('a')], 1);
  expect([store.lease(id!).epoch, store.lease(id!).epoch]).toEqual([1, 2]);
  expect(store.recordResult(id!, 2, 'done', 1)).toBe(true);
  expect(store.recordResult(id!, 2, 'failed', 1)).toBe(false);
});

test('a setting out of bounds in the file falls back to its default', () => {
  const dir = tempDir();
  const store = open(dir);
  store.settings.save({ parallel: 3, connectionsPerHost: -5 });
  expect(store.settings.load()).toMatchObject({ parallel: 3, connectionsPerHost: 16 });
});

test('a stored proxy that is none is not left out: nothing goes past the one that was meant', () => {
  const store = open(tempDir());
  store.settings.save({ proxy: 'ftp://p:1' });
  expect(store.settings.load().proxy).toBe('ftp://p:1');
});

test('an event log keeps its newest lines', () => {
  const store = open(tempDir());
  const [id] = store.add([prepared('a')], 1);
  for (let at = 1; at <= 400; at++) store.events.add(id!, { at, kind: 'retrying', detail: {} });
  const events = store.events.of(id!);
  expect(events.length).toBeLessThanOrEqual(250);
  expect(events.at(-1)!.at).toBe(400);
});
