// The engine from outside: what is added, run, paused, retried, removed and told.
import { cpus } from 'node:os';
import { expect, onTestFinished, test, vi } from 'vitest';
import { answer } from '../../shared/answer.ts';
import { calls } from '../../shared/api.ts';
import type { Outcome } from '../../shared/protocol.ts';
import { Engine, type Signal } from '../../main/engine/engine.ts';
import { memoryPorts } from '../../main/transport/memory.ts';
import { add, call, dir, engines, rows, start, statuses, stop } from './engine-for-test.ts';
import { doneOf, fakeWorkers } from './fake-worker.ts';

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

test('where no number of workers is named, many small files get one, and what takes longer gets them all', async () => {
  const small = fakeWorkers((worker, task) => worker.settle(task, doneOf(task)));
  const first = start(small.spawn, { workers: 0, parallel: 2 });
  await add(first, ...Array.from({ length: 20 }, (_, n) => `http://a.test/${n}`));
  await vi.waitFor(() => expect(first.idle).toBe(true));
  expect(small.workers).toHaveLength(1);
  await stop(first);

  const long = fakeWorkers();
  const second = start(long.spawn, { workers: 0, parallel: 2 });
  await add(second, ...Array.from({ length: 100 }, (_, n) => `http://b.test/${n}`));
  await vi.waitFor(() => expect(long.workers).toHaveLength(Math.min(32, cpus().length)), 5000);
  expect(long.workers[0]!.tasks).toHaveLength(2);
});

test('no further worker comes while this process alone takes what the machine has to spare', async () => {
  const usage = vi.spyOn(process, 'cpuUsage');
  onTestFinished(() => usage.mockRestore());
  let used = () => performance.now() * 1000 * cpus().length;
  usage.mockImplementation(() => ({ user: used(), system: 0 }));
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn, { workers: 0, parallel: 2 });
  await add(engine, ...Array.from({ length: 100 }, (_, n) => `http://a.test/${n}`));
  await vi.waitFor(() => expect(workers[0]?.tasks).toHaveLength(2));
  const looks = usage.mock.calls.length;
  await vi.waitFor(() => expect(usage.mock.calls.length).toBeGreaterThan(looks + 3), 5000);
  expect(workers).toHaveLength(1);
  used = () => 0;
  await vi.waitFor(() => expect(workers).toHaveLength(Math.min(32, cpus().length)), 5000);
});

test('a list that is shorter than what may run at once is shared out, too', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn, { workers: 2, parallel: 16 });
  await vi.waitFor(() => expect(workers[0]?.settings).toHaveLength(1));
  await add(engine, 'http://a.test/1', 'http://b.test/2', 'http://c.test/3', 'http://d.test/4');
  await vi.waitFor(() => expect(workers.map(({ tasks }) => tasks.length)).toEqual([2, 2]));
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

test('what of a list is known already is told of few and of many', async () => {
  const engine = start(fakeWorkers().spawn, { parallel: 1 });
  await add(engine, ...Array.from({ length: 150 }, (_, n) => `http://a.test/${n}.zip`));
  // The first three are looked up one by one.
  const text = [0, 200, 1, 2, 201, 3].map((n) => `http://a.test/${n}.zip`).join('\n');
  const { lines } = await call(engine, 'preview', { text });
  expect(lines.map(({ kind }) => kind)).toEqual(['known', 'url', 'known', 'known', 'url', 'known']);
});

test('of a list that is put again only what is new is added, for each folder by itself', async () => {
  const engine = start(fakeWorkers().spawn);
  const put = async (names: string, folder: string) => {
    const text = [...names].map((name) => `http://a.test/${name}#part`).join('\n');
    return (await engine.adding.addOrResume([{ text }], { dir: `${dir}/${folder}`, producer: 'x' })).ids;
  };
  const [a, b] = await put('ab', 'files');
  const [c, ...known] = await put('bca', 'files');
  expect(known).toEqual([b, a]);
  const elsewhere = await put('a', 'elsewhere');
  expect(new Set([a, b, c, ...elsewhere]).size).toBe(4);
  expect(await rows(engine)).toHaveLength(4);
});

test('two who put the same address at the same moment put one download', async () => {
  const engine = start(fakeWorkers().spawn);
  const put = () => engine.adding.addOrResume([{ text: 'http://a.test/same' }], { dir: `${dir}/files`, producer: 'x' });
  const [one, other] = await Promise.all([put(), put()]);
  expect(one.ids).toHaveLength(1);
  expect(other.ids).toEqual(one.ids);
  expect(await rows(engine)).toHaveLength(1);
});
