// Lists by speed and by the time that is left: of what runs, without a word of it in the database.
import { afterEach, expect, test, vi } from 'vitest';
import { Engine } from '../../../main/engine/engine.ts';
import { answer } from '../../../shared/answer.ts';
import { calls, type CallArg, type CallName, type CallResult } from '../../../shared/api.ts';
import type { ListQuery } from '../../../shared/api.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { fakeWorkers, type FakeWorker } from '../fake-worker.ts';

const engines: Engine[] = [];
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
});

let now = 1_000_000;

/** An engine with `count` downloads, of which the first four run: two of known size, one of unknown, one that has no bytes yet. */
async function withRunning(count: number) {
  const dir = tempDir();
  const { spawn, workers } = fakeWorkers();
  const overrides = { workers: 1, parallel: 4, dir: `${dir}/files` };
  const engine = new Engine({ dataDir: `${dir}/data`, spawnWorker: spawn, overrides, now: () => now });
  engines.push(engine);
  engine.start();
  const downloads = Array.from({ length: count }, (_, n) => ({ url: `http://h${n % 2}.test/${n}.bin` }));
  const { ids } = await call(engine, 'add', { downloads });
  await vi.waitFor(() => expect(workers[0]?.tasks).toHaveLength(4));
  const [one, two, three] = workers[0]!.tasks;
  for (const [task, totalBytes] of [[one!, 1000], [two!, 100_000], [three!, null]] as const) {
    workers[0]!.send({
      kind: 'probed', id: task.id, epoch: task.epoch, contentDisposition: null,
      validators: { etag: null, lastModified: null, date: null, totalBytes, finalUrl: task.url, contentType: null, ranges: true },
    });
  } // prettier-ignore
  return { engine, ids, worker: workers[0]! };
}

async function call<N extends CallName>(engine: Engine, name: N, arg: CallArg<N>): Promise<CallResult<N>> {
  const result = await answer(calls, engine.handlers, name, arg);
  if (!result.ok) throw new Error(result.error.message);
  return result.value as CallResult<N>;
}

/** The tasks run at these speeds now, as far as the engine knows. */
async function run(engine: Engine, worker: FakeWorker, speeds: readonly number[]): Promise<void> {
  const downloads = speeds.map((bytesPerS, n) => {
    const { id, epoch } = worker.tasks[n]!;
    return { id, epoch, receivedBytes: 0, bytesPerS, connections: 1 };
  });
  worker.send({ kind: 'progress', downloads });
  await vi.waitFor(async () => {
    const { rows } = await call(engine, 'list', { query: {}, offset: 0, limit: speeds.length });
    expect(rows.map(({ bytesPerS }) => bytesPerS)).toEqual(speeds);
  });
}

const pageOf = async (engine: Engine, query: Partial<ListQuery>, offset = 0, limit = 100) =>
  (await call(engine, 'list', { query, offset, limit })).rows.map(({ id }) => id);

test('the fastest come first, or the slowest; all others follow in the queue’s order', async () => {
  const { engine, ids, worker } = await withRunning(10);
  await run(engine, worker, [50, 900, 400, 0]);
  const [a, b, c, d, ...others] = ids as [number, number, number, number];
  expect(await pageOf(engine, { sort: 'speed', descending: true })).toEqual([b, c, a, d, ...others]);
  expect(await pageOf(engine, { sort: 'speed' })).toEqual([a, c, b, d, ...others]);
  // 1000 bytes at 50 a second are sooner here than 100,000 at 900; what has no known size or no speed is last.
  expect(await pageOf(engine, { sort: 'left' })).toEqual([a, b, c, d, ...others]);
  expect(await pageOf(engine, { sort: 'left', descending: true })).toEqual([b, a, c, d, ...others]);
});

test('pages never overlap, filters hold, and a selection of places is that of the list', async () => {
  const { engine, ids, worker } = await withRunning(40);
  await run(engine, worker, [50, 900, 400, 0]);
  const query = { sort: 'speed', descending: true } as const;
  const whole = await pageOf(engine, query);
  expect(whole[0]).toBe(ids[1]);
  const pages = [];
  for (let offset = 0; offset < 40; offset += 3) pages.push(...(await pageOf(engine, query, offset, 3)));
  expect(pages).toEqual(whole);
  expect([...whole].sort((one, other) => one - other)).toEqual(ids);
  expect((await call(engine, 'listIds', { query, offset: 1, limit: 5 })).ids).toEqual(whole.slice(1, 6));

  const ofHost = await call(engine, 'list', { query: { ...query, host: 'h0.test' }, offset: 0, limit: 100 });
  expect(ofHost.total).toBe(20);
  expect(ofHost.rows.map(({ id }) => id)).toEqual(whole.filter((id) => ids.indexOf(id) % 2 === 0));
});

test('an order holds for two seconds, so that rows do not dance; what ended leaves it at once', async () => {
  const { engine, ids, worker } = await withRunning(6);
  await run(engine, worker, [900, 500, 100, 10]);
  const query = { sort: 'speed', descending: true } as const;
  expect(await pageOf(engine, query)).toEqual(ids);
  await run(engine, worker, [100, 500, 900, 10]);
  expect(await pageOf(engine, query)).toEqual(ids);
  now += 2000;
  expect(await pageOf(engine, query)).toEqual([ids[2], ids[1], ids[0], ...ids.slice(3)]);

  await call(engine, 'pause', { ids: [ids[2]!] });
  await vi.waitFor(async () => expect(await pageOf(engine, query)).toEqual([ids[1], ids[0], ids[3], ids[2], ...ids.slice(4)])); // prettier-ignore
});
