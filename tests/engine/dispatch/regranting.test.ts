// A host's connections are shared out anew among those that run.
import { expect, onTestFinished, test, vi } from 'vitest';
import { Engine } from '../../../main/engine/engine.ts';
import { regrant } from '../../../main/engine/dispatch/regranting.ts';
import type { NewDownload } from '../../../shared/download.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { doneOf, fakeWorkers } from '../fake-worker.ts';

const running = (...connections: number[]) => connections.map((each) => ({ connections: each }));

test('one that waits gets its share from those that have more than theirs', () => {
  expect(regrant(running(8, 8), 16, 1, 8)).toEqual([5, 5]);
  expect(regrant(running(8, 1), 8, 1, 8)).toEqual([2, 1]);
});

test('nobody is left without one', () => {
  expect(regrant(running(1, 1, 1), 2, 3, 8)).toEqual([1, 1, 1]);
});

test('when a host is seen to take fewer than were given, what is too much is taken back', () => {
  expect(regrant(running(6), 4, 0, 8)).toEqual([4]);
  expect(regrant(running(4, 2), 4, 0, 8)).toEqual([2, 2]);
  expect(regrant(running(1, 1, 1), 2, 0, 8)).toEqual([1, 1, 1]);
});

test('what others gave back goes to those that are left, and never beyond what a download may have', () => {
  expect(regrant(running(2), 16, 0, 8)).toEqual([8]);
  expect(regrant(running(2, 3), 8, 0, 8)).toEqual([4, 4]);
  expect(regrant(running(8), 16, 0, 4)).toEqual([4]);
});

test('one with a number of its own has no more than that, and no less than that where there is room', () => {
  const own = [{ connections: 2, own: 2 }];
  expect(regrant(own, 16, 0, 8)).toEqual([2]);
  expect(regrant([{ connections: 12, own: 12 }], 16, 0, 8)).toEqual([12]);
});

/** An engine of one worker whose clock goes only by hand. */
function engineByHand(parallel: number) {
  const dir = tempDir();
  const { spawn, workers } = fakeWorkers();
  const clock = { now: 1_000_000 };
  const overrides = { workers: 1, parallel, dir: `${dir}/files`, connectionsPerDownload: 16, connectionsPerHost: 16 };
  const engine = new Engine({ dataDir: `${dir}/data`, spawnWorker: spawn, overrides, now: () => clock.now });
  onTestFinished(() => engine.close());
  engine.start();
  const add = async (...downloads: NewDownload[]) => engine.adding.add(downloads, { producer: 'test' });
  return { engine, clock, add, worker: () => workers[0]! };
}

/** By then everything that was sent to a worker has come. */
async function answered(engine: Engine, { cancelled }: { cancelled: number[] }, id: number): Promise<void> {
  await engine.handlers.pause({ ids: [id] });
  await vi.waitFor(() => expect(cancelled).toContain(id));
}

test('one that starts as another ends has its connections: they are not given to a third as well', async () => {
  const { engine, clock, add, worker } = engineByHand(2);
  await add({ url: 'http://a.test/1' }, { url: 'http://a.test/2' });
  await vi.waitFor(() => expect(worker().tasks.map(({ connections }) => connections)).toEqual([8, 8]));
  clock.now += 1000;
  await add({ url: 'http://a.test/3' });
  clock.now += 1000;
  const [, second] = worker().tasks;
  worker().settle(second!, doneOf(second!));
  await vi.waitFor(() => expect(worker().tasks).toHaveLength(3));
  const third = worker().tasks[2]!;
  expect(third.connections).toBe(8);
  await answered(engine, worker(), third.id);
  expect(worker().granted).toEqual([]);
});

test('a download with a number of connections of its own keeps to it', async () => {
  const { engine, clock, add, worker } = engineByHand(2);
  const [id] = await add({ url: 'http://a.test/1', connections: 2 });
  await vi.waitFor(() => expect(worker().tasks.map(({ connections }) => connections)).toEqual([2]));
  clock.now += 1000;
  await add({ url: 'http://b.test/other' });
  await vi.waitFor(() => expect(worker().tasks).toHaveLength(2));
  await answered(engine, worker(), id!);
  expect(worker().granted).toEqual([]);
});

test('the places of a host that takes fewer than it was thought to are never said to be more than all taken', async () => {
  const { engine, clock, add, worker } = engineByHand(4);
  await add(...[1, 2, 3].map((n) => ({ url: `http://a.test/${n}` })));
  await vi.waitFor(() => expect(worker().tasks).toHaveLength(3));
  const given = worker().tasks.reduce((sum, { connections }) => sum + connections, 0);
  expect(given).toBeGreaterThan(6);
  const places = () => engine.view.traffic(0).hosts.map(({ used, places: all }) => [used, all]);
  worker().send({ kind: 'host-cap', host: 'a.test', connections: 6 });
  await vi.waitFor(() => expect(places()).toEqual([[6, 6]]));
  clock.now += 1000;
  await add({ url: 'http://b.test/other' });
  await vi.waitFor(() => expect(worker().granted.map(({ connections }) => connections)).toEqual([2, 2, 2]));
  worker().send({ kind: 'host-cap', host: 'a.test', connections: 2 });
  await vi.waitFor(() => expect(engine.view.traffic(0).hosts[0]).toMatchObject({ used: 2, places: 2 }));
  clock.now += 1000;
  await add({ url: 'http://b.test/more' });
  await vi.waitFor(() =>
    expect(
      worker()
        .granted.slice(3)
        .map(({ connections }) => connections),
    ).toEqual([1, 1, 1]),
  );
  expect(engine.view.traffic(0).hosts[0]).toMatchObject({ used: 2, places: 2, waiters: 1 });
});
