// A clock that somebody sets, back or ahead.
import fs from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import type { Engine, EngineOptions } from '../../main/engine/engine.ts';
import { Store } from '../../main/engine/store/store.ts';
import { add, committedExtents, dir, rows, start as startWith, stop } from './engine-for-test.ts';
import { doneOf, fakeWorkers } from './fake-worker.ts';

let nowMs: number;

beforeEach(() => {
  nowMs = Date.parse('2026-01-10T12:00:00Z');
});

const start = (spawn: EngineOptions['spawnWorker']) => startWith(spawn, {}, () => nowMs);

const urls = async (engine: Engine) => (await rows(engine)).map(({ url }) => url);

test('a clock that jumps back or ahead starts what is queued, and keeps the list and its backups', async () => {
  const day = 24 * 3_600_000;
  const { spawn } = fakeWorkers((worker, task) => worker.settle(task, doneOf(task)));
  for (const [n, jump] of [0, -400 * day, 800 * day, -800 * day].entries()) {
    nowMs += jump;
    const engine = start(spawn);
    await add(engine, `http://a.test/${n}`);
    await vi.waitFor(async () =>
      expect(new Set((await rows(engine)).map(({ status }) => status))).toEqual(new Set(['done'])),
    );
    expect(await rows(engine)).toHaveLength(n + 1);
    await stop(engine);
  }
});

test('a clock that is set back while downloads run delays no commit', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn);
  const [id] = await add(engine, 'http://a.test/file');
  await vi.waitFor(() => expect(workers[0]?.tasks).toHaveLength(1));
  const lease = { id: id!, epoch: workers[0]!.tasks[0]!.epoch };
  workers[0]!.send({ kind: 'saved', ...lease, extents: [[0, 10]] });
  await vi.waitFor(() => expect(committedExtents()).toEqual([[0, 10]]));
  nowMs -= 3_600_000;
  workers[0]!.send({ kind: 'saved', ...lease, extents: [[0, 20]] });
  await vi.waitFor(() => expect(committedExtents()).toEqual([[0, 20]]));
});

test('after the clock was set back, a backup made now counts as the newest', async () => {
  const { spawn } = fakeWorkers();
  const data = path.join(dir, 'data');
  const names = {
    fold: (name: string) => name,
    numbered: (name: string, n: number) => `${name}${n}`,
    isPlainName: () => false,
    partName: String,
    category: String,
  };
  const ahead = new Store({ dir: data, names, now: nowMs });
  const far = nowMs + 1000 * 24 * 3_600_000;
  expect(ahead.backUp(far, 0)).toBe(true);
  for (const name of fs.readdirSync(path.join(data, 'backups')))
    fs.utimesSync(path.join(data, 'backups', name), far / 1000, far / 1000);
  ahead.close();
  const engine = start(spawn);
  await add(engine, 'http://a.test/kept');
  await stop(engine);
  const now = new Store({ dir: data, names, now: nowMs });
  expect(now.backUp(nowMs, 24 * 3_600_000)).toBe(true);
  now.close();
  fs.truncateSync(path.join(data, 'sluice.db'), 5000);
  expect(await urls(start(spawn))).toEqual(['http://a.test/kept']);
});
