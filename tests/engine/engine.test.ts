import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { answer } from '../../shared/answer.ts';
import { calls, type CallArg, type CallName, type CallResult } from '../../shared/api.ts';
import type { Extent, Row, Validators } from '../../shared/download.ts';
import type { Outcome } from '../../shared/protocol.ts';
import { Engine, type EngineOptions, type Signal } from '../../main/engine/engine.ts';
import { memoryPorts } from '../../main/transport/memory.ts';
import { tempDir } from '../support/temp-dir.ts';
import { doneOf, fakeWorkers } from './fake-worker.ts';

let dir: string;
const engines: Engine[] = [];

beforeEach(() => {
  dir = tempDir();
});
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
});

function start(
  spawnWorker: EngineOptions['spawnWorker'],
  settings: EngineOptions['overrides'] = {},
  now: () => number = Date.now,
): Engine {
  const overrides = { workers: 1, dir: `${dir}/files`, ...settings };
  const engine = new Engine({ dataDir: `${dir}/data`, spawnWorker, overrides, now });
  engines.push(engine);
  engine.start();
  return engine;
}

async function call<N extends CallName>(engine: Engine, name: N, arg: CallArg<N>): Promise<CallResult<N>> {
  const result = await answer(calls, engine.handlers, name, arg);
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
  return result.value as CallResult<N>;
}

const add = async (engine: Engine, ...urls: string[]) =>
  (await call(engine, 'add', { downloads: urls.map((url) => ({ url })) })).ids;
const everything = {};
async function rows(engine: Engine): Promise<Row[]> {
  return (await call(engine, 'list', { query: everything, offset: 0, limit: 100 })).rows;
}
const statuses = async (engine: Engine) => (await rows(engine)).map(({ status }) => status);

const validators = (finalUrl: string, totalBytes = 100): Validators => ({
  etag: '"a"',
  lastModified: null,
  date: null,
  totalBytes,
  finalUrl,
  contentType: null,
  ranges: true,
});

test('hands queued downloads to a worker and keeps what became of them', async () => {
  const { spawn, workers } = fakeWorkers((worker, task) => worker.settle(task, doneOf(task)));
  const engine = start(spawn);
  const signals: Signal[] = [];
  engine.onSignal((signal) => signals.push(signal));
  await add(engine, 'http://a.test/one.zip', 'http://a.test/two.zip');
  await vi.waitFor(async () => expect(await statuses(engine)).toEqual(['done', 'done']));
  expect(workers[0]!.tasks.map(({ url }) => url)).toEqual(['http://a.test/one.zip', 'http://a.test/two.zip']);
  expect(signals.filter(({ event }) => event === 'done')).toHaveLength(2);
});

test('a file of which nobody can say whether it is all is told of as such, unless its checksum says so', async () => {
  const { spawn } = fakeWorkers((worker, task) => {
    worker.settle(task, { ...doneOf(task), endTold: false, verified: task.id === 2 } as Outcome);
  });
  const engine = start(spawn);
  const ids = await add(engine, 'http://a.test/file.zip', 'http://a.test/verified.zip');
  await vi.waitFor(async () => expect(await statuses(engine)).toEqual(['done', 'done']));
  const details = await Promise.all(ids.map((id) => call(engine, 'detail', { id })));
  const told = details.map((detail) => detail!.events.find(({ kind }) => kind === 'done')!.detail['endTold']);
  expect(told).toEqual([false, undefined]);
});

test('as one ends the next begins, though its worker has nothing more to ask for', async () => {
  const { spawn } = fakeWorkers((worker, task) =>
    worker.send({ kind: 'result', id: task.id, epoch: task.epoch, outcome: doneOf(task) }),
  );
  const engine = start(spawn, { parallel: 2 });
  await add(engine, ...Array.from({ length: 8 }, (_, n) => `http://a.test/${n}`));
  await vi.waitFor(async () => expect(new Set(await statuses(engine))).toEqual(new Set(['done'])));
});

