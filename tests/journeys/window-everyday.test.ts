// What a desktop expects of a program beside its window, seen on Electron's own objects.
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { originForTest } from '../support/start.ts';
import { tempDir } from '../support/temp-dir.ts';
import { startSluice, untilCounts, type Sluice } from './window-program.ts';

declare global {
  var seen: {
    tips: string[];
    menu: Electron.Menu | null;
    bars: number[];
    badges: number[];
    notices: Electron.Notification[];
  };
}

/** From now on the system's side of things is written down as well as done; notifications are only written down. */
async function listen({ app }: Sluice): Promise<void> {
  await app.evaluate(({ app: program, BrowserWindow, Notification, Tray }) => {
    const seen: typeof globalThis.seen = { tips: [], menu: null, bars: [], badges: [], notices: [] };
    globalThis.seen = seen;
    const { setToolTip, setContextMenu } = Tray.prototype;
    Tray.prototype.setToolTip = function (this: Electron.Tray, tip) {
      seen.tips.push(tip);
      setToolTip.call(this, tip);
    };
    Tray.prototype.setContextMenu = function (this: Electron.Tray, menu) {
      seen.menu = menu;
      setContextMenu.call(this, menu);
    };
    const window = BrowserWindow.getAllWindows()[0]!;
    const setProgressBar = window.setProgressBar.bind(window);
    window.setProgressBar = (part) => {
      seen.bars.push(part);
      setProgressBar(part);
    };
    const setBadgeCount = program.setBadgeCount.bind(program);
    program.setBadgeCount = (count) => {
      seen.badges.push(count!);
      return setBadgeCount(count);
    };
    Notification.isSupported = () => true;
    Notification.prototype.show = function (this: Electron.Notification) {
      seen.notices.push(this);
    };
    Notification.prototype.close = function (this: Electron.Notification) {
      seen.notices.splice(seen.notices.indexOf(this), 1);
    };
    // Nobody looks at it, whatever the windows of other tests leave the focus to.
    window.isFocused = () => false;
    window.removeAllListeners('focus');
  });
}

const change = ({ page }: Sluice, settings: object) =>
  page.evaluate((wanted) => window.sluice.call('changeSettings', wanted), settings);
const add = ({ page }: Sluice, urls: string[], paused = false) =>
  page.evaluate(
    ([all, waits]) => window.sluice.call('add', { downloads: all.map((url) => ({ url })), paused: waits }),
    [urls, paused] as const,
  );
const settings = async ({ page }: Sluice) => {
  const answer = await page.evaluate(() => window.sluice.call('settings', null));
  if (!answer.ok) throw new Error(answer.error.message);
  return answer.value;
};
const chooseInTray = ({ app }: Sluice, label: string) =>
  app.evaluate((_, wanted) => {
    const item = globalThis.seen.menu?.items.find((one) => one.label === wanted && one.enabled);
    item?.click();
    return item !== undefined;
  }, label);

test('the tray tells the speed and pauses, resumes and adds; task bar, badge and wakefulness follow the work', async () => {
  const origin = await originForTest();
  for (const name of ['/a.bin', '/b.bin']) origin.serve(name, { sizeBytes: 400_000, bytesPerS: 200_000 });
  const sluice = await startSluice();
  const { app } = sluice;
  await listen(sluice);
  const awake = () => app.evaluate(({ powerSaveBlocker }) => [0, 1, 2, 3].some((id) => powerSaveBlocker.isStarted(id)));
  expect(await awake()).toBe(false);
  await add(sluice, [origin.url('/a.bin'), origin.url('/b.bin')]);
  await expect
    .poll(() => app.evaluate(() => globalThis.seen.tips.at(-1)), { timeout: 10_000 })
    .toMatch(/^Sluice – 2 active, .*\/s$/);
  expect(await awake()).toBe(true);
  await change(sluice, { keepAwake: false });
  expect(await awake(), 'the setting works at once').toBe(false);
  await change(sluice, { keepAwake: true });

  await expect.poll(() => chooseInTray(sluice, 'Pause All')).toBe(true);
  await untilCounts(sluice.page, { paused: 2, running: 0 });
  await expect.poll(() => app.evaluate(() => globalThis.seen.bars.at(-1))).toBe(-1);
  expect(await awake()).toBe(false);
  await expect.poll(() => chooseInTray(sluice, 'Resume All'), { timeout: 10_000 }).toBe(true);
  await untilCounts(sluice.page, { done: 2 });
  const { bars, badges } = await app.evaluate(() => ({ bars: globalThis.seen.bars, badges: globalThis.seen.badges }));
  expect(
    bars.some((part) => part > 0.1 && part < 1),
    `progress between: ${bars.join()}`,
  ).toBe(true);
  await expect.poll(() => app.evaluate(() => globalThis.seen.bars.at(-1))).toBe(-1);
  expect(badges).toContain(2);
  await expect.poll(() => app.evaluate(() => globalThis.seen.badges.at(-1))).toBe(0);

  await app.evaluate(({ clipboard }) => clipboard.writeText('https://files.example/from-the-clipboard.iso'));
  expect(await chooseInTray(sluice, 'Add Links from the Clipboard')).toBe(true);
  await sluice.page.getByRole('dialog').getByRole('button', { name: 'Add 1 link' }).waitFor();
});

