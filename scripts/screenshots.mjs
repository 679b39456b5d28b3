// Pictures of every view in real Electron, into screenshots/: to be looked at after a change of the window.
// `npm run screenshots [-- empty|busy|many]`: of those windows only.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from './build.mjs';
import { launchDriven } from './driven.mjs';
import { startDisplay } from './setup/display.mjs';
import { root } from './setup/paths.mjs';

const out = join(root, 'screenshots');
const base = mkdtempSync(join(tmpdir(), 'sluice-screenshots-'));
const MB = 1_000_000;
const wanted = process.argv.slice(2);
/** @type {Map<import('playwright').Page, import('playwright').ElectronApplication>} */
const apps = new Map();
/** Size and speed of a connection, in bytes and bytes a second. */
/** @type {Map<string, [number, number]>} */
const files = new Map([
  ['orchard-atlas.iso', [640 * MB, 3 * MB]],
  ['river-gauges-and-rainfall-of-all-stations-with-a-rather-long-name-2026.parquet', [310 * MB, 2 * MB]],
  ['field-recordings.tar.zst', [126 * MB, 1.4 * MB]],
  ['night-sky-timelapse.mp4', [92 * MB, 0.9 * MB]],
  ['slow-down-please.bin', [64 * MB, 0]],
  ['潮汐记录-2026.csv', [33 * MB, 0.6 * MB]],
  ['lighthouse.png', [1.4 * MB, 20 * MB]],
  ['notes-on-weather.pdf', [2.2 * MB, 20 * MB]],
  ['SHA256SUMS.txt', [1180, 20 * MB]],
  ['Donaudampfschifffahrtsgesellschaftskapitänsmützenaufbewahrungsverordnung.pdf', [48 * MB, 1.1 * MB]],
]);