test('a worker that never stops talking does not keep others waiting', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn);
  await add(engine, 'http://a.test/one');
  await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(1));
  const [worker, task] = [workers[0]!, workers[0]!.tasks[0]!];
  let added = false;
  const deadline = performance.now() + 3000;
  while (worker.tasks.length < 2 && performance.now() < deadline) {
    worker.send({ kind: 'event', id: task.id, epoch: task.epoch, event: 'retrying', detail: {} });
    if (!added) await add(engine, 'http://a.test/two');
    added = true;
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(worker.tasks).toHaveLength(2);
});

test('those of high priority start before all others, those of low priority after them, each in the order of the queue', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn, { parallel: 1 });
  const names = ['running', 'a', 'b', 'c', 'd', 'e'];
  const ids = await add(engine, ...names.map((name) => `http://a.test/${name}`));
  const id = (name: string) => ids[names.indexOf(name)]!;
  await call(engine, 'add', { downloads: [{ url: 'http://a.test/urgent', priority: 'high' }] });
  await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(1));
  expect(await call(engine, 'setPriority', { which: { ids: [id('a'), id('d')] }, priority: 'low' })).toEqual({
    changed: 2,
  });
  await call(engine, 'setPriority', { which: { ids: [id('running'), id('c')] }, priority: 'high' });
  await call(engine, 'move', { ids: [id('e')], to: 'first' });
  const query = { sort: 'priority' } as const;
  const { rows: sorted } = await call(engine, 'list', { query, offset: 0, limit: 100 });
  expect(sorted.map(({ name, priority }) => `${name} ${priority}`)).toEqual([
    'running high',
    'c high',
    'urgent high',
    'e normal',
    'b normal',
    'a low',
    'd low',
  ]);
  expect(engine.view.running()[0]!.priority, 'while it runs, too').toBe('high');
  for (let n = 0; n < 7; n++) {
    await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(n + 1));
    workers[0]!.settle(workers[0]!.tasks[n]!, doneOf(workers[0]!.tasks[n]!));
  }
  const started = workers[0]!.tasks.map(({ url }) => url.slice('http://a.test/'.length));
  expect(started).toEqual(['running', 'c', 'urgent', 'e', 'b', 'a', 'd']);
  await vi.waitFor(async () => expect(new Set(await statuses(engine))).toEqual(new Set(['done'])));
  expect(await call(engine, 'setPriority', { which: { query: {} }, priority: 'low' }), 'done ones').toEqual({
    changed: 0,
  });
});

test('a worker process is started when there is work for it', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn, { workers: 3, parallel: 3 });
  await vi.waitFor(() => expect(workers[0]?.settings).toHaveLength(1));
  expect(workers).toHaveLength(1);
  await add(engine, 'http://a.test/1', 'http://a.test/2', 'http://a.test/3', 'http://a.test/4');
  await vi.waitFor(() => expect(workers.map(({ tasks }) => tasks.length)).toEqual([1, 1, 1]));
});

test('a list that is shorter than what may run at once is shared out, too', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn, { workers: 2, parallel: 16 });
  await vi.waitFor(() => expect(workers[0]?.settings).toHaveLength(1));
  await add(engine, 'http://a.test/1', 'http://b.test/2', 'http://c.test/3', 'http://d.test/4');
  await vi.waitFor(() => expect(workers.map(({ tasks }) => tasks.length)).toEqual([2, 2]));
});

test('a host that refused connections gets fewer, and one more each minute', async () => {
  const { spawn, workers } = fakeWorkers();
  let now = Date.now();
  const engine = start(spawn, { parallel: 8 }, () => now);
  await add(engine, 'http://a.test/1');
  await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(1));
  workers[0]!.send({ kind: 'host-cap', host: 'a.test', connections: 1 });
  await add(engine, 'http://a.test/2', 'http://b.test/3');
  await vi.waitFor(() => expect(workers.flatMap(({ tasks }) => tasks)).toHaveLength(2));
  expect(await statuses(engine)).toEqual(['running', 'queued', 'running']);
  workers[0]!.settle(workers[0]!.tasks[0]!, doneOf(workers[0]!.tasks[0]!));
  await vi.waitFor(async () => expect(await statuses(engine)).toEqual(['done', 'running', 'running']));
  await add(engine, 'http://a.test/4');
  expect(await statuses(engine)).toEqual(['done', 'running', 'running', 'queued']);
  now += 61_000;
  await add(engine, 'http://c.test/5');
  await vi.waitFor(async () => expect((await statuses(engine)).slice(2)).toEqual(['running', 'running', 'running']));
});

