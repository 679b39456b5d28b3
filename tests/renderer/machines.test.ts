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
