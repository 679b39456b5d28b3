// Tasks that quick workers hold ahead of time: queued as far as anybody sees, until they begin.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { answer } from '../../shared/answer.ts';
import { calls, type CallArg, type CallName, type CallResult } from '../../shared/api.ts';
import type { Task } from '../../shared/protocol.ts';
import { Engine, type Signal } from '../../main/engine/engine.ts';
import { tempDir } from '../support/temp-dir.ts';
import { doneOf, fakeWorkers, type FakeWorker } from './fake-worker.ts';

const COUNT = 5000;

let dir: string;
let engine: Engine;
let signals: Signal[];

beforeEach(() => {
  dir = tempDir();
  signals = [];
});
afterEach(() => engine.close());

async function call<N extends CallName>(name: N, arg: CallArg<N>): Promise<CallResult<N>> {
  const result = await answer(calls, engine.handlers, name, arg);
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
  return result.value as CallResult<N>;
}

/** An engine whose one worker is quick until it has something ahead, and then holds what it runs. */
async function withOneAhead(more: { parallel?: number; crash?: boolean } = {}): Promise<{
  worker: FakeWorker;
  workers: FakeWorker[];
  running: Task;
}> {
  const held: Task[] = [];
  const { spawn, workers } = fakeWorkers(
    (worker, task) => {
      if (worker.waiting.length > 0 || workers.length > 1) held.push(task);
      // Not within the same moment: how fast it is can be told only over a while.
      else setImmediate(() => (worker.waiting.length > 0 ? held.push(task) : worker.settle(task, doneOf(task))));
    },
    8,
    3,
  );
  const overrides = { workers: 1, parallel: more.parallel ?? 1, dir: `${dir}/files` };
  engine = new Engine({ dataDir: `${dir}/data`, spawnWorker: spawn, overrides });
  engine.onSignal((signal) => signals.push(signal));
  engine.start();
  await call('add', { downloads: Array.from({ length: COUNT }, (_, n) => ({ url: `http://a.test/${n}.bin` })) });
  await vi.waitFor(() => {
    expect(workers[0]!.waiting.length).toBeGreaterThan(0);
    expect(held).toHaveLength(more.parallel ?? 1);
  }, 10_000);
  return { worker: workers[0]!, workers, running: held[0]! };
}

const statusOf = async (id: number) => (await call('detail', { id }))?.row.status;
const isStarted = (id: number) => signals.some((signal) => signal.event === 'started' && signal.id === id);
const next = ({ id, epoch }: Task) => ({ id, epoch });
const beginning = ({ id, epoch, connections }: Task) => ({ id, epoch, connections });

test('what waits ahead is queued for everybody who looks, and runs from when it begins', async () => {
  const { worker, running } = await withOneAhead();
  const waiting = worker.waiting[0]!;
  expect(waiting.id).toBeGreaterThan(running.id);
  expect(await statusOf(waiting.id)).toBe('queued');
  expect(isStarted(waiting.id)).toBe(false);
  expect((await call('overview', null)).counts.running).toBe(1);
  expect(engine.view.running().map(({ id }) => id)).toEqual([running.id]);
  const { workers: lanes, taskQueue } = await call('traffic', { afterSeq: 0 });
  expect(lanes.flatMap(({ leases }) => leases).map(({ id }) => id)).toEqual([running.id]);
  expect(taskQueue.depth).toBe((await call('overview', null)).counts.queued);

  worker.send({ kind: 'result', ...next(running), outcome: doneOf(running), next: beginning(waiting) });
  await vi.waitFor(async () => expect(await statusOf(waiting.id)).toBe('running'));
  expect(isStarted(waiting.id)).toBe(true);
  expect(await statusOf(running.id)).toBe('done');
  expect(engine.view.running().map(({ id }) => id)).toEqual([waiting.id]);
});

test('one that begins and ends between two looks counts once, and as started before it is done', async () => {
  const { worker, running } = await withOneAhead();
  const waiting = worker.waiting[0]!;
  worker.send({ kind: 'result', ...next(running), outcome: doneOf(running), next: beginning(waiting) });
  worker.send({ kind: 'result', ...next(waiting), outcome: doneOf(waiting) });
  worker.send({ kind: 'result', ...next(waiting), outcome: doneOf(waiting) });
  await vi.waitFor(async () => expect(await statusOf(waiting.id)).toBe('done'));
  const told = signals.filter((signal) => 'id' in signal && signal.id === waiting.id).map(({ event }) => event);
  expect(told.filter((event) => event !== 'progress')).toEqual(['added', 'started', 'done']);
});

