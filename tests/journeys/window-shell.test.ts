// What the shell keeps around the window: its policy, its frame, its picture, its place.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runtime } from '../../scripts/runtime.mjs';
import { originForTest } from '../support/start.ts';
import { tempDir } from '../support/temp-dir.ts';
import { startSluice, untilCounts } from './window-program.ts';

const root = join(import.meta.dirname, '../..');

function runElectron(args: string[]): Promise<{ status: number; stdout: string }> {
  const { electronPath, env } = runtime();
  return new Promise((resolve) => {
    const child = execFile(electronPath, [root, ...args], { env: { ...process.env, ...env } }, (_error, stdout) =>
      resolve({ status: child.exitCode ?? -1, stdout }),
    );
  });
}

test('the page has no Node, runs no foreign script, asks nobody and goes nowhere', async () => {
  const { app, page } = await startSluice();
  const origin = await originForTest();
  origin.serve('/page', { sizeBytes: 10, contentType: 'text/html' });
  expect(await page.evaluate(() => ['require', 'process', 'module'].filter((name) => name in window))).toEqual([]);
  expect(Object.keys(await page.evaluate(() => window.sluice)).sort()).toEqual(['call', 'onEvent', 'pathOf', 'shell']);
  const refused = await page.evaluate(async (url) => {
    const violations: string[] = [];
    document.addEventListener('securitypolicyviolation', (event) => violations.push(event.effectiveDirective));
    const script = document.createElement('script');
    script.textContent = 'window.broken = true';
    document.head.append(script);
    document.body.insertAdjacentHTML('beforeend', '<p style="color: red">styled</p>');
    await fetch(url).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 200));
    return { violations: violations.sort(), broken: 'broken' in window, opened: window.open(url) === null };
  }, origin.url('/page'));
  expect(refused).toEqual({
    violations: ['connect-src', 'script-src-elem', 'style-src-attr'],
    broken: false,
    opened: true,
  });
  await page.evaluate((url) => {
    location.href = url;
  }, origin.url('/page'));
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)));
  expect(page.url()).toBe('app://sluice/index.html');
  expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1);
  expect(origin.requests('/page')).toHaveLength(0);
});

test('bad calls are answered, not thrown', async () => {
  const { page } = await startSluice();
  const answers = await page.evaluate(async () => {
    const call = window.sluice.call as (
      name: string,
      arg: unknown,
    ) => Promise<{ ok: boolean; error?: { code: string } }>;
    const shell = window.sluice.shell as typeof call;
    return Promise.all([
      call('toString', null),
      call('list', { offset: -1 }),
      shell('exec', 'ls'),
      shell('openFile', { id: 7 }),
    ]);
  });
  expect(answers.map(({ error }) => error?.code)).toEqual([
    'unknown-call',
    'bad-argument',
    'unknown-call',
    'not-found',
  ]);
});

test('a theme that is chosen is the theme of the page, and of the next start', async () => {
  const first = await startSluice();
  const dark = (page: typeof first.page) => page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches);
  await first.page.evaluate(() => window.sluice.call('changeSettings', { theme: 'dark' }));
  await expect.poll(() => dark(first.page)).toBe(true);
  await first.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.setSize(1000, 640));
  await first.close();
  const { app, page } = await startSluice({ data: first.data, dir: first.dir });
  expect(await dark(page)).toBe(true);
  const background = await app.evaluate(async ({ BrowserWindow }) => {
    const picture = await BrowserWindow.getAllWindows()[0]!.webContents.capturePage({
      x: 600,
      y: 620,
      width: 1,
      height: 1,
    });
    return [...picture.toBitmap().subarray(0, 3)];
  });
  expect(Math.max(...background), 'the picture is dark').toBeLessThan(60);
  expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.getSize())).toEqual([1000, 640]);
});

test('the words change with the language, the menu too', async () => {
  const { app, page } = await startSluice();
  await page.evaluate(() => window.sluice.call('changeSettings', { language: 'zh-CN' }));
  await page.getByRole('button', { name: '添加链接' }).first().waitFor();
  const labels = () => app.evaluate(({ Menu }) => Menu.getApplicationMenu()?.items.map(({ label }) => label));
  await expect.poll(labels).toContain('文件(&F)');
});

test('--version says the version and leaves', async () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  expect(await runElectron(['--version'])).toEqual({ status: 0, stdout: `${version}\n` });
});

test('--screenshot writes the settled window and leaves', async () => {
  const dir = tempDir();
  const file = join(dir, 'pictures', 'window.png');
  const { status } = await runElectron(['--data', join(dir, 'state'), '--screenshot', file]);
  expect(status).toBe(0);
  expect(readFileSync(file).subarray(1, 4).toString()).toBe('PNG');
  expect(statSync(file).size).toBeGreaterThan(5000);
});

