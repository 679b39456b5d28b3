// The queues that Python programs see, on a real engine: what is owed for a put, who may settle what, and who is woken when.
import fs from 'node:fs';
import { expect, onTestFinished, test, vi } from 'vitest';
import * as v from 'valibot';
import { ListQuery } from '../../../shared/api.ts';
import type { NewDownload } from '../../../shared/download.ts';
import { Engine } from '../../../main/engine/engine.ts';
import { EngineQueues } from '../../../main/gateway/python/engine-queues.ts';
import type { PythonClient, PythonResult } from '../../../main/gateway/python/queues.ts';
import { doneOf, fakeWorkers, type FakeWorker } from '../../engine/fake-worker.ts';
import { tempDir } from '../../support/temp-dir.ts';

const { signal } = new AbortController();
const all = v.parse(ListQuery, {});
let lastClient = 0;
const client = (): PythonClient => ({ id: ++lastClient, name: 'MainProcess', address: '127.0.0.1' });

/** Nobody else works for it, unless the test says so. */
function open(worker?: ReturnType<typeof fakeWorkers>) {
  const [dir, dataDir] = [tempDir(), tempDir()];
  const spawnWorker = (worker ?? fakeWorkers()).spawn;
  const engine = new Engine({ dataDir, spawnWorker, overrides: { dir, workers: 1 } });
  const losses: string[] = [];
  const queues = new EngineQueues(engine, (why) => losses.push(why));
  onTestFinished(async () => {
    queues.close();
    await engine.close();
  });
  if (worker) engine.start();
  const me = client();
  return {
    ...{ engine, queues, losses },
    put: (url: string) => queues.putTask(me, url),
    /** The next task, if there is one. */
    lease: async (by = me) => {
      const got = await queues.leaseTask(by, { timeoutMs: 0, signal });
      return got.kind === 'task' ? got.url : null;
    },
    settle: (result: PythonResult, by = me) => queues.settle(by, result),
    result: async () => {
      const got = await queues.takeResult(me, { timeoutMs: 5000, signal });
      return got.kind === 'result' ? got.result : null;
    },
    add: (download: NewDownload) => engine.adding.add([download], { dir, producer: 'test' }),
  };
}

const success = (url: string, more: object = {}): PythonResult => ({ url, outcome: 'success', ...more });
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

test('a result settles its lease once, with what it tells of the file, or as a failure', async () => {
  const { put, lease, settle, result, engine } = open();
  const [one, two] = ['http://a.test/1', 'http://a.test/2'];
  for (const url of [one, two]) await put(url);
  expect([await lease(), await lease(), await lease()]).toEqual([one, two, null]);
  const told = success(one, { path: '/elsewhere/1', sizeBytes: 7, sha256: 'ab'.repeat(32) });
  expect(await settle(told)).toEqual({ kind: 'ok' });
  expect(await settle(told), 'a second time').toEqual({ kind: 'unknown' });
  expect(await settle(failed(two, 'no such host'))).toEqual({ kind: 'ok' });
  expect(await settle(success(two)), 'too late').toEqual({ kind: 'unknown' });
  expect(await settle(success('http://a.test/3')), 'never leased').toEqual({ kind: 'unknown' });
  expect(await result()).toEqual(told);
  expect(await result()).toEqual(failed(two, 'failed-elsewhere: no such host'));
  expect(engine.view.list(all, 0, 9).rows).toMatchObject([
    { url: one, status: 'done', sizeBytes: 7 },
    { url: two, status: 'failed', failure: { message: 'no such host' } },
  ]);
});

test('a program settles what another one at the door has leased, its own first', async () => {
  const { put, lease, settle, queues, engine } = open();
  const [mine, theirs] = [client(), client()];
  await put('http://a.test/1');
  expect(await lease(theirs)).toBe('http://a.test/1');
  expect(await settle(success('http://a.test/1'), mine)).toEqual({ kind: 'ok' });
  await put('http://a.test/2');
  await lease(theirs);
  queues.giveBack(theirs);
  expect(await settle(success('http://a.test/2'), mine), 'who had it is gone').toEqual({ kind: 'unknown' });
  await vi.waitFor(() => expect(engine.view.counts()).toMatchObject({ queued: 1, done: 1 }));
});

test('a result that contradicts the checksum or the size that is known does not count, and the lease stays', async () => {
  const { add, lease, settle, engine } = open(
    fakeWorkers((worker, { id, epoch, url }) => {
      // It learns the size, comes no further, and takes nothing more.
      const known = { etag: null, lastModified: null, date: null, contentType: null, ranges: true };
      const validators = { ...known, totalBytes: 100, finalUrl: url };
      worker.send({ kind: 'probed', id, epoch, validators, contentDisposition: null });
      const failure = { code: 'timeout', message: 'No answer.', retry: 'by-hand' } as const;
      worker.send({ kind: 'result', id, epoch, outcome: { kind: 'failed', failure, extents: [] } });
    }, 1),
  );
  const url = 'http://a.test/1';
  const sha256 = 'ab'.repeat(32);
  const [id] = await add({ url, checksum: { algorithm: 'sha256', hex: sha256 } });
  await vi.waitFor(() => expect(engine.view.counts().failed).toBe(1));
  await engine.handlers.retry({ ids: [id!] });
  expect(await lease()).toBe(url);
  const wrong = { kind: 'wrong', why: expect.any(String) };
  expect(await settle(success(url, { sha256: 'cd'.repeat(32) }))).toEqual(wrong);
  expect(await settle(success(url, { sha256, sizeBytes: 99 }))).toEqual(wrong);
  expect(engine.view.counts().running).toBe(1);
  expect(await settle(success(url, { sha256, sizeBytes: 100 }))).toEqual({ kind: 'ok' });
  expect(engine.view.list(all, 0, 9).rows).toMatchObject([{ status: 'done', verified: true }]);
});

