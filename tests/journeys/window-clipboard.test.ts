// The clipboard in real Electron: pasted anywhere, and watched where a person wants that. On a display of its own,
// because a clipboard is one for all programs of a display.
import { beforeAll, expect, test } from 'vitest';
import { startXvfb } from '../../scripts/setup/display.mjs';
import { problems } from './axe.ts';
import { isOnTop, resize, shellTells, startSluice, untilCounts, type Sluice } from './window-program.ts';

let env: { DISPLAY: string };
beforeAll(async () => {
  const display = await startXvfb();
  ({ env } = display);
  return () => display.stop();
});

const copy = ({ app }: Sluice, text: string) => app.evaluate(({ clipboard }, said) => clipboard.writeText(said), text);
const change = ({ page }: Sluice, settings: object) =>
  page.evaluate((wanted) => window.sluice.call('changeSettings', wanted), settings);

test('links that are copied elsewhere are offered when that is wanted, and added only after a look', async () => {
  const sluice = await startSluice({ env });
  const { page } = sluice;
  const offered = page.getByText(/copied$/);
  await copy(sluice, 'https://files.example/before.zip');
  await page.getByRole('navigation').getByRole('button', { name: 'Settings' }).click();
  const watch = page.getByRole('switch', { name: 'Offer links that are copied' });
  expect(await watch.isChecked()).toBe(false);
  await watch.click();
  await page.getByRole('navigation').getByRole('button', { name: 'All' }).click();

  await copy(
    sluice,
    'First (https://files.example/1.zip), then http://files.example/2.zip.\nftp://files.example/no.zip',
  );
  await page.getByText('2 links were copied').waitFor();
  expect(await page.getByRole('dialog').count(), 'nothing is in the way').toBe(0);
  await copy(sluice, 'https://files.example/3.zip');
  await page.getByText('3 links were copied').waitFor();
  await page.getByRole('button', { name: 'Add…', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Add links' });
  await dialog.getByRole('button', { name: 'Add 3 links' }).waitFor();
  expect(await offered.count()).toBe(0);
  await untilCounts(page, { all: 0 });
  await dialog.getByText('Add paused').click();
  await dialog.getByRole('button', { name: 'Add 3 links' }).click();
  await untilCounts(page, { paused: 3 });

  await copy(sluice, 'https://files.example/4.zip');
  await page.getByText('1 link was copied').waitFor();
  await page.getByRole('button', { name: 'Not now' }).click();
  await expect.poll(() => offered.count()).toBe(0);

  // Its own address, from the list and from a field; and what the list has already.
  await page.getByRole('row', { name: /3\.zip/ }).click();
  await page.keyboard.press('Control+C');
  await page.getByText('Copied', { exact: true }).waitFor();
  await page.keyboard.press('Control+N');
  await page.getByRole('dialog').getByRole('textbox').first().fill('https://files.example/own.zip');
  await page.keyboard.press('Control+A');
  await page.keyboard.press('Control+C');
  await page.keyboard.press('Escape');
  await looks(sluice, 2);
  expect(await offered.allTextContents()).toEqual([]);
  await copy(sluice, 'http://files.example/2.zip https://files.example/1.zip');
  await looks(sluice, 2);
  expect(await offered.allTextContents()).toEqual([]);

  await change(sluice, { clipboardWatch: false });
  await copy(sluice, 'https://files.example/5.zip');
  await change(sluice, { clipboardWatch: true });
  await looks(sluice, 2);
  expect(await offered.allTextContents()).toEqual([]);
});

test('an offer waits for a window that is hidden, says its words in both languages, and comes back with the page', async () => {
  const sluice = await startSluice({ env });
  const { app, page } = sluice;
  await change(sluice, { clipboardWatch: true });
  await looks(sluice, 1);
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.hide());
  await copy(sluice, 'https://files.example/1.zip https://files.example/2.zip');
  await looks(sluice, 2);
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.show());
  await page.getByText('2 links were copied').waitFor();
  await page.reload();
  await page.getByText('2 links were copied').waitFor();
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    expect(await problems(page), colorScheme).toEqual([]);
  }
  await change(sluice, { language: 'zh-CN' });
  await page.getByText('已复制 2 个链接').waitFor();
  await page.getByRole('button', { name: '暂不' }).click();
  await expect.poll(() => page.getByText('已复制').count()).toBe(0);
});

