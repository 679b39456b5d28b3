// The native menu, the language of the system, and the demonstration from the empty window.
import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import { startSluice, untilCounts, type Sluice } from './window-program.ts';

declare global {
  var dialogs: string[];
}

type Item = { path: string; role: string; accelerator: string | null };

/** Every item of the menu with its way through the menus, lines left out. */
const itemsOf = ({ app }: Sluice) =>
  app.evaluate(({ Menu }) => {
    const walk = (menu: Electron.Menu, before: string): Item[] =>
      menu.items
        .filter(({ type }) => type !== 'separator')
        .flatMap(({ label, submenu, role, accelerator }) =>
          submenu
            ? walk(submenu, `${before}${label} > `)
            : [{ path: before + label, role: role ?? '', accelerator: accelerator ?? null }],
        );
    return walk(Menu.getApplicationMenu()!, '');
  });

/** Clicks an item as the system does. */
const click = ({ app }: Sluice, path: string) =>
  app.evaluate(({ Menu, BrowserWindow }, labels) => {
    let menu: Electron.Menu | undefined = Menu.getApplicationMenu()!;
    let item: Electron.MenuItem | undefined;
    for (const label of labels) {
      item = menu?.items.find((one) => one.label === label);
      menu = item?.submenu;
    }
    const window = BrowserWindow.getAllWindows()[0]!;
    item!.click(undefined, window, window.webContents);
  }, path.split(' > '));

