import { expect, test } from 'vitest';
import { Machines } from '../../renderer/state/machines.svelte.ts';
import { FakeBridge } from './fake-bridge.ts';

test('an order is given, its effect is asked for, and why it was not followed is said', async () => {
  const bridge = new FakeBridge();
  bridge.answers = { machines: () => [], changeMachine: () => null };
  const machines = new Machines(bridge);
  await machines.tell('attic-1', 'pause');
  expect(bridge.asked).toEqual([
    { name: 'changeMachine', arg: { place: 'attic-1', to: 'pause' } },
    { name: 'machines', arg: null },
  ]);
  expect(machines.problem).toBeNull();
  bridge.answers = { machines: () => [], changeMachine: () => new Error('It is here: remove it first.') };
  await machines.tell('attic-1', 'forget');
  expect(machines.problem).toBe('It is here: remove it first.');
});

const aMachine = (place: string, files = 0) => ({ place, files, fileBytes: files });

test('this computer is told apart from the others', async () => {
  const bridge = new FakeBridge();
  bridge.answers = { machines: () => [aMachine(''), aMachine('attic-1'), aMachine('cellar-1')] };
  const machines = new Machines(bridge);
  await machines.refresh();
  expect(machines.here).toMatchObject({ place: '' });
  expect(machines.others.map(({ place }) => place)).toEqual(['attic-1', 'cellar-1']);
});

test('all that a machine downloaded can be read, bit by bit, and is read anew only when there is more', async () => {
  const bridge = new FakeBridge();
  let count = 2500;
  bridge.answers = {
    machines: () => [aMachine('attic-1', count)],
    machineDownloads: ({ offset, limit }: { offset: number; limit: number }) =>
      Array.from({ length: Math.min(limit, count - offset) }, (_, n) => ({ id: count - offset - n })),
  };
  const machines = new Machines(bridge);
  await machines.refresh();
  await machines.toggleFiles('attic-1');
  expect(machines.files).toHaveLength(200);
  await machines.showMore();
  expect(machines.files).toHaveLength(1200);
  await machines.showMore();
  await machines.showMore();
  expect(machines.files.map(({ id }) => id)).toEqual(Array.from({ length: 2500 }, (_, n) => 2500 - n));
  bridge.asked = [];
  await machines.refresh();
  expect(bridge.asked.map(({ name }) => name)).toEqual(['machines']);
  count++;
  await machines.refresh();
  expect(machines.files[0]).toEqual({ id: 2501 });
});

test('what a machine downloaded is read when it is opened, and no more when it is closed', async () => {
  const bridge = new FakeBridge();
  const file = { id: 1, name: 'a', keptAt: '/a', sizeBytes: 1, finishedAt: 1 };
  bridge.answers = { machines: () => [], machineDownloads: () => [file] };
  const machines = new Machines(bridge);
  await machines.toggleFiles('attic-1');
  expect(machines.files).toEqual([file]);
  await machines.toggleFiles('attic-1');
  expect([machines.open, machines.files]).toEqual([null, []]);
  bridge.asked = [];
  await machines.refresh();
  expect(bridge.asked.map(({ name }) => name)).toEqual(['machines']);
});
