// The contract of task queues, kept by the one on the list; and what it does for those who put much.
import { expect, onTestFinished, test } from 'vitest';
import { sorter, usualCategories } from '../../../shared/category.ts';
import { defaultSettings } from '../../../shared/settings.ts';
import { DiskRoom } from '../../../main/engine/disk-room.ts';
import { Dispatch } from '../../../main/engine/dispatch/dispatch.ts';
import { HashLater } from '../../../main/engine/hash-later.ts';
import { foldName, isPlainName, numbered, partName } from '../../../main/engine/names.ts';
import { Listeners, type Signal } from '../../../main/engine/signal.ts';
import { Store } from '../../../main/engine/store/store.ts';
import { Tap } from '../../../main/engine/tap.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { Keeper, newTask, resultOf, taskQueueContract } from './task-queue-contract.ts';

function open() {
  const dir = tempDir();
  const store = new Store({
    dir,
    names: { fold: foldName, isPlainName, numbered, partName, category: sorter(usualCategories) },
    now: Date.now(),
  });
  const signals = new Listeners<Signal>();
  const hashLater = new HashLater(store, undefined, {
    wanted: () => true,
    now: Date.now,
    tell: (done) => signals.tell(done),
    changed: () => {},
  });
  const queue = new Dispatch({
    store,
    tap: new Tap(Date.now),
    disk: new DiskRoom(Date.now),
    notes: dir,
    now: Date.now,
    settings: () => defaultSettings,
    localWorkers: () => 0,
    closing: () => false,
    signals,
    hashLater,
    grown: () => {},
    keptElsewhere: () => undefined,
    progressed: () => {},
  });
  let closed = false;
  const close = () => {
    if (closed) return;
    closed = true;
    queue.close();
    store.close();
  };
  return { queue, store, close };
}

taskQueueContract('the list', open);

test('a hundred producers and a hundred leases at once share a few transactions', async () => {
  const { queue, store, close } = open();
  onTestFinished(close);
  const before = store.load.transactions;
  const keeper = new Keeper();
  await Promise.all(Array.from({ length: 100 }, () => queue.put([newTask()])));
  await Promise.all(Array.from({ length: 100 }, () => queue.lease(keeper, 1)));
  expect(new Set(keeper.tasks.map(({ id }) => id)).size).toBe(100);
  expect(store.load.transactions - before).toBeLessThan(10);
});

test('a list that cannot be written refuses what is put, and says why', async () => {
  const { queue, store, close } = open();
  onTestFinished(close);
  const add = store.add.bind(store);
  store.add = () => {
    throw new Error('database or disk is full');
  };
  await expect(queue.put([newTask()])).rejects.toThrow('disk is full');
  store.add = add;
  expect(await queue.put([newTask()])).toHaveLength(1);
});

test('a file that was finished just before its worker died has all its bytes', async () => {
  const { queue, store, close } = open();
  onTestFinished(close);
  const [id] = await queue.put([newTask()]);
  const keeper = new Keeper();
  await queue.lease(keeper, 1);
  const settled = queue.settle(keeper, resultOf(keeper.tasks[0]!));
  keeper.die();
  await settled;
  expect(store.get(id!)).toMatchObject({ status: 'done', doneBytes: 1 });
});
