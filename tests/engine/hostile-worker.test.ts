// Ten thousand workers that talk nonsense, or sense at the wrong time: the engine lives, its memory stays, its real worker goes on.
import { expect, onTestFinished, test, vi } from 'vitest';
import * as v from 'valibot';
import { ListQuery } from '../../shared/api.ts';
import { PROTOCOL } from '../../shared/protocol-number.ts';
import type { Task, ToWorker } from '../../shared/protocol.ts';
import { Engine } from '../../main/engine/engine.ts';
import { memoryPorts } from '../../main/transport/memory.ts';
import { memoryMiB } from '../support/memory.ts';
import { tempDir } from '../support/temp-dir.ts';
import { doneOf, fakeWorkers } from './fake-worker.ts';

const ROUNDS = 10_000;
const HEAP_GROWN_MAX_MIB = 16;

const hello = { kind: 'hello', protocol: PROTOCOL, pid: 1, machine: 'x', runtime: 'x', slots: 1 };
const everything = v.parse(ListQuery, {});
const lease = { id: 1, epoch: 1 };
const done = { kind: 'done', path: '/etc/passwd', sizeBytes: 1, sha256: null, verified: true };

/** Each is said by a worker that has not said hello. */
const firstWords: unknown[] = [
  null,
  [],
  7,
  'x'.repeat(100_000),
  {},
  { kind: 'get', count: 1 },
  { kind: 'result', ...lease, outcome: done },
  { ...hello, protocol: 99 },
  { ...hello, slots: -1 },
  { ...hello, pid: 'root' },
];

/** Proper messages about what their sender does not have; nothing is to come of them. */
const notItsOwn: unknown[] = [
  { kind: 'result', ...lease, outcome: done },
  { kind: 'result', ...lease, outcome: { kind: 'released', extents: [] } },
  { kind: 'saved', ...lease, extents: [[0, 10]] },
  { kind: 'progress', downloads: [{ ...lease, receivedBytes: 1, bytesPerS: 1, connections: 1 }] },
  { kind: 'waiting', ...lease, wait: { until: null, reason: 'place' } },
  { kind: 'event', ...lease, event: 'started', detail: {} },
  { kind: 'exchange', ...lease, exchange: { url: 'x', status: 200, lane: 'fetch', request: [], response: [] } },
  { kind: 'target-taken', ...lease },
  { kind: 'host-cap', host: 'a.test', connections: 1 },
  { kind: 'vitals', rssBytes: 1, cpuMs: 1, loopDelayMs: 1 },
  { kind: 'pong' },
];

/** Each is the last that a worker says, for it is shown the door. */
const lastWords: unknown[] = [
  hello,
  { kind: 'stop' },
  { kind: 'get', count: 0 },
  { kind: 'get', count: 'all' },
  { kind: 'result', id: 2 ** 60, epoch: 1, outcome: done },
  { kind: 'result', ...lease, outcome: { ...done, sizeBytes: -1 } },
  { kind: 'saved', ...lease, extents: 'all' },
  { kind: 'event', ...lease, event: 'nonsense', detail: {} },
  { kind: 'probed', ...lease, validators: {}, contentDisposition: null },
  { kind: 'exchange', ...lease, exchange: { url: 'x', status: 200, lane: 'fetch', request: [['a']], response: [] } },
];

const all53 = 2 ** 53 - 1;
const many = Array.from({ length: 20_001 }, (_, n) => [2 * n, 2 * n + 1]);
const validators = { etag: null, lastModified: null, date: null, totalBytes: null, finalUrl: 'http://a.test/a' };
const probed = { kind: 'probed', ...lease, contentDisposition: null };
const result = { kind: 'result', ...lease };

