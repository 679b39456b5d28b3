// The list in the window: sorted by any column, narrowed to a host, a state, a category, a text.
import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import { channels } from '../../shared/channels.ts';
import { HERE } from '../../shared/machines.ts';
import { originForTest } from '../support/start.ts';
import { problems } from './axe.ts';
import { startSluice, untilCounts } from './window-program.ts';

const names = (page: Page) =>
  page.locator('[role=row] .name').evaluateAll((all) => all.map((one) => one.textContent ?? ''));
const column = (page: Page, name: string) => page.getByRole('columnheader', { name }).getByRole('button').first();

/** Adds downloads without asking. */
async function add(page: Page, urls: string[], paused = false): Promise<void> {
  const answer = await page.evaluate(
    ([all, stay]) => window.sluice.call('add', { downloads: all.map((url) => ({ url })), paused: stay }),
    [urls, paused] as const,
  );
  expect(answer.ok).toBe(true);
}

/** More than the window has room for. */
const sixty = Array.from({ length: 60 }, (_, n) => `https://files.test/${n}.zip`);

test('a host is chosen from the list’s hosts or from a row, stays while states are looked at, and goes with Escape', async () => {
  const { page, complaints } = await startSluice();
  await add(
    page,
    ['https://one.test/a.zip', 'https://two.test/b.zip', 'https://one.test/c.zip', 'https://three.test/d.zip'],
    true,
  );
  await expect.poll(() => names(page)).toHaveLength(4);
  await page.getByRole('button', { name: 'All hosts' }).click();
  const offered = page.getByRole('menu').getByRole('menuitemradio');
  await offered.first().waitFor();
  expect(await offered.allInnerTexts()).toEqual(['All hosts', 'one.test\n2', 'three.test\n1', 'two.test\n1']);
  const [button, menu] = await Promise.all(
    [page.getByRole('button', { name: 'All hosts' }), page.getByRole('menu')].map((one) => one.boundingBox()),
  );
  expect(Math.abs(menu!.x - button!.x), 'the menu stands below its button').toBeLessThan(2);
  expect(menu!.y - button!.y - button!.height).toBeLessThan(8);
  // With the keyboard: the first letters find it.
  await page.keyboard.press('o');
  await page.keyboard.press('Enter');
  await expect.poll(() => names(page)).toEqual(['a.zip', 'c.zip']);
  await page.getByRole('navigation').getByRole('button', { name: 'Paused' }).click();
  await expect.poll(() => names(page)).toEqual(['a.zip', 'c.zip']);
  await page.getByRole('navigation').getByRole('button', { name: 'Failed' }).click();
  await page.getByText('Nothing found').waitFor();
  await page.getByRole('button', { name: 'Show all downloads' }).click();
  await expect.poll(() => names(page)).toHaveLength(4);

  await page.getByRole('row', { name: /d\.zip/ }).click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Only from three.test' }).click();
  await expect.poll(() => names(page)).toEqual(['d.zip']);
  await page.getByRole('grid').focus();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await expect.poll(() => names(page)).toHaveLength(4);
  expect(complaints).toEqual([]);
});

