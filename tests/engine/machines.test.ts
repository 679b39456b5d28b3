// Machines: this one paused and drained; those elsewhere remembered, drained, paused, removed, let in again, forgotten; what each has downloaded.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { answer } from '../../shared/answer.ts';
import { calls } from '../../shared/api.ts';
import { HERE, type Machine, type MachineOrder } from '../../shared/machines.ts';
import { PROTOCOL } from '../../shared/protocol-number.ts';
import type { FromWorker, Outcome, Task, ToWorker } from '../../shared/protocol.ts';
import { Engine } from '../../main/engine/engine.ts';
import { MachineTable } from '../../main/engine/store/machine-table.ts';
import { Store } from '../../main/engine/store/store.ts';
import { memoryPorts } from '../../main/transport/memory.ts';
import { tempDir } from '../support/temp-dir.ts';
import { fakeWorkers } from './fake-worker.ts';

let dataDir: string;
let engine: Engine;
let local: ReturnType<typeof fakeWorkers>;
const open = () =>
  new Engine({
    dataDir,
    spawnWorker: (local = fakeWorkers()).spawn,
    version: '1.2.3',
    overrides: { dir: dataDir, parallel: 1, workers: 1 },
  });

beforeEach(() => {
  dataDir = tempDir();
  engine = open();
});
afterEach(() => engine.close());

/** A worker of another machine with room for `slots` tasks. */
function join(place: string, slots = 2) {
  const [here, there] = memoryPorts();
  const tasks: Task[] = [];
  const told: ToWorker[] = [];
  let over = false;
  const send = (message: FromWorker) => void there.send(message);
  there.onClose(() => (over = true));
  there.onMessage((raw) => {
    const message = raw as ToWorker;
    told.push(message);
    if (message.kind === 'welcome') send({ kind: 'get', count: slots });
    if (message.kind === 'tasks') tasks.push(...message.tasks);
    if (message.kind === 'stop') there.close();
    if (message.kind === 'cancel') {
      const { id, epoch } = message;
      tasks.splice(
        tasks.findIndex((task) => task.id === id),
        1,
      );
      send({ kind: 'result', id, epoch, outcome: { kind: 'released', extents: [] } });
      send({ kind: 'get', count: 1 });
    }
  });
  engine.attachWorker(here, place, '10.0.0.7');
  send({ kind: 'hello', protocol: PROTOCOL, pid: 7, machine: 'attic', runtime: 'node 24', version: '1.2.3', slots });
  const finish = () => {
    const task = tasks.shift()!;
    const outcome = {
      kind: 'done',
      path: `/attic/${task.id}.bin`,
      sizeBytes: 5,
      sha256: null,
      verified: false,
    } as const;
    send({ kind: 'result', id: task.id, epoch: task.epoch, outcome });
    send({ kind: 'get', count: 1 });
  };
  return { tasks, told, finish, send, port: there, isOver: () => over };
}

const all = () => engine.handlers.machines(null) as Machine[];
/** Those elsewhere. */
const machines = () => all().filter(({ place }) => place !== HERE);
const here = () => all().find(({ place }) => place === HERE)!;
const change = (to: MachineOrder, place = 'attic-1') => answer(calls, engine.handlers, 'changeMachine', { place, to });
const add = (count: number) =>
  engine.handlers.add({
    downloads: Array.from({ length: count }, (_, n) => ({ url: `http://h${n}.example/f${n}.bin` })),
    paused: false,
    producer: 'test',
  });
const counts = async () => (await engine.handlers.overview(null)).counts;

test('a machine is told with what it runs, and stays listed when it has left, over a restart too', async () => {
  const { port } = join('attic-1');
  await expect.poll(machines).toMatchObject([
    {
      place: 'attic-1',
      name: 'attic',
      address: '10.0.0.7',
      runtime: 'node 24',
      version: '1.2.3',
      mode: 'working',
      here: true,
      slots: 2,
    },
  ]);
  port.close();
  await expect.poll(() => machines()[0]!.here).toBe(false);
  const { seenAt } = machines()[0]!;
  await engine.close();
  engine = open();
  expect(machines()).toMatchObject([{ place: 'attic-1', here: false, seenAt }]);
  expect(await change('forget')).toMatchObject({ ok: true });
  expect(machines()).toEqual([]);
});