/** About what its sender does have, and each the last that it says. */
const ofItsOwn: unknown[] = [
  ...[
    Array.from({ length: 1100 }, () => [0, all53]),
    [[0, 2 ** 53]],
    [[5, 5]],
    [[7, 3]],
    [[-1, 3]],
    [[0.5, 3]],
    [[0, 1, 2]],
    [
      [0, 10],
      [9, 20],
    ],
    [
      [10, 20],
      [0, 5],
    ],
    many,
    [null],
    null,
    { length: 1 },
  ].flatMap((extents) => [
    { kind: 'saved', ...lease, extents },
    { ...result, outcome: { kind: 'released', extents } },
    { ...result, outcome: { kind: 'failed', failure: { code: 'internal', message: '', retry: 'soon' }, extents } },
  ]),
  ...[many.map((extent) => [1, ...extent]), [[0, 5, 5]], [[-1, 0, 5]], [[0, 1]], 'all'].map((brought) => ({
    ...{ kind: 'saved', ...lease, extents: [], brought },
  })),
  { ...probed, validators: { ...validators, etag: 'x'.repeat(1e6), contentType: null, ranges: null } },
  { ...probed, validators: { ...validators, contentType: null, ranges: null }, contentDisposition: 'x'.repeat(1e6) },
  ...[
    { request: [['a', 1]] },
    { request: [['a', 'b', 'c']] },
    { request: ['ab'] },
    { response: [['a'.repeat(101), '']] },
    { response: [['a', 'x'.repeat(1001)]] },
    { response: Array.from({ length: 61 }, () => ['a', 'b']) },
    { response: null },
  ].map((lines) => ({
    ...{ kind: 'exchange', ...lease },
    exchange: { url: 'x', status: 200, lane: 'fetch', request: [], response: [], ...lines },
  })),
  { kind: 'get', count: all53 },
];

/** What the worker of a round says, one after the other. */
function speechOf(round: number): unknown[] {
  if (round % 20 > 0) return [firstWords[round % firstWords.length]];
  return [hello, ...notItsOwn, lastWords[(round / 20) % lastWords.length]];
}

test('ten thousand strange workers come and go', { timeout: 60_000 }, async () => {
  const dir = tempDir();
  const { spawn, workers } = fakeWorkers();
  const engine = new Engine({
    dataDir: `${dir}/data`,
    spawnWorker: spawn,
    overrides: { workers: 1, dir: `${dir}/files` },
  });
  onTestFinished(() => engine.close());
  engine.start();
  await engine.adding.add([{ url: 'http://a.test/a' }], { producer: 'test' });
  await vi.waitFor(() => expect(workers[0]?.tasks).toHaveLength(1));
  const { hosts } = engine.view.traffic(0);
  let before = memoryMiB();
  for (let round = 0; round < ROUNDS; round++) {
    const [port, end] = memoryPorts();
    engine.attachWorker(port, `place ${round % 5}`);
    for (const word of speechOf(round)) end.send(word);
    // The others stay until they are shown the door.
    if (round % 3 === 0) end.close();
    if (round % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    if (round === ROUNDS / 5) before = memoryMiB();
  }
  await vi.waitFor(() => expect(engine.view.traffic(0).workers).toHaveLength(1));
  expect(memoryMiB().heap - before.heap).toBeLessThan(HEAP_GROWN_MAX_MIB);
  const row = () => engine.view.list(everything, 0, 1).rows[0]!;
  expect(row()).toMatchObject({ status: 'running', doneBytes: 0, worker: 1 });
  expect(engine.view.traffic(0).hosts).toEqual(hosts);
  workers[0]!.settle(workers[0]!.tasks[0]!, doneOf(workers[0]!.tasks[0]!));
  await vi.waitFor(() => expect(row().status).toBe('done'));
});

test('nonsense about its own lease ends a worker, and the next one has the download', { timeout: 60_000 }, async () => {
  const dir = tempDir();
  const spawnWorker = fakeWorkers().spawn;
  const engine = new Engine({ dataDir: `${dir}/data`, spawnWorker, overrides: { dir: `${dir}/files` } });
  onTestFinished(() => engine.close());
  await engine.adding.add([{ url: 'http://a.test/a' }], { producer: 'test' });
  for (const [round, words] of ofItsOwn.entries()) {
    const [port, end] = memoryPorts();
    const closed = new Promise((resolve) => end.onClose(resolve));
    const task = new Promise<Task>((resolve) => {
      end.onMessage((message) => {
        const heard = message as ToWorker;
        if (heard.kind === 'tasks') resolve(heard.tasks[0]!);
      });
    });
    engine.attachWorker(port, `place ${round}`);
    end.send(hello);
    // More than it can have: that alone is no reason to let it go.
    for (let n = 0; n < 5; n++) end.send({ kind: 'get', count: 1024 });
    const { id, epoch, extents } = await task;
    expect(extents).toEqual([]);
    end.send({ ...(words as object), id, epoch });
    await closed;
  }
  await vi.waitFor(() => {
    expect(engine.view.list(everything, 0, 1).rows[0]).toMatchObject({ status: 'queued', doneBytes: 0 });
  });
});