test('one that is to be asked again later waits until then, over a restart, and is not idle meanwhile', async () => {
  const { spawn, workers } = fakeWorkers();
  let now = Date.now();
  const busy = (retryAfterMs: number): Outcome => ({
    kind: 'failed',
    extents: [[0, 5]],
    failure: { code: 'http-status', message: 'a.test is busy (503).', retry: 'soon', retryAfterMs, httpStatus: 503 },
  });
  const first = start(spawn, {}, () => now);
  const signals: Signal[] = [];
  first.onSignal((signal) => signals.push(signal));
  const [id] = await add(first, 'http://a.test/file');
  await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(1));
  workers[0]!.settle(workers[0]!.tasks[0]!, busy(120_000));
  await vi.waitFor(async () => expect(await statuses(first)).toEqual(['queued']));
  expect((await rows(first))[0]!.waiting).toEqual({ until: now + 120_000, reason: 'retry' });
  expect(signals.at(-1)).toMatchObject({ event: 'waiting', id, code: 'http-status' });
  const { events } = (await call(first, 'detail', { id: id! }))!;
  expect(events.at(-1)).toMatchObject({ kind: 'retrying', detail: { status: 503, afterMs: 120_000 } });
  expect(first.idle).toBe(false);
  await first.close();

  const again = start(spawn, {}, () => now);
  await vi.waitFor(() => expect(workers[1]?.settings).toHaveLength(1));
  now += 119_000;
  await add(again, 'http://a.test/other');
  await vi.waitFor(() => expect(workers[1]!.tasks).toHaveLength(1));
  expect(await statuses(again)).toEqual(['queued', 'running']);
  now += 2000;
  workers[1]!.settle(workers[1]!.tasks[0]!, doneOf(workers[1]!.tasks[0]!));
  await vi.waitFor(() => expect(workers[1]!.tasks).toHaveLength(2));
  expect(workers[1]!.tasks[1]).toMatchObject({ id, extents: [[0, 5]] });
  // However long it says: a clock that is set back by years must not keep it.
  workers[1]!.settle(workers[1]!.tasks[1]!, busy(1e12));
  await vi.waitFor(async () => expect(await statuses(again)).toEqual(['queued', 'done']));
  expect((await rows(again))[0]!.waiting!.until).toBe(now + 24 * 3_600_000);
  now -= 1000 * 24 * 3_600_000;
  await add(again, 'http://a.test/third');
  await vi.waitFor(() => expect(workers[1]!.tasks.map((task) => task.id)).toContain(3));
  expect(workers[1]!.tasks.filter((task) => task.id === id)).toHaveLength(2);
});

const putOff: Outcome = {
  ...{ kind: 'failed', extents: [] },
  failure: { code: 'http-status', message: 'a.test is busy (503).', retry: 'soon', retryAfterMs: 3_600_000 },
};

test('a server that only ever asks for a later time is obeyed as often as the settings say, then it fails and says so', async () => {
  let now = Date.now();
  const { spawn, workers } = fakeWorkers((worker, task) => worker.settle(task, putOff));
  const engine = start(spawn, { maxRetries: 3 }, () => now);
  const signals: Signal[] = [];
  engine.onSignal((signal) => signals.push(signal));
  const [id] = await add(engine, 'http://a.test/file');
  for (let times = 1; times <= 4; times += 1) {
    await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(times));
    await vi.waitFor(async () => expect(await statuses(engine)).toEqual([times < 4 ? 'queued' : 'failed']));
    now += 3_600_000;
    await call(engine, 'resume', { query: everything });
  }
  const { failure } = (await rows(engine))[0]!;
  expect(failure?.message).toMatch(/^a\.test is busy \(503\)\. .* 3 times in a row and sent nothing/);
  expect(failure).not.toHaveProperty('retryAfterMs');
  expect(signals.map(({ event }) => event)).toEqual([
    'added',
    ...Array(3).fill(['started', 'waiting']).flat(),
    'started',
    'failed',
  ]);
  // Who retries it by hand gets as many tries again.
  await call(engine, 'retry', { ids: [id!] });
  await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(5));
  await vi.waitFor(() => expect(signals.at(-1)).toMatchObject({ event: 'waiting' }));
});

