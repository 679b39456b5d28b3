// Ten thousand workers that talk nonsense, or sense at the wrong time: the engine lives, its memory stays, its real worker goes on.
import { expect, onTestFinished, test, vi } from 'vitest';
import { ListQuery } from '../../shared/api.ts';
import { PROTOCOL } from '../../shared/protocol.ts';
import { Engine } from '../../main/engine/engine.ts';
import { memoryPorts } from '../../main/transport/memory.ts';
import { memoryMiB } from '../support/memory.ts';
import { tempDir } from '../support/temp-dir.ts';
import { doneOf, fakeWorkers } from './fake-worker.ts';

const ROUNDS = 10_000;
const HEAP_GROWN_MAX_MIB = 16;

const hello = { kind: 'hello', protocol: PROTOCOL, pid: 1, machine: 'x', runtime: 'x', slots: 1 };
const everything = ListQuery.parse({});
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
  let before = memoryMiB();
  for (let round = 0; round < ROUNDS; round++) {
    const [port, end] = memoryPorts();
    engine.attachWorker(port, `place ${round % 5}`);
    for (const word of speechOf(round)) end.send(word);
    if (round % 3 === 0) end.close();
    else setImmediate(() => end.close());
    if (round % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    if (round === ROUNDS / 5) before = memoryMiB();
  }
  await vi.waitFor(() => expect(engine.view.traffic(0).workers).toHaveLength(1));
  expect(memoryMiB().heap - before.heap).toBeLessThan(HEAP_GROWN_MAX_MIB);
  const row = () => engine.view.list(everything, 0, 1).rows[0]!;
  expect(row()).toMatchObject({ status: 'running', doneBytes: 0, worker: 1 });
  workers[0]!.settle(workers[0]!.tasks[0]!, doneOf(workers[0]!.tasks[0]!));
  await vi.waitFor(() => expect(row().status).toBe('done'));
});