test.each(['pause', 'remove'] as const)('the join of tasks ends when the last one is gone by hand: %s', async (how) => {
  const { put, lease, queues, engine } = open();
  await put('http://a.test/1');
  await put('http://a.test/2');
  await lease();
  let isJoined = false;
  const joined = queues.join('tasks', signal).then(() => (isJoined = true));
  const which = { query: all };
  await new Promise(setImmediate);
  expect(isJoined).toBe(false);
  await (how === 'pause' ? engine.handlers.pause(which) : engine.handlers.remove({ which, deleteFiles: false }));
  await joined;
});

test('what a person takes off the list has the result that it is owed', async () => {
  const { put, result, engine } = open();
  await put('http://a.test/1 http://a.test/2');
  const [row] = engine.view.list(all, 0, 9).rows;
  await engine.handlers.remove({ which: { ids: [row!.id] }, deleteFiles: false });
  await engine.handlers.remove({ which: { query: all }, deleteFiles: false });
  const why = 'removed: somebody took it off the list';
  expect(await result()).toMatchObject({ url: 'http://a.test/1 http://a.test/2', outcome: 'failed', why });
});

test('the join of tasks ends with the last result, that of results when all are taken, and both with their caller', async () => {
  const { put, lease, settle, result, queues } = open();
  await put('http://a.test/1');
  const gone = new AbortController();
  const left = queues.join('tasks', gone.signal);
  gone.abort();
  await expect(left).rejects.toThrow('gone');
  const tasks = queues.join('tasks', signal);
  await lease();
  await settle(success('http://a.test/1'));
  await tasks;
  const results = queues.join('results', signal);
  await result();
  await results;
  await queues.join('results', signal);
});

test('who waits for a result gets the next one, or nothing when the time is over', async () => {
  const { put, lease, settle, queues } = open();
  const take = (timeoutMs: number) => queues.takeResult(client(), { timeoutMs, signal });
  expect(await take(0)).toEqual({ kind: 'empty' });
  expect(await take(10)).toEqual({ kind: 'empty' });
  const waiting = take(30_000);
  await put('http://a.test/1');
  await lease();
  await settle(success('http://a.test/1'));
  expect(await waiting).toMatchObject({ kind: 'result', result: { url: 'http://a.test/1' } });
});

test('results that nobody takes are kept up to a number, and it is said once when the oldest are forgotten', async () => {
  const { put, result, losses, queues } = open(fetching());
  await put('http://a.test/first');
  await vi.waitFor(() => expect(queues.size('results').depth).toBe(1));
  for (let n = 0; n < 9999; n++) await put('http://a.test/first');
  expect(losses).toEqual([]);
  for (const text of ['http://a.test/first#1', 'http://a.test/first#2']) await put(text);
  expect(losses).toHaveLength(1);
  expect(queues.size('results').depth).toBe(10_000);
  await result();
  for (const text of ['http://a.test/first#3', 'http://a.test/first#4']) await put(text);
  expect(losses).toHaveLength(2);
});

test('what a Python worker gets and gives passes on the pipes of its lane, and on to the store', async () => {
  const { engine, put, lease, settle } = open();
  await put('http://a.test/x');
  const url = (await lease())!;
  await settle(success(url));
  const [worker] = engine.view.traffic(0).workers;
  expect(worker).toMatchObject({ kind: 'python' });
  expect(worker!.outPerS).toBeGreaterThan(0);
  expect(worker!.inPerS).toBeGreaterThan(0);
  await vi.waitFor(() =>
    expect(engine.view.messages(0).map(({ pipe, kind }) => `${pipe}: ${kind}`)).toEqual([
      expect.stringMatching(/ > task queue: put$/),
      `engine > worker ${worker!.id}: tasks`,
      `worker ${worker!.id} > engine: result`,
      'result queue > store: commit',
      `engine > worker ${worker!.id}: settled`,
    ]),
  );
});

test('who waits for results is shown at the result queue while it waits, and what it takes among the messages', async () => {
  const { engine, queues, put, lease, settle } = open();
  const waiting = () => engine.view.traffic(0).resultQueue.waitingGetters;
  const gone = new AbortController();
  const takes = [
    queues.takeResult(client(), { signal }),
    queues.takeResult(client(), { timeoutMs: 60_000, signal: gone.signal }),
  ];
  expect(waiting()).toBe(2);
  gone.abort();
  expect(await takes[1]).toEqual({ kind: 'empty' });
  expect(waiting()).toBe(1);
  await put('http://me:secret@a.test/x');
  await settle(success((await lease())!));
  expect(await takes[0]).toMatchObject({ kind: 'result' });
  expect(waiting()).toBe(0);
  const taken = engine.view.messages(0).filter(({ pipe }) => pipe === 'result queue > python MainProcess');
  expect(taken).toMatchObject([{ kind: 'result', text: expect.stringContaining('a.test/x') as string }]);
  expect(taken[0]!.text).not.toContain('secret');
});