test('a list that it is started with is previewed, not added behind the back', async () => {
  const { page } = await startSluice({ args: ['https://files.example/linked.iso'] });
  await page.getByRole('dialog', { name: 'Add links' }).getByRole('button', { name: 'Add 1 link' }).waitFor();
  await untilCounts(page, { all: 0 });
});

test('a link and a list that are opened while it runs come to the window that is there, and are previewed', async () => {
  const { app, page, data } = await startSluice();
  const list = join(tempDir(), 'mixed.urls');
  writeFileSync(list, 'https://files.example/a.iso\nhttps://files.example/b.iso\n');
  expect((await runElectron(['--data', data, 'sluice:https://files.example/linked.iso'])).status).toBe(0);
  const dialog = page.getByRole('dialog', { name: 'Add links' });
  await dialog.getByRole('button', { name: 'Add 1 link' }).waitFor();
  expect(await dialog.getByRole('textbox', { name: /Links/ }).inputValue()).toBe('https://files.example/linked.iso');
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.minimize());
  expect((await runElectron(['--data', data, list])).status).toBe(0);
  await dialog.getByRole('button', { name: 'Add 3 links' }).waitFor();
  await dialog.getByText('From mixed.urls · 1 line of text').waitFor();
  await untilCounts(page, { all: 0 });
  expect(
    await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().map((one) => one.isVisible())),
  ).toEqual([true]);
});

test('two windows with different state never meet', async () => {
  const one = await startSluice();
  const two = await startSluice();
  await one.page.evaluate(() =>
    window.sluice.call('add', { downloads: [{ url: 'https://files.example/a.iso' }], paused: true }),
  );
  await untilCounts(one.page, { all: 1 });
  await untilCounts(two.page, { all: 0 });
  expect(existsSync(join(two.data, 'electron'))).toBe(true);
});

test('a page that crashed comes back with its list', async () => {
  const { app, page } = await startSluice();
  await page.evaluate(() =>
    window.sluice.call('add', { downloads: [{ url: 'https://files.example/a.iso' }], paused: true }),
  );
  await page.getByRole('row', { name: /a\.iso/ }).waitFor();
  const reloaded = app.evaluate(
    ({ BrowserWindow }) =>
      new Promise<void>((resolve) => {
        const { webContents } = BrowserWindow.getAllWindows()[0]!;
        webContents.once('did-finish-load', () => resolve());
        webContents.forcefullyCrashRenderer();
      }),
  );
  await reloaded;
  const rows = () =>
    app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]!.webContents.executeJavaScript(
        `document.querySelectorAll('[role=row][data-id]').length`,
      ),
    );
  await expect.poll(rows).toBe(1);
});

test('an error that nobody foresaw is told in words, and the program leaves', async () => {
  const { app } = await startSluice();
  const program = app.process();
  const ended = new Promise<number | null>((resolve) => program.once('exit', resolve));
  const told = await app.evaluate(
    ({ dialog }) =>
      new Promise<string>((resolve) => {
        const show = (options: Electron.MessageBoxOptions) => {
          resolve(`${options.message}\n${options.detail}`);
          // Somebody reads it for a moment.
          return new Promise((read) => setTimeout(read, 200, { response: 0, checkboxChecked: false }));
        };
        dialog.showMessageBox = show as typeof dialog.showMessageBox;
        setTimeout(() => {
          throw new Error('out of the blue');
        });
      }),
  );
  expect(told).toMatch(/an error that nobody foresaw[^]*Nothing that was saved is lost[^]*out of the blue/);
  expect(await ended).toBe(1);
});

test('what the menu says while there is no window is heard by the one that it opens', async () => {
  const { app } = await startSluice();
  // Where a program outlives its windows.
  await app.evaluate(() => void Object.defineProperty(process, 'platform', { value: 'darwin' }));
  await app.evaluate(
    ({ BrowserWindow }) =>
      new Promise<void>((resolve) => {
        const [window] = BrowserWindow.getAllWindows();
        window!.once('closed', () => resolve());
        window!.destroy();
      }),
  );
  const opened = app.waitForEvent('window');
  await app.evaluate(({ Menu }) => {
    const items = Menu.getApplicationMenu()!.items.flatMap(({ submenu }) => submenu?.items ?? []);
    items.find(({ label }) => label.startsWith('Settings'))!.click();
  });
  await (await opened).getByRole('heading', { name: 'Settings' }).first().waitFor();
});
