// Servers that ask for a later time: they are obeyed, but not for ever.
import { expect, test, vi } from 'vitest';
import type { Extent } from '../../../shared/download.ts';
import type { Outcome } from '../../../shared/protocol.ts';
import type { Signal } from '../../../main/engine/engine.ts';
import { add, call, everything, rows, start, statuses } from '../engine-for-test.ts';
import { doneOf, fakeWorkers } from '../fake-worker.ts';

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