test('a state, a kind, a host and a text narrow the list together, each taken back by itself', async () => {
  const { page, complaints } = await startSluice();
  await page.evaluate((place) => window.sluice.call('changeMachine', { place, to: 'pause' }), HERE);
  const all = ['one.test/a.mp4', 'one.test/b.mp4', 'two.test/c.mp4', 'one.test/a.zip'].map((path) => `https://${path}`);
  await add(page, all, true);
  await add(page, ['https://one.test/a2.mp4', 'https://two.test/b.zip']);
  await expect.poll(() => names(page)).toHaveLength(6);
  const entry = (name: string) => page.getByRole('navigation').getByRole('button', { name: new RegExp(`^${name}`) });
  const marked = () => page.getByRole('navigation').locator('[aria-current=page] .label').allInnerTexts();
  await entry('Paused').click();
  await entry('Video').dblclick();
  await expect.poll(() => names(page)).toEqual(['a.mp4', 'b.mp4', 'c.mp4']);
  expect(await marked()).toEqual(['Paused', 'Video']);
  await page.getByRole('row', { name: /^b\.mp4/ }).click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Only from one.test' }).click();
  await expect.poll(() => names(page)).toEqual(['a.mp4', 'b.mp4']);
  await page.keyboard.press('Control+F');
  await page.keyboard.type('a');
  await expect.poll(() => names(page)).toEqual(['a.mp4']);
  await entry('Queued').click();
  await expect.poll(() => names(page)).toEqual(['a2.mp4']);
  await entry('Video').click();
  await expect.poll(() => names(page)).toEqual(['a2.mp4']);
  expect(await marked()).toEqual(['Queued']);
  await entry('Paused').click();
  await expect.poll(() => names(page)).toEqual(['a.mp4', 'a.zip']);
  await entry('Archives').click();
  await expect.poll(() => names(page)).toEqual(['a.zip']);
  await entry('All').click();
  await page.getByRole('grid').press('Escape');
  await page.getByRole('grid').press('Escape');
  await expect.poll(() => names(page)).toHaveLength(6);
  expect(await marked()).toEqual(['All']);
  expect(complaints).toEqual([]);
});

test('every column sorts; what runs stands in the order of its speed', async () => {
  const origin = await originForTest();
  origin.serve('/slow.bin', { sizeBytes: 3_000_000, bytesPerS: 40_000, ranges: 'ignore' });
  origin.serve('/quick.bin', { sizeBytes: 80_000_000, bytesPerS: 600_000, ranges: 'ignore' });
  origin.serve('/small.bin', { sizeBytes: 10 });
  const { page, complaints } = await startSluice();
  await add(
    page,
    ['/slow.bin', '/quick.bin', '/small.bin'].map((path) => origin.url(path)),
  );
  await untilCounts(page, { running: 2, done: 1 });
  await page.getByRole('row', { name: /quick\.bin.*Active/ }).waitFor();
  await column(page, 'Speed').click();
  await expect.poll(() => names(page), { timeout: 20_000 }).toEqual(['quick.bin', 'slow.bin', 'small.bin']);
  expect(await page.getByRole('columnheader', { name: 'Speed' }).getAttribute('aria-sort')).toBe('descending');
  await column(page, 'Speed').click();
  await expect.poll(() => names(page), { timeout: 20_000 }).toEqual(['slow.bin', 'quick.bin', 'small.bin']);
  // 3 MB at 40 kB/s end before 80 MB at 600 kB/s do.
  await column(page, 'Left').click();
  await expect.poll(() => names(page), { timeout: 20_000 }).toEqual(['slow.bin', 'quick.bin', 'small.bin']);
  await column(page, 'Size').click();
  await expect.poll(() => names(page)).toEqual(['small.bin', 'slow.bin', 'quick.bin']);
  await column(page, 'Name').click();
  await expect.poll(() => names(page)).toEqual(['quick.bin', 'slow.bin', 'small.bin']);
  // 1.3 % a second are more than 0.8 %, and what is done is more than any.
  await column(page, 'Progress').click();
  await expect.poll(() => names(page), { timeout: 20_000 }).toEqual(['quick.bin', 'slow.bin', 'small.bin']);
  await column(page, 'Progress').click();
  await column(page, 'Progress').click();
  await expect
    .poll(() => names(page), { message: 'the queue’s own order' })
    .toEqual(['slow.bin', 'quick.bin', 'small.bin']);
  expect(complaints).toEqual([]);
});

