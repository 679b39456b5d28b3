import { beforeEach, expect, test, vi } from 'vitest';
import { App } from '../../renderer/state/app.svelte.ts';
import { canReorder, dropAt, gapAt, nudge } from '../../renderer/views/list/reorder.ts';
import { FakeBridge } from './fake-bridge.ts';

let bridge: FakeBridge;
let app: App;

beforeEach(async () => {
  bridge = new FakeBridge(10);
  app = new App(bridge);
  await app.downloads.load();
  app.downloads.setWindow(0, 10);
  await vi.waitFor(() => expect(app.downloads.rows).toHaveLength(10));
});

const moved = () => bridge.asked.findLast(({ name }) => name === 'move')?.arg;

test('rows go before the row that they are held over, in their own order', async () => {
  await app.selection.goTo(6);
  await app.selection.goTo(2, 'toggle');
  await dropAt(app, 5);
  expect(moved()).toEqual({ ids: [3, 7], to: { before: 6 } });
});

test('a row that moves itself is no place to go before; the end of the list is the end of the queue', async () => {
  await app.selection.goTo(4);
  await dropAt(app, 4);
  expect(moved()).toEqual({ ids: [5], to: { before: 6 } });
  await dropAt(app, 10);
  expect(moved()).toEqual({ ids: [5], to: 'last' });
});

test('the keyboard moves them by one place, and stops at the ends', async () => {
  await app.selection.goTo(4);
  await nudge(app, -1);
  expect(moved()).toEqual({ ids: [5], to: { before: 4 } });
  await nudge(app, 1);
  expect(moved()).toEqual({ ids: [5], to: { before: 7 } });
  await app.selection.goTo(0);
  const before = bridge.times('move');
  await nudge(app, -1);
  expect(bridge.times('move')).toBe(before);
});

test('where the list stands by priority, a row stays among those of its own', async () => {
  bridge.rows = bridge.rows.map((row) => ({ ...row, priority: row.id < 4 ? 'high' : row.id < 8 ? 'normal' : 'low' }));
  bridge.revision += 1;
  app.filter({ status: 'queued' });
  await vi.waitFor(() => expect(app.downloads.rows.map((row) => row?.priority)).toContain('low'));
  await app.selection.goTo(5);
  for (const [gap, to] of [
    [4, { before: 5 }],
    [1, 'first'],
    [3, { before: 4 }],
    [7, 'last'],
    [9, 'last'],
  ] as const) {
    await dropAt(app, gap);
    expect(moved(), `gap ${gap}`).toEqual({ ids: [6], to });
  }
  await app.selection.goTo(1);
  await dropAt(app, 6);
  expect(moved(), 'below all of its own').toEqual({ ids: [2], to: 'last' });
  app.filter({ status: 'all' });
  await vi.waitFor(() => expect(app.downloads.rows).toHaveLength(10));
  await app.selection.goTo(5);
  await dropAt(app, 1);
  expect(moved()).toEqual({ ids: [6], to: { before: 2 } });
});

test('in another order there is nothing to move', async () => {
  app.filter({ sort: 'name' });
  expect(canReorder(app)).toBe(false);
});

test('the gap is the nearest edge between two rows', () => {
  expect([gapAt(0, 52, 10), gapAt(27, 52, 10), gapAt(25, 52, 10), gapAt(5200, 52, 10), gapAt(-9, 52, 10)]).toEqual([
    0, 1, 0, 10, 0,
  ]);
});