await build();
if (wanted.length === 0) rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const display = await startDisplay();
const origin = await startOrigin();
try {
  await inWindow('empty', async (page, shoot) => {
    await shoot('empty');
    await press(page, 'Control+n');
    await page.getByRole('dialog').waitFor();
    await shoot('add-empty');
    await page.getByRole('dialog').getByRole('textbox').first().fill(aList());
    await page.getByRole('button', { name: /^Add \d+ links$/ }).waitFor();
    await shoot('add');
    await page.getByText('More options').click();
    await page.getByRole('textbox', { name: /^Headers/ }).fill('no header');
    await page.getByRole('textbox', { name: /^Connections/ }).focus();
    await shoot('add-more');
    await resize(page, 480, 720);
    await shoot('narrow-add');
    await press(page, 'Escape');
    await shoot('narrow-empty');
    await copyLinks(page);
    await shoot('narrow-copied');
    await resize(page, 1280, 760);
    await shoot('copied');
    await page.getByRole('button', { name: 'Not now' }).click();
    await shoot('drop', () => drag(page));
  });
  await inWindow('busy', async (page, shoot) => {
    await fill(page);
    await sleep(5000);
    await page.getByRole('row', { name: /orchard-atlas/ }).click();
    await shoot('list');
    await page.getByRole('grid').focus();
    await press(page, 'Enter');
    await sleep(2500);
    await shoot('detail');
    const exchange = page.getByText('Request and answer');
    await exchange.click();
    await exchange.evaluate((one) => one.scrollIntoView());
    await shoot('detail-exchange');
    await page.getByRole('row', { name: /Donaudampf/ }).click();
    await sleep(300);
    await shoot('detail-long');
    await page.getByRole('row', { name: /نسخة/ }).click();
    await sleep(300);
    await shoot('detail-right-to-left');
    await page.getByRole('row', { name: /expired-link/ }).click();
    await sleep(300);
    await shoot('failed');
    await page.getByRole('row', { name: /slow-down/ }).click();
    await sleep(300);
    await shoot('waiting');
    await press(page, 'Escape');
    await page.getByRole('row', { name: /lighthouse/ }).click({ button: 'right' });
    await shoot('menu');
    await press(page, 'Escape');
    await page.getByRole('row', { name: /会议录像/ }).click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Priority…' }).click();
    await shoot('priority');
    await press(page, 'Escape');
    for (const [picture, item] of Object.entries({ limit: 'Speed limit…', 'new-link': 'New link…' })) {
      await page.getByRole('row', { name: /会议录像/ }).click({ button: 'right' });
      await page.getByRole('menuitem', { name: item }).click();
      await shoot(picture);
      await press(page, 'Escape');
    }
    for (const command of ['shortcuts', 'about']) {
      await tell(page, { event: 'menu', command });
      await shoot(command);
      await press(page, 'Escape');
    }
    await tell(page, { event: 'countdown', countdown: { action: 'sleep', endsAt: Date.now() + 60_000 } });
    await shoot('countdown');
    await tell(page, { event: 'countdown', countdown: null });
    await page.getByRole('navigation').getByRole('button', { name: 'Paused' }).click();
    await page.getByRole('navigation').getByRole('button', { name: 'Video' }).click();
    await sleep(300);
    await shoot('only-paused-video');
    await page.getByRole('navigation').getByRole('button', { name: 'All' }).click();
    await page.getByRole('button', { name: 'All hosts' }).click();
    await page.getByRole('menu').waitFor();
    await shoot('hosts');
    await page.getByRole('menuitemradio', { name: /^localhost/ }).click();
    await shoot('only-host');
    await page.getByRole('button', { name: 'All hosts' }).click();
    await page.getByRole('grid').focus();
    await press(page, 'Control+a');
    await shoot('selected');
    await press(page, 'Delete');
    await shoot('remove');
    await press(page, 'Escape');
    await page.getByRole('navigation').getByRole('button', { name: 'Failed' }).click();
    await sleep(300);
    await shoot('only-failed');
    await page.getByRole('navigation').getByRole('button', { name: 'All' }).click();
    await page.getByRole('textbox', { name: /^Search/ }).fill('nothing like this');
    await sleep(500);
    await shoot('nothing-found');
    await page.getByRole('textbox', { name: /^Search/ }).fill('');

    const go = async (/** @type {string} */ view) => {
      await page.getByRole('navigation').getByRole('button', { name: view }).click();
      await page.getByRole('heading', { name: view, level: 1 }).waitFor();
      await sleep(1500);
    };
    await go('Traffic');
    await shoot('traffic');
    await go('Machines');
    await shoot('machines-shut');
    await call(page, 'changeSettings', { coordinator: true, pythonDoor: true });
    await sleep(1500);
    await shoot('machines');
    await page.getByRole('button', { name: 'Help a machine…' }).click();
    await shoot('help');
    await press(page, 'Escape');
    await go('Settings');
    await shoot('settings');
    const titles = ['On this computer', 'Network', 'Timetable', 'Hosts', 'Export and import'];
    for (const [at, name] of titles.entries()) {
      await page.getByRole('heading', { name, level: 2 }).evaluate((one) => one.scrollIntoView());
      await shoot(`settings-${at + 1}`);
    }
    await page.getByRole('button', { name: 'Add a host…' }).click();
    await shoot('host-rule');
    await press(page, 'Escape');
    await page.getByRole('button', { name: 'Add a category…' }).click();
    await shoot('category');
    await press(page, 'Escape');
    await page.getByRole('textbox', { name: 'Downloads at once' }).fill('9000');
    await press(page, 'Tab');
    await shoot('settings-refused');
    await call(page, 'changeSettings', { hostRules: someRules() });

    await resize(page, 480, 720);
    for (const view of ['Traffic', 'Machines', 'Settings']) {
      await page.getByRole('button', { name: 'Show the sidebar' }).click();
      await go(view);
      await shoot(`narrow-${view.toLowerCase()}`);
    }
    await page.getByRole('heading', { name: 'Timetable', level: 2 }).evaluate((one) => one.scrollIntoView());
    await shoot('narrow-timetable');
    await page.getByRole('button', { name: 'Show the sidebar' }).click();
    await sleep(300);
    await shoot('narrow-sidebar');
    await page.getByRole('navigation').getByRole('button', { name: 'All' }).click();
    await shoot('narrow');
    await page.getByRole('row', { name: /orchard-atlas/ }).dblclick();
    await sleep(500);
    await shoot('narrow-detail');
    // What a zoom of 200 % leaves of the window.
    await resize(page, 640, 380);
    await shoot('zoom-detail');
    await press(page, 'Escape');
    await shoot('zoom');
  });
  await inWindow('many', async (page, shoot) => {
    const hosts = ['cdimage.debian.org', 'planet.openstreetmap.org', 'photojournal.jpl.nasa.gov', 'files.example.cn'];
    const kinds = ['iso', 'jpg', 'mp4', 'pdf', 'tar.zst', 'csv', 'bin'];
    const downloads = Array.from({ length: 100_000 }, (_, i) => ({
      url: `https://${hosts[i % 4]}/set-${Math.floor(i / 1000)}/item-${String(i).padStart(6, '0')}.${kinds[i % 7]}`,
    }));
    await call(page, 'add', { downloads, paused: true });
    await page.getByRole('row', { name: /item-000000/ }).waitFor();
    await page.getByRole('grid').evaluate((grid) => (grid.scrollTop = 2_600_000));
    await sleep(500);
    await shoot('many');
  });
} finally {
  origin.close();
  display?.stop();
  rmSync(base, { recursive: true, force: true });
}
console.log(`Pictures are in ${out}`);