test('a drained machine finishes what it has and takes no more, until it is to work again', async () => {
  const attic = join('attic-1');
  await add(5);
  await expect.poll(() => attic.tasks.length).toBe(2);
  await change('drain');
  attic.finish();
  attic.finish();
  await expect.poll(async () => (await counts()).done).toBe(2);
  expect(machines()).toMatchObject([{ mode: 'draining', leases: 0, files: 2, fileBytes: 10 }]);
  expect(attic.tasks).toEqual([]);
  await change('work');
  await expect.poll(() => attic.tasks.length).toBe(2);
});

test('a paused machine gives back what it has, and stays paused when it comes again', async () => {
  const attic = join('attic-1');
  await add(2);
  await expect.poll(() => attic.tasks.length).toBe(2);
  await change('pause');
  await expect.poll(async () => (await counts()).queued).toBe(2);
  expect(attic.isOver()).toBe(false);
  attic.port.close();
  await expect.poll(() => machines()[0]!.here).toBe(false);
  const again = join('attic-1');
  const other = join('cellar-1');
  await expect.poll(() => other.tasks.length).toBe(2);
  expect(again.tasks).toEqual([]);
});

test('a removed machine loses its leases at once and may not join, until it may', async () => {
  const attic = join('attic-1');
  await add(2);
  await expect.poll(() => attic.tasks.length).toBe(2);
  await change('remove');
  await expect.poll(attic.isOver).toBe(true);
  await expect.poll(async () => (await counts()).queued).toBe(2);
  expect(machines()).toMatchObject([{ mode: 'removed', here: false, leases: 0 }]);
  expect(engine.machines.refusalOf('attic-1')).toBe('removed');
  expect(engine.machines.refusalOf('cellar-1')).toBeNull();
  await change('work');
  expect(engine.machines.refusalOf('attic-1')).toBeNull();
});

test('a machine that comes back gets what it has bytes of, whoever asks first, over a restart too', async () => {
  const [attic, cellar] = [join('attic-1', 1), join('cellar-1', 1)];
  await expect.poll(machines).toHaveLength(2);
  const { ids } = await add(20);
  await expect.poll(() => [...attic.tasks, ...cellar.tasks].length).toBe(2);
  const begun = new Map<string, number>();
  for (const [name, { tasks, send, finish }] of [['attic', attic] as const, ['cellar', cellar] as const]) {
    // So that it stands far down in the list.
    finish();
    await expect.poll(() => tasks.length).toBe(1);
    const [{ id, epoch }] = tasks as [Task];
    begun.set(name, id);
    send({ kind: 'saved', id, epoch, extents: [[0, 7]] });
    send({ kind: 'progress', downloads: [{ id, epoch, receivedBytes: 7, bytesPerS: 1, connections: 1 }] });
  }
  await expect.poll(async () => (await engine.handlers.detail({ id: begun.get('cellar')! }))!.row.doneBytes).toBe(7);
  await expect.poll(async () => (await engine.handlers.detail({ id: begun.get('attic')! }))!.row.doneBytes).toBe(7);
  await engine.handlers.move({ ids: [...begun.values()], to: 'last' });
  await engine.close();
  engine = open();
  const again = join('cellar-1', 1);
  await expect.poll(() => again.tasks).toMatchObject([{ id: begun.get('cellar'), extents: [[0, 7]] }]);
  const late = join('attic-1', 1);
  await expect.poll(() => late.tasks).toMatchObject([{ id: begun.get('attic'), extents: [[0, 7]] }]);
  const other = join('loft-1', 1);
  await expect.poll(() => other.tasks).toMatchObject([{ extents: [] }]);
  expect(ids).toContain(other.tasks[0]!.id);
});

test('what a machine has downloaded is told, with where it keeps it', async () => {
  const attic = join('attic-1');
  await add(1);
  await expect.poll(() => attic.tasks.length).toBe(1);
  attic.finish();
  await expect.poll(async () => (await counts()).done).toBe(1);
  expect(await engine.handlers.machineDownloads({ place: 'attic-1', offset: 0, limit: 10 })).toMatchObject([
    { name: '1.bin', keptAt: '/attic/1.bin', sizeBytes: 5 },
  ]);
  expect(await engine.handlers.machineDownloads({ place: '', offset: 0, limit: 10 })).toEqual([]);
});

