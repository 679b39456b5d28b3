// Limits by hosts and by the clock: which hold now, and that workers keep to them, in one process or several.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { answer } from '../../../shared/answer.ts';
import { calls, type CallArg, type CallName, type CallResult } from '../../../shared/api.ts';
import type { Row } from '../../../shared/download.ts';
import { fullWeek } from '../../../shared/schedule.ts';
import type { Settings } from '../../../shared/settings.ts';
import { Engine, type EngineOptions } from '../../../main/engine/engine.ts';
import { forkWorker } from '../../../main/transport/process.ts';
import { originForTest } from '../../support/start.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { fakeWorkers } from '../fake-worker.ts';

const engines: Engine[] = [];
const zone = process.env['TZ'];
beforeEach(() => void (process.env['TZ'] = 'Asia/Shanghai'));
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

function start(spawnWorker: EngineOptions['spawnWorker'], settings: Partial<Settings>, now: () => number = Date.now) {
  const dir = tempDir();
  const overrides = { workers: 1, dir: `${dir}/files`, ...settings };
  const engine = new Engine({ dataDir: `${dir}/data`, spawnWorker, overrides, now });
  engines.push(engine);
  engine.start();
  return engine;
}
async function call<N extends CallName>(engine: Engine, name: N, arg: CallArg<N>): Promise<CallResult<N>> {
  const result = await answer(calls, engine.handlers, name, arg);
  if (!result.ok) throw new Error(result.error.message);
  return result.value as CallResult<N>;
}
const add = async (engine: Engine, ...urls: string[]) =>
  (await call(engine, 'add', { downloads: urls.map((url) => ({ url })) })).ids;
const rowsOf = async (engine: Engine) => (await call(engine, 'list', { query: {}, offset: 0, limit: 100 })).rows;
const totals = async (engine: Engine) => (await call(engine, 'overview', null)).totals;

const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);

const onMonday = (day: string) => [day, ...fullWeek.slice(1)];
/** 2026-11-23 is a Monday. */
const monday = (time: string) => Date.parse(`2026-11-23T${time}:00+08:00`);

test('in limited hours the timetable’s limit holds, or a lower one, and the status says until when', async () => {
  let now = monday('08:59');
  const { spawn, workers } = fakeWorkers();
  const week = onMonday('F'.repeat(9) + 'LL' + 'F'.repeat(13));
  const engine = start(spawn, { scheduleOn: true, scheduleLimitBytesPerS: 400_000, week }, () => now);
  await add(engine, 'http://a.test/1');
  await vi.waitFor(() => expect(workers[0]?.tasks).toHaveLength(1));
  expect(workers[0]!.shares).toEqual([]);
  expect(await totals(engine)).toMatchObject({ limitBytesPerS: null, schedule: { kind: 'F', until: monday('09:00') } });
  now = monday('09:00');
  await vi.waitFor(() => expect(workers[0]!.shares.at(-1)?.all).toBe(400_000));
  expect(await totals(engine)).toMatchObject({
    limitBytesPerS: 400_000,
    schedule: { kind: 'L', until: monday('11:00') },
  });
  await call(engine, 'changeSettings', { limitBytesPerS: 100_000 });
  expect((await totals(engine)).limitBytesPerS).toBe(100_000);
  await call(engine, 'changeSettings', { limitBytesPerS: null });
  now = monday('11:00');
  await vi.waitFor(() => expect(workers[0]!.shares.at(-1)?.all).toBeNull());
});

test('in hours without downloads what runs goes back to the queue and nothing begins; then it goes on by itself', async () => {
  let now = monday('00:30');
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn, { scheduleOn: true, week: onMonday(`FN${'F'.repeat(22)}`) }, () => now);
  await add(engine, 'http://a.test/1');
  await vi.waitFor(() => expect(workers[0]?.tasks).toHaveLength(1));
  now = monday('01:00');
  await vi.waitFor(async () => expect((await rowsOf(engine)).map(({ status }) => status)).toEqual(['queued']));
  await add(engine, 'http://a.test/2');
  await vi.waitFor(async () =>
    expect(await totals(engine)).toMatchObject({ schedule: { kind: 'N', until: monday('02:00') } }),
  );
  expect(workers[0]!.tasks).toHaveLength(1);
  now = monday('02:00');
  await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(3));
  await call(engine, 'changeSettings', { week: Array.from({ length: 7 }, () => 'N'.repeat(24)) });
  await vi.waitFor(async () =>
    expect((await rowsOf(engine)).map(({ status }) => status)).toEqual(['queued', 'queued']),
  );
  await call(engine, 'changeSettings', { scheduleOn: false });
  await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(5));
});

