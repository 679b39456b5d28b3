import { beforeEach, expect, test, vi } from 'vitest';
import { Inspected } from '../../renderer/state/inspected.svelte.ts';
import { aRow, FakeBridge } from './fake-bridge.ts';

let bridge: FakeBridge;
let inspected: Inspected;
/** What is there, and how often it was asked for. */
let names: Record<number, string>;
const shown = () => inspected.detail?.row.name ?? null;

beforeEach(() => {
  bridge = new FakeBridge();
  names = { 1: 'one', 2: 'two' };
  bridge.answers['detail'] = ({ id }: { id: number }) => {
    const name = names[id];
    return name === undefined ? null : { row: aRow(id, { name }) };
  };
  inspected = new Inspected(bridge);
});

/** Holds answers back until it is called. */
function hold(): () => void {
  let go = (): void => {};
  bridge.gate = new Promise((resolve) => (go = resolve));
  return () => {
    bridge.gate = null;
    go();
  };
}

test('the answer about one that is no longer looked at is not shown', async () => {
  const go = hold();
  inspected.open(1);
  inspected.open(2);
  expect(shown(), 'nothing of another one stands there meanwhile').toBeNull();
  go();
  await vi.waitFor(() => expect(shown()).toBe('two'));
});

test('what changed while it was asked for is asked for once more, however often it changed', async () => {
  const go = hold();
  inspected.open(1);
  names[1] = 'renamed';
  for (let n = 0; n < 5; n += 1) void inspected.refresh();
  go();
  await vi.waitFor(() => expect(shown()).toBe('renamed'));
  expect(bridge.times('detail')).toBe(2);
});

test('closed while it was asked for, it stays closed; one that is gone from the list closes', async () => {
  const go = hold();
  inspected.open(1);
  inspected.close();
  go();
  await vi.waitFor(() => expect(bridge.times('detail')).toBe(1));
  expect([inspected.id, inspected.detail]).toEqual([null, null]);
  inspected.open(2);
  await vi.waitFor(() => expect(shown()).toBe('two'));
  delete names[2];
  await inspected.refresh();
  expect([inspected.id, inspected.detail]).toEqual([null, null]);
});

test('an engine that does not answer leaves what is shown', async () => {
  inspected.open(1);
  await vi.waitFor(() => expect(shown()).toBe('one'));
  bridge.answers['detail'] = () => new Error('gone');
  await inspected.refresh();
  expect(shown()).toBe('one');
});