/**
 * Opens a window with a list of its own. `shoot` takes a picture in both languages and themes; before each it does what it was given.
 * @param {string} name
 * @param {(page: import('playwright').Page, shoot: (name: string, before?: () => Promise<void>) => Promise<void>) => Promise<void>} story
 */
async function inWindow(name, story) {
  if (wanted.length > 0 && !wanted.includes(name)) return;
  const app = await launchDriven(['--data', join(base, name)], display?.env);
  const page = await app.firstWindow();
  await page.locator('[role=grid], .empty').first().waitFor();
  // It shows itself at its first paint; before that it has no size to take a picture of.
  await page.waitForFunction(() => innerWidth > 0 && document.visibilityState === 'visible');
  await call(page, 'changeSettings', { dir: join(base, `${name}-files`) });
  apps.set(page, app);
  try {
    await story(page, async (picture, before) => {
      for (const language of ['zh-CN', 'en']) {
        await call(page, 'changeSettings', { language });
        await page.locator(`html[lang=${language}]`).waitFor({ state: 'attached' });
        for (const colorScheme of /** @type {const} */ (['dark', 'light'])) {
          await page.emulateMedia({ colorScheme });
          await before?.();
          await page.screenshot({ path: join(out, `${picture}-${language}-${colorScheme}.png`) });
        }
      }
    });
  } finally {
    await app.close();
  }
}

/** @type {(page: import('playwright').Page, key: string) => Promise<void>} */
async function press(page, key) {
  await page.keyboard.press(key);
  await sleep(200);
}

/** Two rules for hosts, one of them daring. */
function someRules() {
  return [
    { host: '*.example.org', user: 'gardener', password: 'roses', limitBytesPerS: 2 * MB },
    { host: 'nas.local', insecure: true, connections: 2 },
  ];
}

/** A list with everything in it that a list can have. */
function aList() {
  return [
    'https://cdimage.debian.org/debian-cd/13.2.0/amd64/iso-dvd/debian-13.2.0-amd64-DVD-1.iso',
    'https://planet.openstreetmap.org/pbf/planet-latest.osm.pbf',
    'https://planet.openstreetmap.org/pbf/planet-latest.osm.pbf',
    'these are only words',
    'ftp://files.example.org/old.tar',
    'https://files.example.cn/会议录像-2026-11-20.mp4',
    'https://images.example.org/scan-[001-120].jpg',
  ].join('\n');
}

/** @param {import('playwright').Page} page */
async function fill(page) {
  const downloads = [...files.keys(), 'expired-link.tar.gz', 'not-there.zip'].map((name) => ({
    // A host that asks to wait is asked for less at once: it is a host of its own.
    url: `http://${name.startsWith('slow') ? 'localhost' : '127.0.0.1'}:${origin.port}/${encodeURIComponent(name)}`,
  }));
  await call(page, 'changeSettings', { parallel: 16, connectionsPerHost: 32 });
  await call(page, 'add', { downloads });
  await call(page, 'add', {
    paused: true,
    downloads: ['https://files.example.cn/会议录像-2026-11-20.mp4', 'https://nas.local/نسخة-احتياطية-2026.tar.zst'].map(
      (url) => ({ url }),
    ),
  });
  await call(page, 'setLimit', { id: 1, limitBytesPerS: 4 * MB });
  await call(page, 'setPriority', { which: { ids: [1, 13] }, priority: 'high' });
  await call(page, 'setPriority', { which: { ids: [14] }, priority: 'low' });
}

