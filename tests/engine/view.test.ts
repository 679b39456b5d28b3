// What faces see of the whole: every part that works is there.
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
