// The queues that Python programs see, on a real engine: what is owed for a put, and to whom.
import fs from 'node:fs';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { NewDownload } from '../../shared/download.ts';
import { Engine } from '../../main/engine/engine.ts';
import { EngineQueues } from '../../main/gateway/engine-queues.ts';
import type { PythonClient, PythonResult } from '../../main/gateway/python-queues.ts';
import { doneOf, fakeWorkers, type FakeWorker } from '../engine/fake-worker.ts';
import { tempDir } from '../support/temp-dir.ts';

const { signal } = new AbortController();
let lastClient = 0;
const client = (): PythonClient => ({ id: ++lastClient, name: 'MainProcess', address: '127.0.0.1' });

/** Nobody else works for it, unless the test says so. */
function open(worker?: ReturnType<typeof fakeWorkers>) {
  const [dir, dataDir] = [tempDir(), tempDir()];
  const spawnWorker = (worker ?? fakeWorkers()).spawn;
  const engine = new Engine({ dataDir, spawnWorker, overrides: { dir, workers: 1 } });
  const queues = new EngineQueues(engine);
  onTestFinished(async () => {
    queues.close();
    await engine.close();
  });
  if (worker) engine.start();
  const me = client();
  return {
    ...{ engine, queues, dir, me },
    put: (url: string) => queues.putTask(me, url),
    result: async () => {
      const got = await queues.takeResult(me, { timeoutMs: 5000, signal });
      return got.kind === 'result' ? got.result : null;
    },
    add: (download: NewDownload) => engine.adding.add([download], { dir, producer: 'test' }),
  };
}

const failed = (url: string, why = ''): PythonResult => ({ url, outcome: 'failed', why });

/** A worker that has each file on the disk at once. */
function fetching() {
  return fakeWorkers((worker, task) => {
    fs.writeFileSync(task.targetPath, '0123456789');
    worker.settle(task, doneOf(task));
  });
}

test.each(['http://a.test', 'http://me:secret@a.test/x', ' HTTP://A.test/%7Ex '])(
  'the result of %j names it as it was put, also when it is put again after it is done',
  async (text) => {
    const { put, result, engine } = open(fetching());
    for (let n = 0; n < 2; n++) {
      expect(await put(text)).toEqual({ kind: 'ok' });
      expect(await result()).toMatchObject({ url: text, outcome: 'success', sizeBytes: 10 });
    }
    expect(engine.view.counts().all).toBe(1);
  },
);

test('a download that is put three times while it runs gives three results, each with its own text', async () => {
  const held: (() => void)[] = [];
  const { put, result, queues } = open(
    fakeWorkers((worker, task) => held.push(() => worker.settle(task, doneOf(task)))),
  );
  const texts = ['http://a.test/x', 'http://A.test/x', 'http://a.test/x'];
  for (const text of texts) await put(text);
  await vi.waitFor(() => expect(held).toHaveLength(1));
  expect(queues.size('results').depth).toBe(0);
  held[0]!();
  const told = [await result(), await result(), await result()];
  expect(told.map((one) => one?.url)).toEqual(texts);
  expect(queues.size('results').depth).toBe(0);
});

test('a text that stands for several addresses gives one result, when all of them have ended', async () => {
  const held: FakeWorker['tasks'] = [];
  const { workers, spawn } = fakeWorkers((_worker, task) => void held.push(task));
  const { put, result, queues } = open({ workers, spawn });
  await put('http://a.test/[1-2].bin');
  await vi.waitFor(() => expect(held).toHaveLength(2));
  const failure = { code: 'failed-elsewhere', message: 'No.', retry: 'by-hand' } as const;
  workers[0]!.settle(held[0]!, { kind: 'failed', failure, extents: [] });
  workers[0]!.settle(held[1]!, doneOf(held[1]!));
  expect(await result()).toEqual(failed('http://a.test/[1-2].bin', 'failed-elsewhere: No.'));
  expect(queues.size('results').depth).toBe(0);
});

test('what is no address is refused', async () => {
  const { put } = open();
  for (const text of ['', '   ', 'nonsense', 'ftp://a.test/x'])
    expect(await put(text)).toMatchObject({ kind: 'refused' });
});

test('what others have added gives a result, too, by its address without what is secret in it', async () => {
  const { add, result } = open(fetching());
  await add({ url: 'http://me:secret@a.test/x' });
  expect(await result()).toMatchObject({ url: 'http://a.test/x', outcome: 'success' });
});