test('what this computer had of a file goes when another machine has brought it to its end', async () => {
  engine.start();
  await add(1);
  await expect.poll(() => local.workers[0]?.tasks.length).toBe(1);
  const [worker] = local.workers;
  const [task] = worker!.tasks as [Task];
  const { id, partPath } = task;
  const note = path.join(dataDir, 'parts', String(id));
  fs.mkdirSync(path.dirname(note), { recursive: true });
  for (const file of [partPath, note]) fs.writeFileSync(file, 'begun');
  await change('pause', HERE);
  worker!.settle(task, { kind: 'released', extents: [[0, 5]] });
  const attic = join('attic-1');
  await expect.poll(() => attic.tasks.length).toBe(1);
  expect(fs.existsSync(partPath), 'while it is not done').toBe(true);
  attic.finish();
  await expect.poll(async () => (await counts()).done).toBe(1);
  expect([partPath, note].filter((file) => fs.existsSync(file))).toEqual([]);
});

test('a machine that comes again hears which of its unfinished files are not needed any more', async () => {
  const attic = join('attic-1', 7);
  await add(7);
  await expect.poll(() => attic.tasks.length).toBe(7);
  const own = attic.tasks[0]!.id;
  attic.finish();
  await expect.poll(async () => (await counts()).done).toBe(1);
  const [waits, finishes, goes, isAnothers, isHidden, isFetched] = attic.tasks.map(({ id }) => id);
  attic.port.close();
  await expect.poll(async () => (await counts()).queued).toBe(6);
  const of = (ids: unknown[]) => ({ ids: ids as number[] });
  const move = (ids: unknown[], to: 'pause' | 'resume') => engine.handlers[to](of(ids));
  await move([waits, goes, isHidden, isFetched], 'pause');
  const cellar = join('cellar-1', 1);
  await expect.poll(() => cellar.tasks.length).toBe(1);
  cellar.finish();
  await expect.poll(async () => (await counts()).done).toBe(2);
  await expect.poll(() => cellar.tasks.length).toBe(1);
  expect([finishes, isAnothers]).toContain(cellar.tasks[0]!.id);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  await engine.handlers.remove({ which: of([goes]), deleteFiles: false });
  await vi.advanceTimersByTimeAsync(10_500);
  vi.useRealTimers();
  await engine.handlers.remove({ which: of([isHidden]), deleteFiles: false });
  const again = join('attic-1', 1);
  await move([isFetched], 'resume');
  await expect.poll(() => again.tasks.map(({ id }) => id)).toEqual([isFetched]);
  for (const id of [own, waits, finishes, goes, isAnothers, isHidden, isFetched, 12345]) {
    const nothing = { kind: 'released', extents: [] } satisfies Outcome;
    again.send({ kind: 'result', id: id!, epoch: Number.MAX_SAFE_INTEGER, outcome: nothing });
  }
  const settled = () => again.told.flatMap((message) => (message.kind === 'settled' ? message.ids : []));
  await expect.poll(settled).toEqual([own, finishes, goes, isAnothers, 12345]);
});

test('a machine that sends nonsense again and again is kept out for a while, or until it is let in', async () => {
  for (const n of [1, 2, 3]) {
    expect(engine.machines.refusalOf('attic-1')).toBeNull();
    const attic = join('attic-1');
    await expect.poll(() => attic.told.some(({ kind }) => kind === 'welcome')).toBe(true);
    attic.port.send({ kind: 'nonsense' });
    await expect.poll(attic.isOver).toBe(true);
    await expect.poll(machines).toMatchObject([{ offences: n, here: false }]);
  }
  expect(engine.machines.refusalOf('attic-1')).toBe('barred');
  expect(engine.machines.refusalOf('cellar-1')).toBeNull();
  expect(machines()[0]!.barredUntil).toBeGreaterThan(Date.now());
  await change('work');
  expect(engine.machines.refusalOf('attic-1')).toBeNull();
  expect(machines()).toMatchObject([{ offences: 0, barredUntil: null }]);
});

test('a machine whose line breaks is not blamed for it', async () => {
  const attic = join('attic-1');
  await expect.poll(() => attic.told.some(({ kind }) => kind === 'welcome')).toBe(true);
  attic.port.close();
  await expect.poll(machines).toMatchObject([{ offences: 0, here: false }]);
});

