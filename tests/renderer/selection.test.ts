import { beforeEach, expect, test, vi } from 'vitest';
import { Downloads } from '../../renderer/state/downloads.svelte.ts';
import { Selection } from '../../renderer/state/selection.svelte.ts';
import { FakeBridge } from './fake-bridge.ts';

let bridge: FakeBridge;
let downloads: Downloads;
let selection: Selection;

beforeEach(async () => {
  bridge = new FakeBridge(1000);
  downloads = new Downloads(bridge);
  await downloads.load();
  downloads.setWindow(0, 20);
  await vi.waitFor(() => expect(downloads.rows).toHaveLength(20));
  selection = new Selection(bridge, downloads);
});

test('one step selects one row, and steps stop at the ends', async () => {
  await selection.move(1);
  expect(selection.ids()).toEqual([1]);
  await selection.move(-5);
  expect(selection.ids()).toEqual([1]);
  await selection.goTo(5000);
  expect(selection.ids()).toEqual([1000]);
});

test('extending selects from where it began, also over rows that were never seen', async () => {
  await selection.goTo(2);
  await selection.goTo(899, 'extend');
  expect(selection.count).toBe(898);
  await selection.goTo(0, 'extend');
  expect(selection.ids()).toEqual([1, 2, 3]);
});

test('everything is a query, not a list of ids; one less than everything names the others', async () => {
  selection.selectAll();
  expect(selection.count).toBe(1000);
  expect(selection.which()).toEqual({ query: downloads.query });
  await selection.goTo(4, 'toggle');
  expect(selection.count).toBe(999);
  expect(selection.has(5)).toBe(false);
});

test('toggling adds and takes away', async () => {
  await selection.goTo(1);
  await selection.goTo(3, 'toggle');
  await selection.goTo(1, 'toggle');
  expect(selection.ids()).toEqual([4]);
});

test('who walks leaves the selection as it is, and adds to it or takes away where the cursor stands', async () => {
  await selection.move(1);
  await selection.move(1, 'walk');
  await selection.move(1, 'walk');
  expect([selection.cursor, selection.ids()]).toEqual([2, [1]]);
  await selection.goTo(selection.cursor, 'toggle');
  expect(selection.ids()).toEqual([1, 3]);
  // Where no row has come yet, too.
  await selection.goTo(899, 'walk');
  await selection.goTo(selection.cursor, 'toggle');
  expect(selection.ids()).toEqual([1, 3, 900]);
});

test('the cursor follows its download when the list moves under it', async () => {
  await selection.goTo(5);
  bridge.rows.splice(0, 3);
  bridge.revision += 1;
  downloads.changed(bridge.changed());
  await vi.waitFor(() => expect(downloads.rows[0]?.id).toBe(4));
  selection.follow();
  expect(selection.cursor).toBe(2);
  expect(selection.cursorId).toBe(6);
});