test.each(['a part of it', 'another file'])(
  'a server that sends %s between is not one that only ever asks for a later time',
  async (what) => {
    let now = Date.now();
    const { spawn, workers } = fakeWorkers((worker, task) => {
      const lease = { id: task.id, epoch: task.epoch };
      if (task.url.endsWith('/other')) return worker.settle(task, doneOf(task));
      const extents: Extent[] = what === 'another file' ? [] : [[0, task.epoch]];
      if (extents.length > 0) worker.send({ kind: 'saved', ...lease, extents });
      worker.settle(task, { ...putOff, extents });
    });
    const engine = start(spawn, { maxRetries: 2 }, () => now);
    await add(engine, 'http://a.test/file');
    for (let times = 1; times <= 6; times += 1) {
      const tasks = () => workers[0]!.tasks.filter(({ id }) => id === 1);
      await vi.waitFor(() => expect(tasks()).toHaveLength(times));
      await vi.waitFor(async () => expect((await rows(engine))[0]!.status).toBe('queued'));
      if (what === 'another file') {
        await add(engine, `http://a.test/${times}/other`);
        await vi.waitFor(async () => expect((await rows(engine)).at(-1)!.status).toBe('done'));
      }
      now += 3_600_000;
      await call(engine, 'resume', { query: everything });
    }
  },
);

test('two downloads of one name get two files', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn);
  await add(engine, 'http://a.test/x/IMG.jpg', 'http://b.test/y/img.jpg');
  await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(2));
  const names = workers[0]!.tasks.map(({ targetPath }) => targetPath.slice(dir.length));
  expect(names).toEqual(['/files/IMG.jpg', '/files/img (1).jpg']);
  expect(new Set(workers[0]!.tasks.map(({ partPath }) => partPath)).size).toBe(2);
});

test('a name from the server is reserved, and one that stands on the disk is passed over', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn);
  const [id] = await add(engine, 'http://a.test/get?id=1');
  await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(1));
  const [worker] = workers;
  const lease = { id: id!, epoch: 1 };
  worker!.send({
    kind: 'probed',
    ...lease,
    validators: validators('http://a.test/get?id=1'),
    contentDisposition: 'attachment; filename="report.pdf"',
  });
  await vi.waitFor(() => expect(worker!.targets.get(id!)).toBe(`${dir}/files/report.pdf`));
  worker!.send({ kind: 'target-taken', ...lease });
  await vi.waitFor(() => expect(worker!.targets.get(id!)).toBe(`${dir}/files/report (1).pdf`));
  worker!.send({ kind: 'target-taken', ...lease });
  await vi.waitFor(() => expect(worker!.targets.get(id!)).toBe(`${dir}/files/report (2).pdf`));
});

test('the category follows the name that the server gives, unless a person said another', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn);
  const urls = ['http://a.test/get?id=1', 'http://a.test/get?id=2'];
  const [first] = await add(engine, urls[0]!);
  const { batch } = await call(engine, 'preview', { text: urls[1]! });
  const { firstId: second } = await call(engine, 'addBatch', { batch, category: 'archives' });
  await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(2));
  const categories = async () => (await rows(engine)).map(({ category }) => category);
  expect(await categories()).toEqual(['other', 'archives']);
  for (const [n, id] of [first!, second!].entries()) {
    workers[0]!.send({
      kind: 'probed',
      id,
      epoch: 1,
      validators: validators(urls[n]!),
      contentDisposition: `attachment; filename="report-${n}.pdf"`,
    });
    await vi.waitFor(() => expect(workers[0]!.targets.get(id)).toBe(`${dir}/files/report-${n}.pdf`));
  }
  expect(await categories()).toEqual(['documents', 'archives']);
  expect(
    engine.view.running().map(({ category }) => category),
    'while it runs, too',
  ).toEqual(['documents', 'archives']);
  expect(engine.view.counts().categories).toEqual({ documents: 1, archives: 1 });
});