const heading = (page: Page, name: string) => page.getByRole('heading', { name, level: 1 }).waitFor();
const dialog = async (page: Page, name: string) => {
  await page.getByRole('dialog', { name }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog', { name }).waitFor({ state: 'detached' });
};

test('every item of the menu does what it says', async () => {
  const sluice = await startSluice();
  const { app, page } = sluice;
  await app.evaluate(({ dialog: asks }) => {
    globalThis.dialogs = [];
    asks.showOpenDialog = (...args: unknown[]) => {
      const { filters } = args.at(-1) as Electron.OpenDialogOptions;
      globalThis.dialogs.push(`open ${filters?.[0]?.name}`);
      return Promise.resolve({ canceled: true, filePaths: [] });
    };
    asks.showSaveDialog = (...args: unknown[]) => {
      const { defaultPath } = args.at(-1) as Electron.SaveDialogOptions;
      globalThis.dialogs.push(`save ${defaultPath?.split(/[\\/]/).at(-1)}`);
      return Promise.resolve({ canceled: true, filePath: '' });
    };
  });
  const asked = (what: string) => () =>
    expect.poll(() => app.evaluate(() => globalThis.dialogs.splice(0))).toEqual([what]);
  const theme = async () => {
    const answer = await page.evaluate(() => window.sluice.call('settings', null));
    return answer.ok ? answer.value.theme : null;
  };
  const themed = (wanted: string) => () => expect.poll(theme).toBe(wanted);
  const counted = () => page.locator('[role=row][data-id]').count();
  const selected = () => page.locator('[role=row][aria-selected=true]').count();
  const downloads = ['https://a.test/1', 'https://a.test/2'].map((url) => ({ url }));
  await page.evaluate((all) => window.sluice.call('add', { downloads: all, paused: true }), downloads);
  await expect.poll(counted).toBe(2);
  await page.getByRole('row', { name: /^2/ }).click();
  await page.keyboard.press('Delete');
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /^Remove/ })
    .click();
  await expect.poll(counted).toBe(1);
  const does: Record<string, () => unknown> = {
    '&Edit > Undo': () => expect.poll(counted).toBe(2),
    '&Edit > Select All': () => expect.poll(selected).toBe(2),
    '&File > Add Links…': () => dialog(page, 'Add links'),
    '&File > Add From File…': asked('open Lists'),
    '&File > Export the List…': asked('save sluice-list.txt'),
    '&File > Export the Settings…': asked('save sluice-settings.json'),
    '&File > Import…': asked('open Lists'),
    '&File > Settings…': () => heading(page, 'Settings'),
    '&Edit > Find': () => expect.poll(() => page.evaluate(() => document.activeElement?.ariaLabel)).toBe('Search'),
    '&View > Theme > Light': themed('light'),
    '&View > Theme > Dark': themed('dark'),
    '&View > Theme > As the System': themed('system'),
    '&View > Traffic': () => heading(page, 'Traffic'),
    '&Help > Keys': () => dialog(page, 'Keys'),
    '&Help > About Sluice': () => dialog(page, 'About Sluice'),
  };
  // In what is written in, both are the browser's.
  const search = page.getByRole('searchbox').or(page.getByRole('textbox', { name: 'Search' }));
  await search.first().pressSequentially('of them');
  await click(sluice, '&Edit > Select All');
  expect(await page.evaluate(() => String(getSelection()))).toBe('of them');
  await page.keyboard.press('Delete');
  await click(sluice, '&Edit > Undo');
  await expect.poll(() => search.first().inputValue()).toBe('of them');
  await search.first().fill('');
  await expect.poll(counted).toBe(1);
  await page.getByRole('grid').focus();
  const items = await itemsOf(sluice);
  expect(
    items
      .filter(({ role }) => role === '')
      .map(({ path }) => path)
      .sort(),
  ).toEqual(Object.keys(does).sort());
  for (const [path, seen] of Object.entries(does)) {
    await click(sluice, path);
    await seen();
  }
  // What Electron does by itself.
  expect(items.filter(({ role }) => role !== '').map(({ role }) => role.toLowerCase())).toEqual([
    ...['quit', 'redo', 'cut', 'copy', 'paste', 'zoomin', 'zoomout', 'resetzoom'],
    ...['togglefullscreen', 'minimize', 'close'],
  ]);
  const zoom = () => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.webContents.getZoomLevel());
  await click(sluice, '&View > Zoom In');
  await expect.poll(zoom).toBeGreaterThan(0);
  await click(sluice, '&View > Actual Size');
  await expect.poll(zoom).toBe(0);

  const keys = items.filter(({ role, accelerator }) => role === '' && accelerator !== null);
  expect(keys.map(({ path, accelerator }) => `${path} ${accelerator}`)).toEqual([
    '&File > Add Links… CmdOrCtrl+N',
    '&File > Add From File… CmdOrCtrl+O',
    '&File > Settings… CmdOrCtrl+,',
    '&Edit > Undo CmdOrCtrl+Z',
    '&Edit > Select All CmdOrCtrl+A',
    '&Edit > Find CmdOrCtrl+F',
    '&Help > Keys F1',
  ]);
  // Pressed in the window as the system sends them: keys of the page do not come to the menu otherwise.
  const press = (keyCode: string, ...modifiers: 'control'[]) =>
    app.evaluate(
      ({ BrowserWindow }, input) => {
        const { webContents } = BrowserWindow.getAllWindows()[0]!;
        webContents.focus();
        for (const type of ['keyDown', 'keyUp'] as const) webContents.sendInputEvent({ type, ...input });
      },
      { keyCode, modifiers },
    );
  await press('F1');
  await dialog(page, 'Keys');
  await press('N', 'control');
  await dialog(page, 'Add links');
  await press('O', 'control');
  await asked('open Lists')();
  await press(',', 'control');
  await heading(page, 'Settings');
  expect(sluice.complaints).toEqual([]);
});

test('the system decides on the language; the demonstration begins from the empty window with twelve downloads', async () => {
  const sluice = await startSluice({ env: { LANGUAGE: 'zh_CN' } });
  const { page } = sluice;
  expect(await page.evaluate(() => document.documentElement.lang)).toBe('zh-CN');
  expect((await itemsOf(sluice)).map(({ path }) => path)).toContain('文件(&F) > 添加链接…');
  await page.getByRole('heading', { name: '把链接列表拖到这里' }).waitFor();
  await page.getByRole('button', { name: '试试演示' }).click();
  await untilCounts(page, { all: 12 });
  await expect.poll(() => page.locator('[role=row][data-id]').count()).toBe(12);
  // What the engine refuses is said in the language of the window, too.
  await page.getByRole('navigation').getByRole('button', { name: '设置' }).click();
  await page.getByRole('textbox', { name: '额外的证书颁发机构' }).fill('/nowhere/ca.pem');
  await page.keyboard.press('Tab');
  await page.getByRole('alert').getByText('无法读取 /nowhere/ca.pem：没有这个文件或文件夹').waitFor();
  expect(sluice.complaints).toEqual([]);
});
