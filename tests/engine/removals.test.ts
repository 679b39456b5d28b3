// What a removal takes from the disk: what is unfinished, what is finished only when that was asked for, and never what is another's.
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Engine } from '../../main/engine/engine.ts';
import { keepMark } from '../support/mark.ts';
import { tempDir } from '../support/temp-dir.ts';
import { fakeWorkers } from './fake-worker.ts';

const UNDO_MS = 10_000;

async function listOfFour() {
  const dir = tempDir();
  const dataDir = path.join(dir, 'data');
  const files = path.join(dir, 'files');
  keepMark(dataDir);
  const { spawn } = fakeWorkers((worker, task) => {
    const isWhole = task.url.includes('whole');
    fs.writeFileSync(isWhole ? task.targetPath : task.partPath, 'x');
    const failure = { code: 'not-found', message: 'gone', retry: 'by-hand' } as const;
    const done = { kind: 'done', path: task.targetPath, sizeBytes: 1, sha256: null, verified: false } as const;
    worker.settle(task, isWhole ? done : { kind: 'failed', failure, extents: [[0, 1]] });
  });
  const engine = new Engine({ dataDir, spawnWorker: spawn, overrides: { workers: 1, dir: files } });
  onTestFinished(() => engine.close());
  engine.start();
  const urls = ['whole-1', 'whole-2', 'part-3', 'part-4'].map((name) => ({ url: `http://a.test/${name}.bin` }));
  const ids = await engine.adding.add(urls, { producer: 'test' });
  await vi.waitFor(() => expect(engine.idle).toBe(true));
  // Another machine went on with the last one; a file of its name here is somebody else's.
  const db = new Database(path.join(dataDir, 'sluice.db'));
  db.prepare(`UPDATE downloads SET place = 'elsewhere' WHERE id = ?`).run(ids[3]);
  db.close();
  for (const name of ['mine', 'part-4.bin']) fs.writeFileSync(path.join(files, name), name);
  return { engine, dataDir, files, ids, left: () => fs.readdirSync(files).sort() };
}

test('once it cannot be undone any more, and no sooner', async () => {
  const { engine, ids, left } = await listOfFour();
  const before = left();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  await engine.handlers.remove({ which: { ids: [ids[0]!] }, deleteFiles: true });
  await engine.handlers.remove({ which: { ids: ids.slice(1) }, deleteFiles: false });
  vi.advanceTimersByTime(UNDO_MS - 1);
  expect(left()).toEqual(before);
  vi.advanceTimersByTime(1);
  expect(left()).toEqual(['mine', 'part-4.bin', 'whole-2.bin']);
});

test('a file that only has the name of one stays: of one that is not done, and of one that another machine has', async () => {
  const { engine, dataDir, files, ids, left } = await listOfFour();
  const db = new Database(path.join(dataDir, 'sluice.db'));
  db.prepare(`UPDATE downloads SET place = 'elsewhere' WHERE id = ?`).run(ids[1]);
  db.close();
  fs.writeFileSync(path.join(files, 'part-3.bin'), 'somebody else’s');
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  await engine.handlers.remove({ which: { ids: [...ids] }, deleteFiles: true });
  vi.advanceTimersByTime(UNDO_MS);
  expect(left()).toEqual(['mine', 'part-3.bin', 'part-4.bin', 'whole-2.bin']);
});

test('a start clears up what was left of it, and leaves finished files alone', async () => {
  const { engine, dataDir, ids, left } = await listOfFour();
  await engine.handlers.remove({ which: { ids: [...ids] }, deleteFiles: true });
  await engine.close();
  const again = new Engine({ dataDir, spawnWorker: fakeWorkers().spawn });
  onTestFinished(() => again.close());
  expect(left()).toEqual(['mine', 'part-4.bin', 'whole-1.bin', 'whole-2.bin']);
  expect(again.view.counts().all).toBe(0);
});

test('one that comes back has its file as before, though its name was given away meanwhile', async () => {
  const { engine, ids, left } = await listOfFour();
  const again = (name: string) =>
    engine.adding.add([{ url: `http://a.test/${name}` }], { producer: 'test', paused: true });
  const removed = [ids[0]!, ids[2]!];
  const { undo } = await engine.handlers.remove({ which: { ids: removed }, deleteFiles: false });
  const others = [...(await again('whole-1.bin')), ...(await again('part-3.bin'))];
  expect(others.map((id) => engine.view.detail(id)!.row.name)).toEqual(['whole-1.bin', 'part-3.bin']);
  expect(await engine.handlers.undoRemove({ undo: undo! })).toEqual({ changed: 2 });
  const names = [...removed, ...others].map((id) => engine.view.detail(id)!.row.name);
  expect(names).toEqual(['whole-1.bin', 'part-3 (1).bin', 'whole-1 (1).bin', 'part-3.bin']);
  expect(left()).toContain('whole-1.bin');
});

test('a file that has come anew in the place of one to be deleted stays', async () => {
  const { engine, ids, files, left } = await listOfFour();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  await engine.handlers.remove({ which: { ids: ids.slice(0, 2) }, deleteFiles: true });
  fs.rmSync(path.join(files, 'whole-1.bin'));
  const added = engine.adding.add([{ url: 'http://a.test/whole-1.bin' }], { producer: 'test' });
  for (let turns = 0; turns < 100 && !left().includes('whole-1.bin'); turns++) await vi.advanceTimersByTimeAsync(10);
  await added;
  await vi.advanceTimersByTimeAsync(UNDO_MS);
  expect(left()).toContain('whole-1.bin');
  expect(left()).not.toContain('whole-2.bin');
});