test('an engine that starts in such an hour hands nothing out', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn, { scheduleOn: true, week: onMonday('N'.repeat(24)) }, () => monday('05:00'));
  await add(engine, 'http://a.test/1');
  await vi.waitFor(() => expect(workers[0]?.settings).toHaveLength(1));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(workers[0]!.tasks).toEqual([]);
});

test('a host’s limit is shared out among those who fetch from it, its connections among its downloads', async () => {
  const { spawn, workers } = fakeWorkers();
  const rule = {
    headers: {},
    referrer: null,
    user: null,
    password: null,
    bearer: null,
    cookiesFile: null,
    insecure: false,
  };
  const hostRules = [{ ...rule, host: '*.test', limitBytesPerS: 600_000, connections: 2 }];
  const engine = start(spawn, { workers: 2, parallel: 4, hostRules });
  await add(engine, 'http://a.test/1', 'http://b.test/2', 'http://other.example/3');
  await vi.waitFor(() => expect(workers.flatMap(({ tasks }) => tasks)).toHaveLength(3));
  await vi.waitFor(() => {
    const shares = workers.map((worker) => worker.shares.at(-1)?.hosts['*.test'] ?? 0);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeLessThan(610_000);
    expect(Math.max(...shares)).toBeGreaterThan(299_000);
  });
  expect(workers.every(({ shares }) => shares.at(-1)?.all === null)).toBe(true);
  const connections = workers.flatMap(({ tasks }) => tasks).map((task) => [new URL(task.url).host, task.connections]);
  expect(Object.fromEntries(connections)).toEqual({ 'a.test': 2, 'b.test': 2, 'other.example': 8 });
});

test('a download’s own limit reaches its worker at once, is shown, and lasts', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn, {});
  const [id] = await add(engine, 'http://a.test/1');
  await vi.waitFor(() => expect(workers[0]?.tasks).toHaveLength(1));
  await call(engine, 'setLimit', { id: id!, limitBytesPerS: 5000 });
  await vi.waitFor(() => expect(workers[0]!.limits).toEqual([5000]));
  expect(await call(engine, 'detail', { id: id! })).toMatchObject({ limitBytesPerS: 5000 });
  await call(engine, 'pause', { ids: [id!] });
  await call(engine, 'resume', { ids: [id!] });
  await vi.waitFor(() => expect(workers[0]!.tasks.at(-1)).toMatchObject({ epoch: 2, limitBytesPerS: 5000 }));
});

test('several processes together keep a limit to 5 % over 5 s, without bursts, and share it fairly among downloads', async () => {
  const origin = await originForTest();
  const urls = [1, 2, 3, 4, 5].map((n) => `/f${n}`);
  for (const url of urls) origin.serve(url, { sizeBytes: 500_000_000 });
  const worker = fileURLToPath(new URL('../../../main/worker.ts', import.meta.url));
  const limitBytesPerS = 3_000_000;
  // With one connection each, what has come is how long its unfinished file is.
  const settings = { workers: 3, parallel: 5, connectionsPerDownload: 1, limitBytesPerS };
  const engine = start(() => forkWorker(worker), settings);
  await add(engine, ...urls.map((url) => origin.url(url)));
  const [{ dir }] = (await rowsOf(engine)) as [Row];
  const bytes = () => {
    const parts = fs.readdirSync(dir).sort();
    return parts.map((part) => fs.statSync(path.join(dir, part)).size);
  };
  await vi.waitFor(() => {
    expect(bytes()).toHaveLength(urls.length);
    expect(Math.min(...bytes())).toBeGreaterThan(300_000);
  });
  const at = performance.now();
  const before = bytes();
  const seen: { atMs: number; all: number }[] = [];
  while (performance.now() - at < 5000) {
    seen.push({ atMs: performance.now() - at, all: sum(bytes()) });
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const after = bytes();
  const elapsedS = (performance.now() - at) / 1000;
  const each = after.map((now, index) => (now - before[index]!) / elapsedS);
  expect(sum(each)).toBeGreaterThan(limitBytesPerS * 0.95);
  expect(sum(each)).toBeLessThan(limitBytesPerS * 1.05);
  const bursts = seen.flatMap((one) => {
    const later = seen.find(({ atMs }) => atMs >= one.atMs + 100);
    return later ? [((later.all - one.all) / (later.atMs - one.atMs)) * 1000] : [];
  });
  expect(Math.max(...bursts)).toBeLessThan(2 * limitBytesPerS);
  expect(Math.min(...each) / Math.max(...each)).toBeGreaterThan(0.75);
  // A changed limit is there at once.
  await call(engine, 'changeSettings', { limitBytesPerS: 200_000 });
  await new Promise((resolve) => setTimeout(resolve, 250));
  const slowFrom = sum(bytes());
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const slow = (sum(bytes()) - slowFrom) / 1.5;
  expect(slow).toBeLessThan(250_000);
}, 40_000);