test('one that is here cannot be forgotten, and nobody can be told what is not known', async () => {
  join('attic-1');
  await expect.poll(() => machines().length).toBe(1);
  expect(await change('forget')).toMatchObject({ ok: false, error: { code: 'machine-here' } });
  expect(await change('pause', 'nowhere')).toMatchObject({ ok: false, error: { code: 'no-machine' } });
});

test('this computer is the first of the machines, and cannot be removed or forgotten', async () => {
  join('attic-1');
  await expect.poll(() => all().map(({ place }) => place)).toEqual([HERE, 'attic-1']);
  expect(here()).toMatchObject({ here: true, mode: 'working', version: '1.2.3', name: os.hostname() });
  for (const order of ['remove', 'forget'] as const) {
    expect(await change(order, HERE)).toMatchObject({ ok: false, error: { code: 'this-machine' } });
  }
});

test('this computer finishes what it has and takes no more while it drains, and others go on', async () => {
  engine.start();
  await add(3);
  await expect.poll(() => local.workers[0]?.tasks.length).toBe(1);
  await change('drain', HERE);
  const { workers } = local;
  const [first] = workers[0]!.tasks as [Task];
  workers[0]!.settle(first, { kind: 'done', path: `${dataDir}/1.bin`, sizeBytes: 5, sha256: null, verified: false });
  await expect.poll(async () => (await counts()).done).toBe(1);
  expect(here()).toMatchObject({ mode: 'draining', leases: 0 });
  expect((await engine.handlers.overview(null)).totals.modeHere).toBe('draining');
  const attic = join('attic-1');
  await expect.poll(() => attic.tasks.length).toBe(2);
  expect(workers.flatMap(({ tasks }) => tasks)).toEqual([first]);
});

test('this computer gives back what it has when it is paused, also with workers that come later, until it is to work', async () => {
  engine.start();
  await add(2);
  await expect.poll(() => local.workers[0]?.tasks.length).toBe(1);
  const [worker] = local.workers;
  await change('pause', HERE);
  const [first] = worker!.tasks as [Task];
  await expect.poll(() => worker!.cancelled).toEqual([first.id]);
  worker!.settle(first, { kind: 'released', extents: [] });
  await expect.poll(async () => (await counts()).queued).toBe(2);
  worker!.crash();
  await expect.poll(() => local.workers.length).toBeGreaterThan(1);
  const late = local.workers.at(-1)!;
  await expect.poll(() => late.settings.length).toBe(1);
  // Who asks later has its answer first.
  const attic = join('attic-1', 1);
  await expect.poll(() => attic.tasks.length).toBe(1);
  expect(late.tasks).toEqual([]);
  expect(here()).toMatchObject({ mode: 'paused', leases: 0 });
  await change('work', HERE);
  await expect.poll(() => local.workers.slice(1).some(({ tasks }) => tasks.length === 1)).toBe(true);
  await change('pause', HERE);
  await engine.close();
  engine = open();
  expect(here().mode).toBe('working');
});

test('those who come and go at once are written down together', async () => {
  const written = vi.spyOn(MachineTable.prototype, 'joined');
  const transactions = vi.spyOn(Store.prototype, 'transaction');
  onTestFinished(() => void vi.restoreAllMocks());
  const ports = Array.from({ length: 300 }, (_, n) => join(`attic-${n}`).port);
  await expect.poll(() => written.mock.calls.length, { timeout: 10_000 }).toBe(300);
  const begun = transactions.mock.invocationCallOrder;
  const within = written.mock.invocationCallOrder.map((at) => begun.findLast((order) => order < at));
  expect(new Set(within).size).toBeLessThan(30);
  for (const port of ports) port.close();
  await expect.poll(() => machines().filter((machine) => !machine.here).length, { timeout: 10_000 }).toBe(300);
});

test('of machines under ever new names the last thousand are remembered, and those here or spoken of', async () => {
  const here = join('here');
  join('paused').port.close();
  await vi.waitFor(() => expect(engine.machines.list().map(({ place }) => place)).toContain('paused'));
  engine.machines.change('paused', 'pause');
  for (let n = 0; n < 1100; n++) join(`name ${n}`).port.close();
  await vi.waitFor(() => expect(engine.machines.list().filter((machine) => machine.here)).toHaveLength(2));
  const places = engine.machines.list().map(({ place }) => place);
  expect(places).toHaveLength(1003);
  expect(places).toEqual(expect.arrayContaining([HERE, 'here', 'paused']));
  here.port.close();
});
