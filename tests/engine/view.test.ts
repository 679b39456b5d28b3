// What faces see of the whole: every part that works is there.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Engine } from '../../main/engine/engine.ts';
import { tempDir } from '../support/temp-dir.ts';
import { fakeWorkers } from './fake-worker.ts';

test('the pools of threads are seen, the engine’s and the workers’, as long as they have threads', async () => {
  const dataDir = tempDir();
  const { spawn, workers } = fakeWorkers();
  const finished = { threads: 0, busy: 0, waiting: 0 };
  const receiving = { threads: 2, busy: 2, waiting: 3 };
  const engine = new Engine({
    ...{ dataDir, spawnWorker: spawn, overrides: { dir: dataDir } },
    hasher: { hashFile: async () => '', close: async () => {}, state: () => finished },
    receiving: () => receiving,
  });
  onTestFinished(() => engine.close());
  engine.start();
  const threads = () => engine.view.traffic(0).threads;
  await expect.poll(() => workers[0]?.settings.length).toBe(1);
  expect(threads()).toEqual([{ name: 'sent back', ...receiving }]);
  finished.threads = 1;
  const vitals = { kind: 'vitals', rssBytes: 1, cpuMs: 1, loopDelayMs: 0 } as const;
  workers[0]!.send({ ...vitals, threads: { threads: 1, busy: 1, waiting: 4 } });
  await expect.poll(threads).toEqual([
    { name: 'finished', threads: 1, busy: 0, waiting: 0 },
    { name: 'sent back', ...receiving },
    { name: 'worker 1', threads: 1, busy: 1, waiting: 4 },
  ]);
  workers[0]!.send(vitals);
  await expect.poll(() => threads().length).toBe(2);
});

test('addresses and names can be had as lines, of a query or of ids, without what is secret in them', async () => {
  const dataDir = tempDir();
  const engine = new Engine({ dataDir, spawnWorker: fakeWorkers().spawn, overrides: { dir: dataDir } });
  onTestFinished(() => engine.close());
  const urls = ['https://a.example/1.zip?token=abc', 'https://me:secret@b.example/2.zip', 'https://c.example/3.zip'];
  const { ids } = await engine.handlers.add({
    downloads: urls.map((url) => ({ url })),
    paused: true,
    producer: 'test',
  });
  const query = { status: 'all', text: '', category: null, host: null, sort: 'name', descending: true } as const;
  expect(engine.view.linesOf({ query }, 'name')).toEqual(['3.zip', '2.zip', '1.zip']);
  expect(engine.view.linesOf({ ids: [ids[1]!, ids[0]!, 99] }, 'url')).toEqual([
    'https://b.example/2.zip',
    'https://a.example/1.zip?token=abc',
  ]);
});

test('links, a piece of a page and lists are understood as one', async () => {
  const dataDir = tempDir();
  const engine = new Engine({ dataDir, spawnWorker: fakeWorkers().spawn, overrides: { dir: dataDir } });
  onTestFinished(() => engine.close());
  const list = path.join(dataDir, 'a.urls');
  writeFileSync(list, 'https://c.example/3.zip\nhttps://a.example/1.zip');
  const page = '<a href="https://b.example/2.zip">2</a>';
  const { lines } = await engine.handlers.preview({ files: [list], links: 'https://a.example/1.zip', page });
  expect(lines.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
    'url https://a.example/1.zip',
    'url https://b.example/2.zip',
    'url https://c.example/3.zip',
    'duplicate https://a.example/1.zip',
  ]);
});