test('several rows are chosen with the mouse, acted on by one menu, removed, and brought back by Ctrl+Z', async () => {
  const { app, page, complaints } = await startSluice();
  await add(
    page,
    Array.from({ length: 6 }, (_, n) => `https://files.test/${n}.zip`),
    true,
  );
  await expect.poll(() => names(page)).toHaveLength(6);
  const row = (n: number) => page.getByRole('row', { name: new RegExp(`^${n}\\.zip`) });
  const chosen = () =>
    page
      .locator('[role=row][aria-selected=true] .name')
      .evaluateAll((all) => all.map((one) => one.textContent?.trim() ?? ''));
  await row(1).click();
  await row(3).click({ modifiers: ['Shift'] });
  expect(await chosen()).toEqual(['1.zip', '2.zip', '3.zip']);
  await row(2).click({ modifiers: ['Control'] });
  await row(5).click({ modifiers: ['Control'] });
  await expect.poll(chosen).toEqual(['1.zip', '3.zip', '5.zip']);

  // The other button on one of them keeps them all; first in the queue are then those three, in their order.
  await row(3).click({ button: 'right' });
  await page.getByRole('menuitem', { name: /top|first/i }).click();
  await expect.poll(() => names(page)).toEqual(['1.zip', '3.zip', '5.zip', '0.zip', '2.zip', '4.zip']);
  await page.getByRole('grid').press('Delete');
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /^Remove/ })
    .click();
  await expect.poll(() => names(page)).toEqual(['0.zip', '2.zip', '4.zip']);
  await page.keyboard.press('Control+Z');
  await expect.poll(() => names(page)).toEqual(['1.zip', '3.zip', '5.zip', '0.zip', '2.zip', '4.zip']);
  // On one that is not chosen it is about that one alone.
  await row(4).click({ button: 'right' });
  await page.getByRole('menu').waitFor();
  expect(await chosen()).toEqual(['4.zip']);
  await page.keyboard.press('Escape');

  // All of them, before the cursor is anywhere: the menu and Space are about all.
  await page.getByRole('navigation').getByRole('button', { name: 'Paused' }).click();
  await page.getByRole('grid').focus();
  await page.keyboard.press('Control+A');
  await row(2).click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Resume' }).waitFor();
  await page.keyboard.press('Escape');
  expect(await chosen()).toHaveLength(6);
  // A message leaves free what can be done with them.
  await app.evaluate(({ clipboard }) => clipboard.clear());
  await page.keyboard.press('Control+V');
  const message = await page.getByText('There is no text in the clipboard.').boundingBox();
  const bar = await page.getByRole('toolbar', { name: '6 selected' }).boundingBox();
  expect(message!.y + message!.height).toBeLessThan(bar!.y);
  await page.keyboard.press('Space');
  await untilCounts(page, { paused: 0 });
  expect(complaints).toEqual([]);
});

test('a list that does not come is said, and asked for once more by a button', async () => {
  const { app, page } = await startSluice();
  await add(page, ['https://files.test/0.zip'], true);
  await expect.poll(() => names(page)).toEqual(['0.zip']);
  /** Stands in for the engine: with answers to those of its calls that are named, and none to others. */
  const engine = (answers: Record<string, unknown>) =>
    app.evaluate(
      ({ ipcMain }, [channel, all]) => {
        ipcMain.removeHandler(channel);
        ipcMain.handle(channel, (_event, name: string) => {
          const error = { code: 'internal', message: 'it stumbled' };
          return name in all ? { ok: true, value: all[name] } : { ok: false, error };
        });
      },
      [channels.call, answers] as const,
    );
  const [overview, list] = await page.evaluate(async () => [
    await window.sluice.call('overview', null),
    await window.sluice.call('list', { query: {}, offset: 0, limit: 100 }),
  ]);
  await engine({});
  await page.reload();
  const alert = page.getByRole('alert');
  await alert.getByText('The list could not be loaded').waitFor();
  await alert.getByText('it stumbled').waitFor();
  expect(await problems(page)).toEqual([]);
  await alert.getByRole('button', { name: 'Try again' }).click();
  await alert.getByText('it stumbled').waitFor();
  await engine({ overview: overview?.ok && overview.value, list: list?.ok && list.value });
  await alert.getByRole('button', { name: 'Try again' }).click();
  await expect.poll(() => names(page)).toEqual(['0.zip']);
  expect(await alert.count()).toBe(0);
});

