// Categories in real Electron: given an extension and a folder in the settings, seen while adding and in the list.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { originForTest } from '../support/start.ts';
import { drop, startSluice, untilCounts } from './window-program.ts';

test('a category of one’s own takes its files to its folder, unless another is chosen; the sidebar shows them', async () => {
  const origin = await originForTest();
  for (const name of ['/a.gpx', '/b.gpx', '/c.pdf']) origin.serve(name, { sizeBytes: 1000 });
  const { page, dir } = await startSluice();
  const sidebar = page.getByRole('navigation');
  await sidebar.getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('button', { name: 'Add a category…' }).click();
  const asked = page.getByRole('dialog', { name: 'New category' });
  await asked.getByRole('textbox', { name: 'Name' }).fill('Hikes');
  await asked.getByRole('textbox', { name: 'Extensions' }).fill('.gpx, pdf');
  await asked.getByRole('textbox', { name: 'Folder' }).fill('Hikes');
  await asked.getByRole('button', { name: 'Save' }).click();
  await asked.getByRole('alert').getByText('.pdf cannot be in two categories: documents and Hikes.').waitFor();
  await asked.getByRole('textbox', { name: 'Extensions' }).fill('.gpx');
  await asked.getByRole('button', { name: 'Save' }).click();
  await asked.waitFor({ state: 'detached' });
  await page.getByText('Hikes', { exact: true }).first().waitFor();

  await drop(page, { text: ['/a.gpx', '/b.gpx', '/c.pdf'].map((name) => origin.url(name)).join('\n') });
  const dialog = page.getByRole('dialog', { name: 'Add links' });
  const folders = dialog.getByRole('list', { name: 'By category' }).getByRole('listitem');
  await folders.first().waitFor();
  expect(
    (await folders.allInnerTexts()).map((text) => text.replace(/\s+/g, ' ').replace(/ [\d.,]+ .B free$/, '')),
  ).toEqual([`1 ${dir}`, `2 ${join(dir, 'Hikes')}`]);
  await dialog.getByRole('button', { name: 'Add 3 links' }).click();
  await untilCounts(page, { done: 3, categories: { Hikes: 2, documents: 1 } });
  expect(['Hikes/a.gpx', 'Hikes/b.gpx', 'c.pdf'].map((name) => existsSync(join(dir, name)))).toEqual([
    true,
    true,
    true,
  ]);
  await sidebar.getByRole('button', { name: /^Hikes/ }).click();
  await expect.poll(() => page.getByRole('row', { name: /\.gpx/ }).count()).toBe(2);
  expect(await page.getByRole('row', { name: /\.pdf/ }).count()).toBe(0);
});
