// True drags from another program's window into the one in real Electron. On a display of its own: there is one pointer.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { startXvfb } from '../../scripts/setup/display.mjs';
import { tempDir } from '../support/temp-dir.ts';
import { beginDrag, type Offered } from './x11-drag.ts';
import { startSluice, untilCounts } from './window-program.ts';

let display: { DISPLAY: string };
beforeAll(async () => {
  const started = await startXvfb();
  display = started.env;
  return () => started.stop();
});

test('what is dragged from another program’s window is shown while it hovers, taken when it is dropped, and added', async () => {
  const { app, page, complaints } = await startSluice({ env: display });
  await app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()[0]!.setBounds({ x: 300, y: 200, width: 900, height: 700 }),
  );
  const hovers = page.getByText('Nothing starts before you have seen them.');
  type Drag = Awaited<ReturnType<typeof beginDrag>>;
  const over = async (drag: Drag, { x, is }: { x: number; is: boolean }) => {
    const seen = async () => {
      await drag.moveTo(x, 500);
      return [drag.isWelcome(), (await hovers.count()) > 0];
    };
    await expect.poll(seen, { timeout: 30_000 }).toEqual([is, is]);
  };
  const dialog = page.getByRole('dialog', { name: 'Add links' });
  const dropped = async (offered: Offered) => {
    const drag = await beginDrag(display, offered);
    await over(drag, { x: 700, is: true });
    expect(await drag.drop()).toBe('taken');
    await expect.poll(() => hovers.count()).toBe(0);
    await dialog.waitFor();
  };

  const links = Array.from({ length: 5 }, (_, i) => `https://files.example/${i}.zip`);
  await dropped({ uris: links, text: links.join('\n') });
  await dialog.getByText('Add paused').click();
  await dialog.getByRole('button', { name: 'Add 5 links' }).click();
  await untilCounts(page, { paused: 5 });

  const dir = join(tempDir(), 'lists of 2026 列表');
  mkdirSync(dir);
  writeFileSync(join(dir, 'one & two.txt'), 'https://files.example/a\nhttps://files.example/b');
  writeFileSync(join(dir, 'drei.urls'), 'https://files.example/c');
  const files = ['one & two.txt', 'drei.urls'].map((name) => pathToFileURL(join(dir, name)).href);
  await dropped({ uris: files });
  await dialog.getByText('From one & two.txt, drei.urls').waitFor();
  await dialog.getByRole('button', { name: 'Add 3 links' }).waitFor();
  await page.keyboard.press('Escape');

  await dropped({
    html: '<a href="https://files.example/x.zip">x</a><img src="https://files.example/y.png">',
    text: 'x',
  });
  await dialog.getByText('From a page').waitFor();
  await dialog.getByRole('button', { name: 'Add 2 links' }).waitFor();
  await page.keyboard.press('Escape');

  const drag = await beginDrag(display, { text: links.join('\n') });
  await over(drag, { x: 700, is: true });
  await over(drag, { x: 1400, is: false });
  expect(await drag.drop(), 'let go elsewhere').toBe('refused');
  expect(await dialog.count()).toBe(0);
  expect(complaints).toEqual([]);
});