test('neither messages nor details lie over what can be done with several rows, even beside an offer', async () => {
  const sluice = await startSluice({ env });
  const { page } = sluice;
  await change(sluice, { clipboardWatch: true });
  await looks(sluice, 1);
  await copy(sluice, 'https://files.example/1.zip');
  await page.getByText('1 link was copied').waitFor();
  await page.evaluate(() =>
    window.sluice.call('add', {
      downloads: ['a', 'b'].map((name) => ({ url: `https://files.example/${name}.zip` })),
      paused: true,
    }),
  );
  await page.getByRole('row', { name: /^b\.zip/ }).dblclick();
  await page.getByRole('complementary').waitFor();
  await page.getByRole('grid').focus();
  await page.keyboard.press('Control+A');
  const buttons = page.getByRole('toolbar', { name: '2 selected' }).getByRole('button');
  for (const width of [1280, 970, 640, 400]) {
    await resize(sluice, width, 640);
    await shellTells(sluice, { event: 'trouble', message: 'A message that takes two lines. '.repeat(4) });
    await page.getByText('A message that takes two lines.').waitFor();
    for (const button of [...(await buttons.all()), page.getByRole('button', { name: 'Not now' })]) {
      expect(await isOnTop(button), `${width} px: ${await button.textContent()}`).toBe(true);
    }
  }
});

test('pasting anywhere shows what is in the clipboard: in the list, in other views, as a page’s fragment; in a field it is typed', async () => {
  const sluice = await startSluice({ env });
  const { app, page } = sluice;
  const dialog = page.getByRole('dialog', { name: 'Add links' });
  await copy(sluice, 'https://files.example/1.zip\nhttps://files.example/2.zip');
  await page.keyboard.press('Control+V');
  await dialog.getByRole('button', { name: 'Add 2 links' }).waitFor();
  await dialog.getByText('Add paused').click();
  await dialog.getByRole('button', { name: 'Add 2 links' }).click();
  await untilCounts(page, { paused: 2 });
  await page.getByRole('row', { name: /1\.zip/ }).click();
  await app.evaluate(({ clipboard }) =>
    clipboard.write({
      text: 'a picture and a link',
      html: '<a href="https://files.example/3.zip">a link</a><img src="https://files.example/4.png">',
    } as never),
  );
  await page.keyboard.press('Control+V');
  await dialog.getByText('From a page').waitFor();
  await dialog.getByRole('button', { name: 'Add 2 links' }).waitFor();
  await page.keyboard.press('Escape');

  await copy(sluice, 'https://files.example/5.zip');
  for (const view of ['Traffic', 'Machines', 'Settings']) {
    await page.getByRole('navigation').getByRole('button', { name: view }).click();
    await page.getByRole('heading', { name: view, level: 1 }).waitFor();
    await page.keyboard.press('Control+V');
    await dialog.getByRole('button', { name: 'Add 1 link' }).waitFor();
    await page.keyboard.press('Escape');
  }
  const search = page.getByRole('textbox', { name: 'Search settings' });
  await search.focus();
  await page.keyboard.press('Control+V');
  await expect.poll(() => search.inputValue()).toBe('https://files.example/5.zip');
  expect(await dialog.count()).toBe(0);

  await copy(sluice, '');
  await search.evaluate((one) => (one as HTMLElement).blur());
  await page.keyboard.press('Control+V');
  await page.getByText('There is no text in the clipboard.').waitFor();
});

/** Waits until the clipboard has been looked at so many times more, from the beginning of a look on. */
async function looks({ app }: Sluice, times: number): Promise<void> {
  await app.evaluate(async ({ clipboard }, wanted) => {
    const { readText } = clipboard;
    let seen = 0;
    await new Promise<void>((resolve) => {
      clipboard.readText = function (this: Electron.Clipboard) {
        seen += 1;
        // The last of them is over when the next begins.
        if (seen > wanted) resolve();
        return readText.call(this);
      };
    });
    clipboard.readText = readText;
  }, times);
}

test('what is pasted while a switch has the focus is taken, as anywhere', async () => {
  const sluice = await startSluice({ env });
  const { page } = sluice;
  await copy(sluice, 'https://files.example/1.zip\nhttps://files.example/2.zip');
  await page.getByRole('navigation').getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('switch').first().focus();
  await page.keyboard.press('Control+V');
  await page.getByRole('dialog').getByRole('button', { name: 'Add 2 links' }).waitFor();
  await page.keyboard.press('Escape');
  // By the menu, which pastes without a key.
  await page.getByRole('switch').first().focus();
  await sluice.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.webContents.paste());
  await page.getByRole('dialog').getByRole('button', { name: 'Add 2 links' }).waitFor();
});