test('what a dead worker held goes on from its last durable byte, in another process', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn);
  const [id] = await add(engine, 'http://a.test/big.iso');
  await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(1));
  const extents: Extent[] = [[0, 4096]];
  workers[0]!.send({ kind: 'saved', id: id!, epoch: 1, extents });
  await vi.waitFor(async () => expect((await rows(engine))[0]!.segments).toEqual(extents));
  workers[0]!.crash();
  await vi.waitFor(() => expect(workers[1]?.tasks).toHaveLength(1), 3000);
  expect(workers[1]!.tasks[0]).toMatchObject({ id, epoch: 2, extents });
  const detail = await call(engine, 'detail', { id: id! });
  expect(detail!.events.map(({ kind }) => kind)).toContain('worker-lost');
});

test('a result that arrived before its worker died counts', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn);
  await add(engine, 'http://a.test/a');
  await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(1));
  workers[0]!.settle(workers[0]!.tasks[0]!, doneOf(workers[0]!.tasks[0]!));
  workers[0]!.crash();
  await vi.waitFor(async () => expect(await statuses(engine)).toEqual(['done']));
});

test('a late result of an old lease is refused', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn, { workers: 2, parallel: 2 });
  const [id] = await add(engine, 'http://a.test/a', 'http://a.test/b');
  await vi.waitFor(() => expect(workers.flatMap(({ tasks }) => tasks)).toHaveLength(2));
  const holder = workers.find(({ tasks }) => tasks[0]?.id === id)!;
  const other = workers.find((worker) => worker !== holder)!;
  other.send({ kind: 'result', id: id!, epoch: 1, outcome: doneOf(holder.tasks[0]!) });
  holder.send({ kind: 'result', id: id!, epoch: 7, outcome: doneOf(holder.tasks[0]!) });
  await call(engine, 'pause', { ids: [id!] });
  await vi.waitFor(() => expect(holder.cancelled).toEqual([id]));
  expect(await statuses(engine)).toEqual(['paused', 'running']);
});

test('a download that takes three workers down with it fails and the others go on', async () => {
  const { spawn } = fakeWorkers((worker, task) => {
    if (task.url.endsWith('poison')) worker.crash();
    else worker.settle(task, doneOf(task));
  });
  const engine = start(spawn);
  await add(engine, 'http://a.test/poison', 'http://a.test/good');
  await vi.waitFor(async () => expect(await statuses(engine)).toEqual(['failed', 'done']), 5000);
  expect((await rows(engine))[0]!.failure).toMatchObject({ code: 'worker-crashed' });
});

test('pausing takes the lease back, resuming leases anew with what is durable', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn);
  const [id] = await add(engine, 'http://a.test/a');
  await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(1));
  expect(await call(engine, 'pause', { ids: [id!] })).toEqual({ changed: 1 });
  expect(await statuses(engine)).toEqual(['paused']);
  await call(engine, 'resume', { ids: [id!] });
  await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(2));
  expect(workers[0]!.tasks[1]).toMatchObject({ id, epoch: 2 });
});

test('to try again is for what failed; what is done is downloaded again only when that is asked', async () => {
  const failure = { code: 'not-found', message: 'No.', retry: 'by-hand' } as const;
  const { spawn, workers } = fakeWorkers((worker, task) =>
    worker.settle(task, task.url.endsWith('done') ? doneOf(task) : { kind: 'failed', failure, extents: [] }),
  );
  const engine = start(spawn);
  await add(engine, 'http://a.test/done', 'http://a.test/gone');
  await call(engine, 'add', { downloads: [{ url: 'http://a.test/paused' }], paused: true });
  const settled = () => vi.waitFor(async () => expect(await statuses(engine)).toEqual(['done', 'failed', 'paused']));
  await settled();
  const asked = () => workers[0]!.tasks.map(({ url }) => url.slice('http://a.test/'.length));
  expect(await call(engine, 'retry', { query: {} })).toEqual({ changed: 1 });
  await vi.waitFor(() => expect(asked()).toEqual(['done', 'gone', 'gone']));
  await settled();
  expect(await call(engine, 'redownload', { query: {} })).toEqual({ changed: 1 });
  await vi.waitFor(() => expect(asked()).toEqual(['done', 'gone', 'gone', 'done']));
});