test('no more run at once than may, whatever waits ahead', async () => {
  const { worker, running } = await withOneAhead({ parallel: 2 });
  const before = worker.tasks.length;
  worker.send({ kind: 'result', ...next(running), outcome: doneOf(running), next: beginning(worker.waiting[0]!) });
  await vi.waitFor(async () => expect(await statusOf(running.id)).toBe('done'));
  worker.send({ kind: 'get', count: 5 });
  // The turn that hands out after this has been: another one begins only when the place of one is really free.
  await call('add', { downloads: [{ url: 'http://b.test/other.bin' }] });
  await vi.waitFor(async () => expect((await call('overview', null)).counts.running).toBe(2));
  expect(worker.tasks).toHaveLength(before);
});

test('what waits ahead goes back unspent when its worker dies', async () => {
  const { worker, workers, running } = await withOneAhead();
  const waiting = [...worker.waiting];
  worker.crash();
  await vi.waitFor(() => expect(workers).toHaveLength(2));
  await vi.waitFor(() => expect(workers[1]!.tasks.map(({ id }) => id)).toEqual([running.id]));
  const lost = async (id: number) =>
    (await call('detail', { id }))!.events.filter(({ kind }) => kind === 'worker-lost' || kind === 'started');
  for (const { id } of waiting) {
    expect(await statusOf(id)).toBe('queued');
    expect(await lost(id)).toEqual([]);
  }
  expect((await lost(running.id)).map(({ kind }) => kind)).toEqual(['started', 'worker-lost', 'started']);
});

test.each(['pause', 'remove'] as const)('%s reaches what waits ahead, and it stays so', async (verb) => {
  const { worker, running } = await withOneAhead();
  const { id } = worker.waiting[0]!;
  if (verb === 'pause') await call('pause', { ids: [id] });
  else await call('remove', { which: { ids: [id] } });
  await vi.waitFor(() => expect(worker.cancelled).toContain(id));
  worker.send({ kind: 'result', ...next(running), outcome: doneOf(running) });
  await vi.waitFor(async () => expect(await statusOf(running.id)).toBe('done'));
  expect(await statusOf(id)).toBe(verb === 'pause' ? 'paused' : undefined);
  expect(worker.tasks.map((task) => task.id)).not.toContain(id);
});

test('changed settings call back what waits ahead', async () => {
  const { worker } = await withOneAhead();
  const waiting = worker.waiting.map(({ id }) => id);
  await call('changeSettings', { parallel: 2 });
  expect(worker.cancelled).toEqual(waiting);
});

test('one that is paused and resumed while it begins is downloaded all the same', async () => {
  const { worker, running } = await withOneAhead();
  const waiting = worker.waiting[0]!;
  const answers: (() => void)[] = [];
  const { settle } = worker;
  worker.settle = (task, outcome) => void answers.push(() => settle(task, outcome));
  await call('pause', { ids: [waiting.id] });
  await call('resume', { ids: [waiting.id] });
  worker.send({ kind: 'result', ...next(running), outcome: doneOf(running), next: beginning(waiting) });
  await vi.waitFor(async () => expect(await statusOf(running.id)).toBe('done'));
  await vi.waitFor(() => expect(answers).toHaveLength(1));
  answers[0]!();
  await vi.waitFor(() => expect(worker.tasks.map(({ id }) => id)).toContain(waiting.id));
});

test('a worker that begins one with other connections than were granted meanwhile is told', async () => {
  const { worker, running } = await withOneAhead();
  const waiting = worker.waiting[0]!;
  const begun = { ...next(waiting), connections: running.connections - 1 };
  worker.send({ kind: 'result', ...next(running), outcome: doneOf(running), next: begun });
  const { id } = waiting;
  await vi.waitFor(() => expect(worker.granted).toEqual([{ id, connections: running.connections }]));
});
