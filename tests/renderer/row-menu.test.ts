import { beforeEach, expect, test, vi } from 'vitest';
import type { Row } from '../../shared/download.ts';
import { App } from '../../renderer/state/app.svelte.ts';
import { rowMenu } from '../../renderer/views/list/row-menu.ts';
import type { MenuItem } from '../../renderer/ui/menu.ts';
import { aRow, FakeBridge } from './fake-bridge.ts';

let bridge: FakeBridge;
let app: App;

beforeEach(() => {
  bridge = new FakeBridge();
  app = new App(bridge);
});

/** The menu of rows of these states, all of them selected, the cursor on the first. */
async function menuOf(states: Row['status'][], choose: (items: MenuItem[]) => void = () => {}): Promise<MenuItem[]> {
  bridge.rows = states.map((status, i) => aRow(i + 1, { status }));
  bridge.revision += 1;
  await app.downloads.load();
  app.downloads.setWindow(0, states.length);
  await app.selection.goTo(states.length - 1);
  await app.selection.goTo(0, 'extend');
  return rowMenu(app, choose);
}
const item = (items: MenuItem[], label: string) =>
  items.find((one): one is Extract<MenuItem, { kind: 'item' }> => one.kind === 'item' && one.label === label);
const labels = (items: MenuItem[]) => items.flatMap((one) => (one.kind === 'item' ? [one.label] : []));

const queueing = ['Priority…', 'Move to the top of the queue', 'Move to the end of the queue'];

test('what is done has no place in the queue, and is downloaded again only by its own item', async () => {
  const done = await menuOf(['done']);
  expect(labels(done)).toContain('Download again');
  expect(labels(done)).not.toContain('Try again');
  for (const label of queueing) expect(labels(done)).not.toContain(label);
  const several = await menuOf(['failed', 'done']);
  for (const label of queueing) expect(labels(several)).toContain(label);
  item(several, 'Try again')!.run();
  item(several, 'Download finished ones again')!.run();
  await vi.waitFor(() =>
    expect(bridge.asked.slice(-2)).toEqual([
      { name: 'retry', arg: { ids: [1, 2] } },
      { name: 'redownload', arg: { ids: [1, 2] } },
    ]),
  );
  expect(labels(await menuOf(['failed', 'paused']))).not.toContain('Download finished ones again');
});

test('of several rows what any of them allows is offered, with the key that does it', async () => {
  const keyed = (items: MenuItem[]) =>
    items.slice(0, 3).flatMap((one) => (one.kind === 'item' ? [[one.label, one.key ?? '']] : []));
  expect(keyed(await menuOf(['queued', 'paused', 'failed']))).toEqual([
    ['Pause', 'Space'],
    ['Resume', ''],
    ['Try again', ''],
  ]);
  expect(keyed(await menuOf(['paused', 'failed'])).slice(0, 2)).toEqual([
    ['Resume', 'Space'],
    ['Try again', ''],
  ]);
  expect(labels(await menuOf(['queued', 'running']))).not.toContain('Resume');
  // All of a list of which only the first rows are known.
  bridge.rows = Array.from({ length: 500 }, (_, i) => aRow(i + 1));
  bridge.revision += 1;
  await app.downloads.load();
  app.selection.selectAll();
  expect(labels(rowMenu(app, () => {}))).toEqual(expect.arrayContaining(['Pause', 'Resume', 'Try again']));
});

test('a priority is chosen from a menu that marks the one that all unfinished ones have', async () => {
  let offered: MenuItem[] = [];
  const menu = await menuOf(['queued', 'failed', 'done'], (items) => (offered = items));
  item(menu, 'Priority…')!.run();
  expect(offered.map((one) => one.kind === 'item' && [one.label, one.checked])).toEqual([
    ['High priority', false],
    ['Normal priority', true],
    ['Low priority', false],
  ]);
  item(offered, 'Low priority')!.run();
  await vi.waitFor(() =>
    expect(bridge.asked.at(-1)).toEqual({
      name: 'setPriority',
      arg: { which: { ids: [1, 2, 3] }, priority: 'low' },
    }),
  );
});

test('every item has a picture, whatever the state', async () => {
  for (const state of ['queued', 'running', 'paused', 'failed', 'done'] as const) {
    for (const one of await menuOf([state])) if (one.kind === 'item') expect(one.icon, one.label).toBeDefined();
  }
});
