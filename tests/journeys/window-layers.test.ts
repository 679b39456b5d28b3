// What lies over the window or comes up in it, for everybody: nothing serious found by axe, in either theme.
import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import type { MenuCommand } from '../../shared/shell-api.ts';
import { problems } from './axe.ts';
import { isOnTop, resize, shellTells, startSluice, untilCounts, type Sluice } from './window-program.ts';

const command = (sluice: Sluice, name: MenuCommand) => shellTells(sluice, { event: 'menu', command: name });
const fromMenu = async (page: Page, item: string) => {
  await page.getByRole('row', { name: /^a\.zip/ }).click({ button: 'right' });
  await page.getByRole('menuitem', { name: item }).click();
};

test('axe finds nothing serious in dialogs, strips and messages, in either theme', async () => {
  const sluice = await startSluice();
  const { page } = sluice;
  await page.evaluate(() =>
    window.sluice.call('add', {
      downloads: ['a', 'b'].map((name) => ({ url: `https://files.example/${name}.zip` })),
      paused: true,
    }),
  );
  await page.getByRole('row', { name: /^b\.zip/ }).waitFor();
  const looks = async (what: string) => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      expect(await problems(page), `${what}, ${colorScheme}`).toEqual([]);
    }
  };
  const dialogs: [string, () => unknown][] = [
    ['Keys', () => command(sluice, 'shortcuts')],
    ['About Sluice', () => command(sluice, 'about')],
    ['Give a new link', () => fromMenu(page, 'New link…')],
    ['Speed limit of this download', () => fromMenu(page, 'Speed limit…')],
    ['About to sleep', () => shellTells(sluice, { event: 'countdown', countdown: { action: 'sleep', endsAt: 9e15 } })],
  ];
  // What a zoom of 200 % leaves of the window.
  await resize(sluice, 640, 380);
  for (const [name, open] of dialogs) {
    await open();
    const dialog = page.getByRole('dialog', { name });
    await dialog.waitFor();
    if (name.startsWith('Speed limit')) {
      await dialog.getByRole('textbox').fill('much');
      await page.keyboard.press('Enter');
      await dialog.getByRole('alert').waitFor();
    }
    await looks(name);
    if (name === 'About to sleep') await shellTells(sluice, { event: 'countdown', countdown: null });
    else await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  }
  await resize(sluice, 1280, 760);

  // A menu lies above a message that was there before.
  await shellTells(sluice, { event: 'trouble', message: 'A message. '.repeat(20) });
  const message = page.getByRole('status').getByText('A message.');
  await message.waitFor();
  await page.getByRole('row', { name: /^b\.zip/ }).click({ button: 'right' });
  const menu = page.getByRole('menu');
  await menu.waitFor();
  await menu.evaluate((one) => (one.style.top = `${innerHeight - one.clientHeight - 60}px`));
  expect(await isOnTop(page.getByRole('menuitem', { name: 'Remove…' }))).toBe(true);
  await page.keyboard.press('Escape');
  await message.waitFor({ state: 'detached' });

  // A drag that stays over the window: its place is told again and again.
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.setData('text/plain', 'https://files.example/c.zip');
    const over = () => window.dispatchEvent(new DragEvent('dragover', { dataTransfer: data, cancelable: true }));
    over();
    Object.assign(window, { dragging: setInterval(over, 100) });
  });
  await page.getByText('Drop to see the links').waitFor();
  await looks('a drag over the window');
  expect(await page.getByText('Drop to see the links').isVisible()).toBe(true);
  await page.evaluate(() => clearInterval((window as unknown as { dragging: number }).dragging));
  await page.getByText('Drop to see the links').waitFor({ state: 'detached' });

  await page.getByRole('row', { name: /^a\.zip/ }).click();
  await page.keyboard.press('Control+A');
  await page.getByRole('toolbar', { name: '2 selected' }).waitFor();
  await looks('a selection');
  await page.keyboard.press('Delete');
  await page.keyboard.press('Enter');
  await untilCounts(page, { all: 0 });
  await shellTells(sluice, { event: 'trouble', message: 'Something did not work.' });
  await page.getByText('Something did not work.').waitFor();
  await page.getByRole('button', { name: 'Undo' }).waitFor();
  await looks('messages');

  await command(sluice, 'settings');
  const parallel = page.getByRole('textbox', { name: 'Downloads at once' });
  await parallel.fill('9000');
  await page.keyboard.press('Tab');
  await page.getByRole('alert').getByText('It has to be').waitFor();
  await looks('a refused setting');
  await page.getByRole('button', { name: 'Add a category…' }).click();
  await page.getByRole('dialog', { name: 'New category' }).waitFor();
  await page.getByRole('textbox', { name: 'Name' }).fill('Other');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByRole('alert').waitFor();
  await looks('a category');
  expect(sluice.complaints).toEqual([]);
});