test('many finished downloads are one notification, and a failed one says why; a click shows them', async () => {
  const origin = await originForTest();
  const paths = Array.from({ length: 37 }, (_, i) => `/file-${i}.bin`);
  for (const path of paths) origin.serve(path, { sizeBytes: 100 });
  const sluice = await startSluice();
  const { app, page } = sluice;
  await listen(sluice);
  await add(sluice, [...paths.map((path) => origin.url(path)), origin.url('/nowhere.zip')]);
  await untilCounts(page, { done: 37, failed: 1 });
  const notices = () =>
    app.evaluate(() => globalThis.seen.notices.map(({ title, body }) => `${title} | ${body}`).sort());
  await expect
    .poll(notices, { timeout: 10_000 })
    .toEqual([
      expect.stringMatching(/^37 downloads finished \| file-\d+\.bin and others$/),
      'nowhere.zip failed | Not found',
    ]);
  await page.getByRole('navigation').getByRole('button', { name: 'Settings' }).click();
  await app.evaluate(() => globalThis.seen.notices.find(({ title }) => title.includes('nowhere'))!.emit('click'));
  await page.getByRole('complementary').getByRole('heading', { name: 'nowhere.zip' }).waitFor();

  await change(sluice, { notifications: false });
  await page.evaluate(() => window.sluice.call('retry', { query: { status: 'failed' } }));
  await untilCounts(page, { failed: 1, running: 0, queued: 0 });
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 2500)));
  expect(await notices()).toHaveLength(2);
});

test('closing the window leaves it in reach: in the tray where there is one, else in the task bar; without the setting it ends', async () => {
  const folder = tempDir();
  const sluice = await startSluice({ env: { PATH: `${folder}:${process.env['PATH']}` } });
  const { app } = sluice;
  const trayIs = (there: boolean) => {
    writeFileSync(join(folder, 'dbus-send'), `#!/bin/sh\necho '   boolean ${there}'\n`);
    chmodSync(join(folder, 'dbus-send'), 0o755);
  };
  await change(sluice, { closeToTray: true });
  const after = () =>
    app.evaluate(async ({ BrowserWindow }) => {
      const window = BrowserWindow.getAllWindows()[0]!;
      const done: string[] = [];
      const { hide, minimize } = window;
      window.hide = () => {
        done.push('hide');
        hide.call(window);
      };
      window.minimize = () => {
        done.push('minimize');
        minimize.call(window);
      };
      window.close();
      while (done.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      return [done[0], window.isDestroyed()];
    });
  trayIs(true);
  expect(await after()).toEqual(['hide', false]);
  trayIs(false);
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.show());
  expect(await after()).toEqual(['minimize', false]);
  await change(sluice, { closeToTray: false });
  const ended = new Promise((resolve) => app.process().once('exit', resolve));
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.close());
  await ended;
});

test('when all is done it sleeps after a countdown that can be stopped, once', async () => {
  const origin = await originForTest();
  for (const name of ['/a.bin', '/b.bin', '/c.bin']) origin.serve(name, { sizeBytes: 1000 });
  const folder = tempDir();
  const said = join(folder, 'said');
  writeFileSync(join(folder, 'systemctl'), `#!/bin/sh\necho "$@" >> '${said}'\n`);
  chmodSync(join(folder, 'systemctl'), 0o755);
  const sluice = await startSluice({ env: { PATH: `${folder}:${process.env['PATH']}` } });
  const { app, page } = sluice;
  expect(await app.evaluate(() => process.env['PATH']!.split(':')[0]), 'no real command is run').toBe(folder);

  await change(sluice, { whenDone: 'sleep' });
  await add(sluice, [origin.url('/a.bin')]);
  const dialog = page.getByRole('dialog', { name: 'About to sleep' });
  await dialog.getByText(/All downloads are done\. \d+ seconds left\./).waitFor();
  await dialog.getByRole('button', { name: 'Stop' }).last().click();
  await dialog.waitFor({ state: 'detached' });
  expect((await settings(sluice)).whenDone).toBe('nothing');
  expect(existsSync(said)).toBe(false);

  await change(sluice, { whenDone: 'sleep' });
  await add(sluice, [origin.url('/b.bin')]);
  await dialog.getByRole('button', { name: 'Now' }).click();
  await expect.poll(() => existsSync(said) && readFileSync(said, 'utf8')).toBe('suspend\n');
  expect((await settings(sluice)).whenDone).toBe('nothing');

  writeFileSync(join(folder, 'systemctl'), '#!/bin/sh\necho "Not allowed." >&2\nexit 1\n');
  await change(sluice, { whenDone: 'shutdown' });
  await add(sluice, [origin.url('/c.bin')]);
  await page.getByRole('dialog', { name: 'About to shut down' }).getByRole('button', { name: 'Now' }).click();
  await page.getByText('The system did not do what was to be done at the end: Not allowed.').waitFor();
});