test('a priority is given to what is chosen by its menu, or in the details; the queue stands as it will start', async () => {
  const { page, complaints } = await startSluice();
  await page.evaluate((place) => window.sluice.call('changeMachine', { place, to: 'pause' }), HERE);
  await add(
    page,
    Array.from({ length: 5 }, (_, n) => `https://files.test/${n}.zip`),
  );
  await page.getByRole('navigation').getByRole('button', { name: 'Queued' }).click();
  await expect.poll(() => names(page)).toEqual(['0.zip', '1.zip', '2.zip', '3.zip', '4.zip']);
  const row = (n: number) => page.getByRole('row', { name: new RegExp(`^${n}\\.zip`) });
  await row(3).click();
  await row(4).click({ modifiers: ['Control'] });
  await row(4).click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Priority…' }).click();
  const offered = page.getByRole('menu').getByRole('menuitemradio');
  await offered.first().waitFor();
  expect(await offered.allInnerTexts()).toEqual(['High priority', 'Normal priority', 'Low priority']);
  await page.getByRole('menuitemradio', { name: 'Normal priority', checked: true }).waitFor();
  // The first of them has the focus.
  await page.keyboard.press('Enter');
  await expect.poll(() => names(page)).toEqual(['3.zip', '4.zip', '0.zip', '1.zip', '2.zip']);
  await page.getByRole('row', { name: /^3\.zip files\.test High priority/ }).waitFor();
  expect(await page.evaluate(() => document.activeElement?.role)).toBe('grid');
  await row(0).dblclick();
  const details = page.getByRole('complementary');
  await details.getByRole('heading', { name: '0.zip' }).waitFor();
  await details.getByRole('button', { name: 'Priority…' }).click();
  await page.getByRole('menuitemradio', { name: 'Low priority' }).click();
  await expect.poll(() => names(page)).toEqual(['3.zip', '4.zip', '1.zip', '2.zip', '0.zip']);
  await details.getByText('Low priority').waitFor();
  expect(complaints).toEqual([]);
});

test('the columns stand where they are, with a scrollbar and without', async () => {
  const { page, complaints } = await startSluice();
  await add(page, sixty, true);
  const grid = page.getByRole('grid');
  const scrolls = () => grid.evaluate((list) => list.getBoundingClientRect().width > list.clientWidth);
  const ends = () =>
    grid.evaluate((list) =>
      ['[role=columnheader]:last-child', '[data-index="0"] > .progress', '[data-index="0"] .actions'].map(
        (part) => list.querySelector(part)!.getBoundingClientRect().right,
      ),
    );
  await expect.poll(scrolls).toBe(true);
  const before = await ends();
  await page.getByRole('textbox', { name: 'Search' }).fill('59.zip');
  await expect.poll(scrolls).toBe(false);
  expect(await ends()).toEqual(before);
  expect(complaints).toEqual([]);
});

test('the keys stay with the list when a row’s button is clicked, and the list stays where it is when rows move', async () => {
  const { page, complaints } = await startSluice();
  await add(page, sixty, true);
  const grid = page.getByRole('grid');
  const row = (n: number) => page.getByRole('row', { name: new RegExp(`^${n}\\.zip`) });
  await page.getByRole('textbox', { name: 'Search' }).focus();
  await row(0).hover();
  await row(0).getByRole('button', { name: 'Remove…' }).click();
  await page.keyboard.press('Escape');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await expect.poll(() => grid.getAttribute('aria-activedescendant')).toBe('row-1');

  const place = () => grid.evaluate((list) => list.scrollTop);
  await grid.evaluate((list) => (list.scrollTop = 1000));
  await page.evaluate(async () => {
    const listed = await window.sluice.call('list', { query: {}, offset: 0, limit: 10 });
    if (!listed.ok) return;
    const ids = listed.value.rows.map(({ id }) => id);
    await window.sluice.call('move', { ids: [ids[1]!], to: { before: ids[6]! } });
  });
  await expect.poll(() => grid.getAttribute('aria-activedescendant')).toBe('row-5');
  expect(await place(), 'nobody asked to see it').toBe(1000);
  await page.keyboard.press('ArrowDown');
  await expect.poll(place, { message: 'a step is seen' }).toBe(6 * 52);
  await page.keyboard.press('ArrowUp');
  await expect.poll(place).toBe(5 * 52);
  await page.keyboard.press('Alt+ArrowUp');
  await expect.poll(place, { message: 'what was in sight stays there' }).toBe(4 * 52);
  expect(complaints).toEqual([]);
});