test('a removal can be undone, then the entry goes on', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn);
  const [id] = await add(engine, 'http://a.test/a', 'http://a.test/b');
  await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(2));
  const { changed, undo } = await call(engine, 'remove', { which: { ids: [id!] } });
  expect(changed).toBe(1);
  expect(await rows(engine)).toHaveLength(1);
  expect(await call(engine, 'undoRemove', { undo: undo! })).toEqual({ changed: 1 });
  await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(3));
  expect(await statuses(engine)).toEqual(['running', 'running']);
});

test('after a restart the list is as it was and running ones queue again', async () => {
  const held = fakeWorkers();
  const engine = start(held.spawn, { parallel: 1 });
  const ids = await add(engine, 'http://a.test/a', 'http://a.test/b', 'http://a.test/c');
  await call(engine, 'pause', { ids: [ids[2]!] });
  await vi.waitFor(async () => expect(await statuses(engine)).toEqual(['running', 'queued', 'paused']));
  await engine.close();
  const again = new Engine({ dataDir: `${dir}/data`, spawnWorker: held.spawn });
  engines.push(again);
  expect(await statuses(again)).toEqual(['queued', 'queued', 'paused']);
  expect((await rows(again)).map(({ id }) => id)).toEqual(ids);
});

test('a full disk pauses with the reason and goes on when there is room', async () => {
  let full = true;
  const { spawn, workers } = fakeWorkers((worker, task) => {
    const failure = { code: 'disk-full', message: 'No room.', retry: 'when-possible' } as const;
    worker.settle(task, full ? { kind: 'failed', failure, extents: [] } : doneOf(task));
  });
  const engine = start(spawn);
  await add(engine, 'http://a.test/a');
  await vi.waitFor(async () =>
    expect((await rows(engine))[0]).toMatchObject({ status: 'paused', failure: { code: 'disk-full' } }),
  );
  full = false;
  await vi.waitFor(async () => expect(await statuses(engine)).toEqual(['done']), 6000);
  expect(workers[0]!.tasks).toHaveLength(2);
});

test('a speed limit is shared out and reaches the workers', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn, { workers: 2, parallel: 2 });
  await add(engine, 'http://a.test/a', 'http://a.test/b');
  await vi.waitFor(() => expect(workers.filter(({ settings }) => settings.length > 0)).toHaveLength(2));
  await call(engine, 'changeSettings', { limitBytesPerS: 1_000_000 });
  await vi.waitFor(() => {
    for (const { shares } of workers) expect(shares.at(-1)?.all).toBeLessThanOrEqual(1_000_000);
  });
  expect(await call(engine, 'settings', null)).toMatchObject({ limitBytesPerS: 1_000_000 });
});

test('a wrong setting says why and changes nothing', async () => {
  const engine = start(fakeWorkers().spawn);
  const before = await call(engine, 'settings', null);
  const wrong = await answer(calls, engine.handlers, 'changeSettings', { parallel: 0 });
  expect(wrong).toMatchObject({ ok: false, error: { code: 'bad-argument' } });
  expect(await call(engine, 'settings', null)).toEqual(before);
});

test('a worker that talks nonsense is replaced', async () => {
  const { spawn, workers } = fakeWorkers();
  start(spawn);
  await vi.waitFor(() => expect(workers[0]!.settings).toHaveLength(1));
  workers[0]!.port.send({ kind: 'saved', id: 'x' });
  await vi.waitFor(() => expect(workers).toHaveLength(2), 3000);
});

