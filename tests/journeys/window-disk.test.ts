// Where files go and what becomes of them, from the window: folders, room, what is there already, opening, removing.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import { originForTest } from '../support/start.ts';
import { tempDir } from '../support/temp-dir.ts';
import { drop, startSluice, untilCounts } from './window-program.ts';

declare global {
  var asked: [what: string, path: string][];
}

const rowNamed = (page: Page, name: string) => page.getByRole('row', { name: new RegExp(`^${name}`) });

test('an address alone and a pattern are taken; what the list has already only when that is wanted, into the folder that is chosen', async () => {
  const origin = await originForTest();
  for (const name of ['/one.bin', '/two.bin']) origin.serve(name, { sizeBytes: 3000 });
  const { page, dir, complaints } = await startSluice();
  const dialog = page.getByRole('dialog', { name: 'Add links' });
  const add = (text: string) => dialog.getByRole('button', { name: text, exact: true });

  await drop(page, { uris: 'https://files.example/alone.zip\r\n' });
  await add('Add 1 link').waitFor();
  expect(await dialog.getByRole('textbox', { name: /Links/ }).inputValue()).toBe('https://files.example/alone.zip');
  await page.keyboard.press('Escape');
  await drop(page, { text: 'https://files.example/part-[a-c].zip' });
  await add('Add 3 links').waitFor();
  await expect.poll(() => dialog.getByRole('listitem').allInnerTexts()).toHaveLength(3);
  expect((await dialog.getByRole('listitem').allInnerTexts()).join(' ')).toMatch(
    /part-a\.zip.*part-b\.zip.*part-c\.zip/s,
  );
  await page.keyboard.press('Escape');

  await drop(page, { text: origin.url('/one.bin') });
  await add('Add 1 link').waitFor();
  expect(await dialog.getByRole('textbox', { name: 'Save to' }).inputValue()).toBe(dir);
  expect(await dialog.locator('.where').innerText(), 'the room there').toMatch(/\d (MB|GB|TB) free/);
  await add('Add 1 link').click();
  await untilCounts(page, { all: 1, done: 1 });

  const other = tempDir();
  await drop(page, { text: `${origin.url('/one.bin')}\n${origin.url('/two.bin')}` });
  await add('Add 1 link').waitFor();
  await dialog.getByRole('button', { name: /^In Sluice already 1$/ }).waitFor();
  await dialog.getByRole('textbox', { name: 'Save to' }).fill(other);
  await dialog.getByText('Also add the 1 that Sluice has already').click();
  await add('Add 2 links').click();
  await untilCounts(page, { all: 3, done: 3 });
  expect([existsSync(join(other, 'one.bin')), existsSync(join(other, 'two.bin'))]).toEqual([true, true]);
  expect([existsSync(join(dir, 'one.bin')), existsSync(join(dir, 'two.bin'))]).toEqual([true, false]);
  expect(complaints).toEqual([]);
});

test('a file is opened and shown in its folder, its address copied; a removal with files leaves them until it cannot be undone', async () => {
  const origin = await originForTest();
  origin.serve('/done.bin', { sizeBytes: 3000 });
  const { app, page, dir, complaints } = await startSluice();
  await app.evaluate(({ shell }) => {
    globalThis.asked = [];
    shell.openPath = (file) => {
      globalThis.asked.push(['open', file]);
      return Promise.resolve(file.endsWith('.bin') ? '' : 'no program');
    };
    shell.showItemInFolder = (file) => void globalThis.asked.push(['show', file]);
  });
  const asked = () => app.evaluate(() => globalThis.asked.splice(0));
  await page.evaluate((url) => window.sluice.call('add', { downloads: [{ url }] }), origin.url('/done.bin'));
  await untilCounts(page, { done: 1 });
  const file = join(dir, 'done.bin');
  const row = rowNamed(page, 'done\\.bin');
  await row.dblclick();
  const details = page.getByRole('complementary', { name: 'Details' });
  await details.getByRole('button', { name: 'Open file' }).click();
  await details.getByRole('button', { name: 'Show in folder' }).click();
  await expect.poll(asked).toEqual([
    ['open', file],
    ['show', file],
  ]);
  for (const [item, what] of [
    ['Open file', 'open'],
    ['Show in folder', 'show'],
  ] as const) {
    await row.click({ button: 'right' });
    await page.getByRole('menuitem', { name: item }).click();
    await expect.poll(asked).toEqual([[what, file]]);
  }
  await row.click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Copy address' }).click();
  await expect.poll(() => app.evaluate(({ clipboard }) => clipboard.readText())).toBe(origin.url('/done.bin'));
  await app.evaluate(({ shell }) => (shell.openPath = () => Promise.resolve('no program')));
  await details.getByRole('button', { name: 'Open file' }).click();
  await page.getByText('done.bin could not be opened (no program)').waitFor();

  const removeWithFiles = async () => {
    await row.click();
    await page.keyboard.press('Delete');
    await page.getByText('Delete its file from the disk too').click();
    await page.getByRole('button', { name: 'Remove and delete the file' }).click();
    await untilCounts(page, { all: 0 });
  };
  await removeWithFiles();
  expect(existsSync(file), 'it can still be undone').toBe(true);
  await page.getByRole('status').getByRole('button', { name: 'Undo' }).click();
  await untilCounts(page, { all: 1, done: 1 });
  expect(existsSync(file)).toBe(true);
  await removeWithFiles();
  await expect.poll(() => existsSync(file), { timeout: 30_000 }).toBe(false);
  expect(complaints).toEqual([]);
});
