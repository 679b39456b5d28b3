// The next start after the worst: what a damaged database, or one without its log, leaves of the list and of its files.
import fs from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import type { Engine, EngineOptions } from '../../main/engine/engine.ts';
import { add, call, dir, rows, start as startWith, stop } from './engine-for-test.ts';
import { doneOf, fakeWorkers } from './fake-worker.ts';
import { expectSaid } from '../support/said.ts';

let nowMs: number;

beforeEach(() => {
  nowMs = Date.parse('2026-01-10T12:00:00Z');
});

const start = (spawn: EngineOptions['spawnWorker']) => startWith(spawn, {}, () => nowMs);

const urls = async (engine: Engine) => (await rows(engine)).map(({ url }) => url);

/** What else may have become of a list: the file with its mark is gone, or it is of a time before there were marks. */
const lists: [string, (data: string, part: string) => string][] = [
  ['as it was', (_, part) => part],
  ['without its mark', (data, part) => (fs.rmSync(path.join(data, 'mark')), part)],
  [
    'of an older Sluice',
    (data, part) => {
      const journal = path.join(data, 'added.jsonl');
      fs.writeFileSync(journal, fs.readFileSync(journal, 'utf8').replaceAll(/"mark":"[\da-f]{8}",/g, ''));
      return part.replace(/[\da-f]{8}-2\.sluice-part$/, '2.sluice-part');
    },
  ],
];

test.each(lists)('after a damaged database unfinished files are gone on with; the list %s', async (_, becomes) => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn);
  await add(engine, 'http://a.test/1.bin');
  await add(engine, 'http://a.test/2.bin');
  await vi.waitFor(() => expect(workers[0]?.tasks).toHaveLength(2));
  const before = workers[0]!.tasks[1]!;
  await stop(engine);
  const data = path.join(dir, 'data');
  const note = { boot: 'b', file: '1:2:3', dated: true, content: '["\\"a\\"",null,100]', extents: [[0, 60]] };
  fs.mkdirSync(path.join(data, 'parts'), { recursive: true });
  fs.writeFileSync(path.join(data, 'parts', '2'), `${JSON.stringify(note)}\n`);
  fs.writeFileSync(path.join(data, 'parts', '9'), `${JSON.stringify(note)}\n`);
  fs.truncateSync(path.join(data, 'sluice.db'), 5000);
  // A line of it is lost, too.
  const journal = path.join(data, 'added.jsonl');
  fs.writeFileSync(journal, fs.readFileSync(journal, 'utf8').split('\n').slice(1).join('\n'));
  const partPath = becomes(data, before.partPath);
  const again = start(spawn);
  await vi.waitFor(() => expect(workers.at(-1)!.tasks).toHaveLength(1));
  const { id, url } = before;
  expect(workers.at(-1)!.tasks[0]).toMatchObject({ id, url, partPath, validators: { etag: '"a"', totalBytes: 100 } });
  expectSaid(again.view.totals().trouble!);
});

test.each([true, false])(
  'after a damaged database what was finished since the backup is not fetched once more while its file is there; was there a backup: %s',
  async (hasBackup) => {
    const names = ['there.bin', 'gone.bin', 'cut.bin', 'touched.bin'];
    const { spawn, workers } = fakeWorkers();
    let engine = start(spawn);
    await add(engine, ...names.map((name) => `http://a.test/${name}`));
    if (hasBackup) {
      await stop(engine);
      nowMs += 2 * 24 * 3_600_000;
      engine = start(spawn);
    }
    await vi.waitFor(() => expect(workers.at(-1)?.tasks).toHaveLength(4));
    for (const task of workers.at(-1)!.tasks) {
      fs.mkdirSync(path.dirname(task.targetPath), { recursive: true });
      fs.writeFileSync(task.targetPath, 'x'.repeat(10));
      fs.utimesSync(task.targetPath, nowMs / 1000, nowMs / 1000);
      workers.at(-1)!.settle(task, doneOf(task));
    }
    await vi.waitFor(async () => expect((await rows(engine)).every(({ status }) => status === 'done')).toBe(true));
    await stop(engine);
    const file = (name: string) => path.join(dir, 'files', name);
    fs.rmSync(file('gone.bin'));
    fs.truncateSync(file('cut.bin'), 9);
    fs.utimesSync(file('cut.bin'), nowMs / 1000, nowMs / 1000);
    fs.utimesSync(file('touched.bin'), nowMs / 1000 + 60, nowMs / 1000 + 60);
    fs.truncateSync(path.join(dir, 'data', 'sluice.db'), 5000);
    const again = start(spawn);
    await vi.waitFor(() => expect(workers.at(-1)!.tasks).toHaveLength(3));
    const found = (await rows(again)).map(({ name, status, doneBytes }) => ({ name, status, doneBytes }));
    expect(found.filter(({ status }) => status === 'done')).toEqual([
      { name: 'there.bin', status: 'done', doneBytes: 10 },
    ]);
    // The list is backed up with what it has learnt.
    await stop(again);
    fs.truncateSync(path.join(dir, 'data', 'sluice.db'), 5000);
    expect((await rows(start(spawn))).filter(({ status }) => status === 'done')).toHaveLength(1);
  },
);