test('the tap shows messages, and no header value or password in them', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn);
  await call(engine, 'add', { downloads: [{ url: 'http://me:secret@a.test/a', headers: { Cookie: 'sesame' } }] });
  await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(1));
  const { messages, workers: lanes, taskQueue } = await call(engine, 'traffic', {});
  const texts = JSON.stringify(messages);
  expect(messages.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['put', 'tasks', 'get']));
  expect(texts).not.toContain('secret');
  expect(texts).not.toContain('sesame');
  expect(lanes[0]).toMatchObject({ state: 'ready', leases: [{ id: 1 }] });
  expect(taskQueue).toMatchObject({ depth: 0, puts: 1, gets: 1 });
});

test('a worker that arrives at a closed engine finds its port closed', async () => {
  const engine = start(fakeWorkers().spawn);
  await engine.close();
  const [here, there] = memoryPorts();
  const closed = new Promise((resolve) => there.onClose(resolve));
  engine.attachWorker(here, 'late');
  expect(await closed).toBeDefined();
});

test('a new download waits for its path until the worker of a removed one has let go of it', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn);
  const [first] = await add(engine, 'http://a.test/same.zip');
  await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(1));
  const [worker] = workers;
  const target = worker!.tasks[0]!.targetPath;
  const mute = vi.spyOn(worker!, 'settle').mockImplementation(() => {});
  await call(engine, 'remove', { which: { ids: [first!] }, deleteFiles: false });
  const [second] = await add(engine, 'http://a.test/same.zip');
  const locks = () => engine.view.traffic(0).locks;
  await vi.waitFor(() => expect(locks()).toEqual([{ key: target, holder: 'worker 1', depth: 1, waiters: 1 }]));
  expect(worker!.tasks).toHaveLength(1);
  mute.mockRestore();
  worker!.settle(worker!.tasks[0]!, { kind: 'released', extents: [] });
  await vi.waitFor(() => expect(worker!.tasks.map(({ id }) => id)).toEqual([first, second]));
  expect(worker!.tasks[1]!.targetPath).toBe(target);
  expect(locks()).toEqual([{ key: target, holder: 'worker 1', depth: 1, waiters: 0 }]);
  worker!.settle(worker!.tasks[1]!, doneOf(worker!.tasks[1]!));
  await vi.waitFor(() => expect(locks()).toEqual([]));
});

test('the locks of a worker that dies are free', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn);
  await add(engine, 'http://a.test/one.zip', 'http://a.test/two.zip');
  const holders = () => engine.view.traffic(0).locks.map(({ holder }) => holder);
  await vi.waitFor(() => expect(holders()).toEqual(['worker 1', 'worker 1']));
  workers[0]!.crash();
  await vi.waitFor(() => expect(holders()).toEqual(['worker 2', 'worker 2']));
});

test('two who put the same address at the same moment put one download', async () => {
  const engine = start(fakeWorkers().spawn);
  const put = () => engine.adding.addOrResume([{ text: 'http://a.test/same' }], { dir: `${dir}/files`, producer: 'x' });
  const [one, other] = await Promise.all([put(), put()]);
  expect(one.ids).toHaveLength(1);
  expect(other.ids).toEqual(one.ids);
  expect(await rows(engine)).toHaveLength(1);
});

test('the places of a host are held by workers, waited for by others, and free when their holder dies', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn, { parallel: 4, connectionsPerHost: 2, connectionsPerDownload: 1 });
  await add(engine, ...[1, 2, 3, 4, 5].map((n) => `http://a.test/${n}.zip`), 'http://b.test/6.zip');
  const hosts = () => engine.view.traffic(0).hosts;
  await vi.waitFor(() => expect(workers[0]?.tasks).toHaveLength(3));
  expect(hosts()).toEqual([
    { host: 'a.test', used: 2, places: 2, holders: ['worker 1'], waiters: 3 },
    { host: 'b.test', used: 1, places: 2, holders: ['worker 1'], waiters: 0 },
  ]);
  workers[0]!.crash();
  await vi.waitFor(() => expect(workers[1]?.tasks).toHaveLength(3));
  expect(hosts()[0]).toEqual({ host: 'a.test', used: 2, places: 2, holders: ['worker 2'], waiters: 3 });
  for (const task of workers[1]!.tasks.slice(0, 2)) workers[1]!.settle(task, doneOf(task));
  await vi.waitFor(() => expect(hosts()[0]?.waiters).toBe(1));
});