/**
 * Copies links as another program would, once the clipboard is watched.
 * @param {import('playwright').Page} page
 */
async function copyLinks(page) {
  await call(page, 'changeSettings', { clipboardWatch: true });
  for (let i = 1; (await page.getByText('copied').count()) === 0; i += 1) {
    await apps.get(page)?.evaluate(({ clipboard }, text) => clipboard.writeText(text), `${aList()}#${i}`);
    await sleep(500);
  }
}

/** @param {import('playwright').Page} page */
async function drag(page) {
  const session = await page.context().newCDPSession(page);
  const data = { items: [{ mimeType: 'text/plain', data: aList() }], dragOperationsMask: 1 };
  for (const type of /** @type {const} */ (['dragEnter', 'dragOver'])) {
    await session.send('Input.dispatchDragEvent', { type, x: 600, y: 400, data });
  }
  await sleep(200);
}

/**
 * @param {import('playwright').Page} page
 * @param {string} name
 * @param {unknown} arg
 */
async function call(page, name, arg) {
  const answer = await page.evaluate(
    ([name, arg]) => /** @type {any} */ (globalThis).sluice.call(name, arg),
    /** @type {const} */ ([name, arg]),
  );
  if (!answer.ok) throw new Error(`${name}: ${answer.error.message}`);
}

/**
 * Tells the window what the program beside it would.
 * @param {import('playwright').Page} page
 * @param {object} event
 */
async function tell(page, event) {
  await apps
    .get(page)
    ?.evaluate(
      ({ BrowserWindow }, [channel, json]) => BrowserWindow.getAllWindows()[0]?.webContents.send(channel, json),
      /** @type {const} */ (['sluice:event', JSON.stringify(event)]),
    );
  await sleep(300);
}

/**
 * @param {import('playwright').Page} page
 * @param {number} width
 * @param {number} height
 */
async function resize(page, width, height) {
  await apps
    .get(page)
    ?.evaluate(
      ({ BrowserWindow }, [w, h]) => BrowserWindow.getAllWindows()[0]?.setSize(w, h),
      /** @type {const} */ ([width, height]),
    );
  await page.waitForFunction((wide) => Math.abs(innerWidth - wide) <= 2, width);
}

/** A server on loopback with those files: one asks to wait, one answers with a page after a while. */
async function startOrigin() {
  const server = http.createServer((request, response) => {
    const name = decodeURIComponent((request.url ?? '').slice(1));
    if (name === 'expired-link.tar.gz') return void response.writeHead(403).end();
    const [sizeBytes, bytesPerS] = files.get(name) ?? [0, 0];
    if (sizeBytes === 0) return void response.writeHead(404).end();
    if (bytesPerS === 0) return void response.writeHead(429, { 'Retry-After': '20' }).end();
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const start = Number(range?.[1] ?? 0);
    const end = range?.[2] ? Number(range[2]) + 1 : sizeBytes;
    response.writeHead(range ? 206 : 200, {
      'Content-Length': end - start,
      ETag: `"${sizeBytes}"`,
      'Accept-Ranges': 'bytes',
      ...(range ? { 'Content-Range': `bytes ${start}-${end - 1}/${sizeBytes}` } : {}),
    });
    void pour(response, end - start, bytesPerS);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/**
 * @param {http.ServerResponse} response
 * @param {number} bytes
 * @param {number} bytesPerS
 */
async function pour(response, bytes, bytesPerS) {
  const chunk = Buffer.alloc(64 * 1024, 'sluice');
  for (let left = bytes; left > 0 && !response.destroyed; left -= chunk.length) {
    response.write(left < chunk.length ? chunk.subarray(0, left) : chunk);
    await sleep((chunk.length / bytesPerS) * 1000);
  }
  response.end();
}