test('quitting when all is done ends the program with everything kept, and is not remembered', async () => {
  const origin = await originForTest();
  origin.serve('/a.bin', { sizeBytes: 1000 });
  const sluice = await startSluice();
  await change(sluice, { whenDone: 'quit' });
  const ended = new Promise((resolve) => sluice.app.process().once('exit', resolve));
  await add(sluice, [origin.url('/a.bin')]);
  await sluice.page
    .getByRole('dialog', { name: 'Sluice is about to quit' })
    .getByRole('button', { name: 'Now' })
    .click();
  await ended;
  const again = await startSluice({ data: sluice.data, dir: sluice.dir });
  await untilCounts(again.page, { done: 1, all: 1 });
  expect((await settings(again)).whenDone).toBe('nothing');
});

test('starting at login is an autostart entry that really starts this program, and the system has the last word', async () => {
  const config = tempDir();
  const entry = join(config, 'autostart', 'sluice.desktop');
  const env = { XDG_CONFIG_HOME: config };
  const sluice = await startSluice({ env });
  await change(sluice, { startAtLogin: true });
  await expect.poll(() => existsSync(entry)).toBe(true);
  const exec = /^Exec="([^"]+)" "([^"]+)"$/m.exec(readFileSync(entry, 'utf8'));
  expect(exec?.slice(1)).toEqual(await sluice.app.evaluate(({ app }) => [process.execPath, app.getAppPath()]));
  await change(sluice, { startAtLogin: false });
  expect(existsSync(entry)).toBe(false);
  await change(sluice, { startAtLogin: true });
  await sluice.close();
  writeFileSync(entry, '');
  const second = await startSluice({ env, data: sluice.data, dir: sluice.dir });
  expect((await settings(second)).startAtLogin).toBe(true);
});

test('what the system says of logins is written down where it differs only, and a write that fails costs no tray', async () => {
  const config = tempDir();
  const env = { XDG_CONFIG_HOME: config };
  const origin = await originForTest();
  origin.serve('/a.bin', { sizeBytes: 2_000_000, bytesPerS: 100_000 });
  const first = await startSluice({ env });
  await first.close();
  const database = new DatabaseSync(join(first.data, 'sluice.db'));
  database.exec(`CREATE TRIGGER no_room BEFORE INSERT ON settings WHEN new.name = 'startAtLogin'
    BEGIN SELECT RAISE(ABORT, 'no room for that'); END`);
  database.close();
  const saysTrouble = async (times: number) => {
    const sluice = await startSluice({ env, data: first.data, dir: first.dir });
    await listen(sluice);
    await add(sluice, [origin.url('/a.bin')]);
    await expect
      .poll(() => sluice.app.evaluate(() => globalThis.seen.tips.join()), { timeout: 10_000 })
      .toMatch(/\d active/);
    await expect.poll(() => sluice.page.getByText('no room for that').count()).toBe(times);
    await sluice.close();
  };
  // Nothing differs, nothing is written.
  await saysTrouble(0);
  mkdirSync(join(config, 'autostart'));
  writeFileSync(join(config, 'autostart', 'sluice.desktop'), '');
  await saysTrouble(1);
});

test('a place off every screen is mended, one on a screen is kept', async () => {
  const first = await startSluice();
  await first.close();
  writeFileSync(
    join(first.data, 'window.json'),
    JSON.stringify({ x: 9000, y: -4000, width: 900, height: 600, maximized: false }),
  );
  const second = await startSluice({ data: first.data, dir: first.dir });
  const place = await second.app.evaluate(({ BrowserWindow, screen }) => ({
    window: BrowserWindow.getAllWindows()[0]!.getBounds(),
    area: screen.getPrimaryDisplay().workArea,
  }));
  expect(place.window).toMatchObject({ width: 900, height: 600 });
  expect(place.window.x).toBeLessThan(place.area.x + place.area.width - 80);
  expect(place.window.y).toBeGreaterThanOrEqual(place.area.y - 8);
  await second.app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()[0]!.setBounds({ x: 40, y: 30, width: 820, height: 560 }),
  );
  await second.close();
  const third = await startSluice({ data: first.data, dir: first.dir });
  expect(await third.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.getBounds())).toEqual({
    x: 40,
    y: 30,
    width: 820,
    height: 560,
  });
});