test('the connections to mirrors are counted where they go', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn, { parallel: 4, connectionsPerHost: 10, connectionsPerDownload: 8 });
  const mirrors = ['http://m.test/f', 'http://m.test/g', 'http://a.test/again'];
  await call(engine, 'add', { downloads: [{ url: 'http://a.test/1.zip', mirrors }] });
  await vi.waitFor(() => expect(workers[0]?.tasks).toHaveLength(1));
  await call(engine, 'add', { downloads: [{ url: 'http://b.test/2.zip', mirrors }] });
  await vi.waitFor(() => expect(workers[0]?.tasks).toHaveLength(2));
  await add(engine, 'http://m.test/3.zip', 'http://c.test/4.zip');
  await vi.waitFor(() => expect(workers[0]?.tasks).toHaveLength(3));
  expect(workers[0]!.tasks.map(({ url, mirrorConnections }) => [url, mirrorConnections])).toEqual([
    ['http://a.test/1.zip', { 'm.test': 8 }],
    ['http://b.test/2.zip', { 'm.test': 2, 'a.test': 2 }],
    // Nothing is left at m.test until one of the others is done.
    ['http://c.test/4.zip', undefined],
  ]);
  expect(engine.view.traffic(0).hosts.find(({ host }) => host === 'm.test')).toMatchObject({ used: 10, waiters: 1 });
  workers[0]!.settle(workers[0]!.tasks[0]!, doneOf(workers[0]!.tasks[0]!));
  await vi.waitFor(() =>
    expect(workers[0]!.tasks.at(-1)).toMatchObject({ url: 'http://m.test/3.zip', connections: 8 }),
  );
});

test('a running download makes room for another of its host, and gets back what that leaves', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn, { parallel: 2, connectionsPerHost: 8, connectionsPerDownload: 8 });
  const tells = (id: number, connections: number): void => {
    const downloads = [{ id, epoch: 1, receivedBytes: 1, bytesPerS: 1, connections }];
    workers[0]!.send({ kind: 'progress', downloads });
    // As a worker does while bytes come: each gives the engine a turn.
    workers[0]!.send({ kind: 'saved', id, epoch: 1, extents: [[0, 1]] });
  };
  const [first] = (await add(engine, 'http://a.test/one.zip')) as [number];
  await vi.waitFor(() => expect(workers[0]?.tasks.map(({ connections }) => connections)).toEqual([8]));
  tells(first, 8);
  const [second] = (await add(engine, 'http://a.test/two.zip')) as [number];
  await vi.waitFor(
    () => {
      tells(first, 8);
      expect(workers[0]!.granted).toEqual([{ id: first, connections: 4 }]);
    },
    { timeout: 5000 },
  );
  // Not before the connections are closed.
  expect(workers[0]!.tasks).toHaveLength(1);
  tells(first, 4);
  await vi.waitFor(() => expect(workers[0]!.tasks.map(({ connections }) => connections)).toEqual([8, 4]));

  const task = workers[0]!.tasks[1]!;
  expect(task.id).toBe(second);
  workers[0]!.settle(task, doneOf(task));
  await vi.waitFor(
    () => {
      tells(first, 4);
      expect(workers[0]!.granted.at(-1)).toEqual({ id: first, connections: 8 });
    },
    { timeout: 5000 },
  );
});

test('folders that differ in case alone are two, as far as the list goes, and neither waits for the other', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn);
  for (const folder of ['Files', 'files']) {
    const downloads = [{ url: `http://${folder}.test/same.zip` }];
    await call(engine, 'add', { downloads, dir: `${dir}/${folder}`, producer: 'test' });
  }
  await vi.waitFor(() => expect(workers[0]?.tasks).toHaveLength(2));
  expect(engine.view.traffic(0).locks.map(({ key }) => key)).toEqual([
    `${dir}/Files/same.zip`,
    `${dir}/files/same.zip`,
  ]);
});