test('what was added is there again when the log of the database was taken away after a crash', async () => {
  const { spawn } = fakeWorkers();
  const engine = start(spawn);
  await add(engine, 'http://a.test/1', 'http://a.test/2');
  // A copy without the log, as it would be found after a kill.
  const data = path.join(dir, 'data');
  const kept = path.join(dir, 'kept');
  fs.mkdirSync(kept);
  for (const name of ['sluice.db', 'added.jsonl']) fs.copyFileSync(path.join(data, name), path.join(kept, name));
  await stop(engine);
  fs.rmSync(data, { recursive: true });
  fs.renameSync(kept, data);
  const again = start(spawn);
  expect((await urls(again)).sort()).toEqual(['http://a.test/1', 'http://a.test/2']);
  await call(again, 'remove', { which: { ids: (await rows(again)).map(({ id }) => id) }, deleteFiles: false });
  await stop(again);
  expect(await urls(start(spawn))).toEqual([]);
});

test('a start that finds less in the journal than in the list backs the list up before anything is added to it', async () => {
  const { spawn } = fakeWorkers();
  let engine = start(spawn);
  await add(engine, 'http://a.test/1');
  await add(engine, 'http://a.test/2');
  await stop(engine);
  const data = path.join(dir, 'data');
  const journal = path.join(data, 'added.jsonl');
  fs.truncateSync(journal, fs.statSync(journal).size - 5);
  engine = start(spawn);
  await add(engine, 'http://a.test/3');
  await stop(engine);
  fs.truncateSync(path.join(data, 'sluice.db'), 5000);
  expect((await urls(start(spawn))).sort()).toEqual(['http://a.test/1', 'http://a.test/2', 'http://a.test/3']);
});

const damages: [string, (file: string) => void][] = [
  ['cut in half', (file) => fs.truncateSync(file, Math.floor(fs.statSync(file).size / 2))],
  ['cut within a page', (file) => fs.truncateSync(file, 5000)],
  ['emptied', (file) => fs.truncateSync(file, 0)],
  ['overwritten in the middle', (file) => scribble(file, Math.floor(fs.statSync(file).size / 2), 16_384)],
  ['overwritten at its head', (file) => scribble(file, 0, 100)],
  ['replaced by something else', (file) => fs.writeFileSync(file, 'not a database at all\n'.repeat(1000))],
  ['deleted', (file) => fs.rmSync(file)],
];

function scribble(file: string, start: number, length: number): void {
  const handle = fs.openSync(file, 'r+');
  fs.writeSync(handle, Buffer.alloc(length, 0xa5), 0, length, start);
  fs.closeSync(handle);
}

for (const [how, damage] of damages) {
  test(`no address is lost when the database was ${how}`, async () => {
    const { spawn } = fakeWorkers();
    const engine = start(spawn);
    const wanted = Array.from({ length: 200 }, (_, n) => `http://a.test/some/long/enough/path/${n}`);
    await add(engine, ...wanted);
    await stop(engine);
    const file = path.join(dir, 'data', 'sluice.db');
    expect(fs.statSync(file).size).toBeGreaterThan(16_384);
    damage(file);
    const damaged = fs.existsSync(file) ? fs.readFileSync(file) : null;
    const again = start(spawn);
    const found = (await call(again, 'list', { query: {}, offset: 0, limit: 500 })).rows.map(({ url }) => url);
    expect(found.sort()).toEqual(wanted.sort());
    // What is damaged is kept, for somebody who knows more.
    const kept = fs.readdirSync(path.join(dir, 'data')).filter((name) => name.startsWith('sluice.db.damaged-'));
    if (damaged && damaged.length > 0) {
      expect(kept.map((name) => fs.readFileSync(path.join(dir, 'data', name)).equals(damaged))).toContain(true);
    }
  });
}
