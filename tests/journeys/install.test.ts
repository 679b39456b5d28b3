// What `npm run dist` makes: unpacked as an installer would, then started.
import { execFileSync, spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, existsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { listPackage } from '@electron/asar';
import { execa } from 'execa';
import { chromium } from 'playwright';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { root } from '../../scripts/setup/paths.mjs';
import { contentBytes, seededContent } from '../support/content.ts';
import { originForTest } from '../support/start.ts';
import { tempDir } from '../support/temp-dir.ts';

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const asRoot = process.getuid?.() === 0;
// A packed program is on its own: nothing of the checkout's set-up may help it.
const { SLUICE_SQLITE_BINDING: _, ...bare } = process.env;
const env = { ...bare, ...(asRoot ? { ELECTRON_DISABLE_SANDBOX: '1' } : {}) };

let work: string;
let installed: string;
let program: string;

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'sluice-dist-'));
  await execa(process.execPath, [join(root, 'scripts/dist.mjs'), '--to', join(work, 'dist'), 'deb'], { env });
  const deb = readdirSync(join(work, 'dist')).find((file) => file.endsWith('.deb'));
  installed = join(work, 'root');
  execFileSync('dpkg-deb', ['--extract', join(work, 'dist', deb ?? 'no deb was made'), installed]);
  program = join(installed, 'opt/Sluice/sluice');
}, 300_000);

afterAll(() => rmSync(work, { recursive: true, force: true }));

test('the installed program says its version', async () => {
  const { stdout } = await execa(program, ['--version'], { env });
  expect(stdout).toBe(manifest.version);
});

test('the desktop knows the program, its links and its lists', () => {
  const entry = readFileSync(join(installed, 'usr/share/applications/sluice.desktop'), 'utf8').split('\n');
  expect(entry).toContain('Exec=/opt/Sluice/sluice %U');
  expect(entry).toContain('Categories=Network;FileTransfer;');
  expect(entry).toContain('MimeType=text/x-url-list;x-scheme-handler/sluice;');
  expect(readFileSync(join(installed, 'usr/share/mime/packages/sluice.xml'), 'utf8')).toContain(
    'glob pattern="*.urls"',
  );
  for (const size of [16, 48, 256]) {
    const icon = readFileSync(join(installed, `usr/share/icons/hicolor/${size}x${size}/apps/sluice.png`));
    expect(icon.readUInt32BE(16)).toBe(size);
  }
});

test('what is packed is what runs: no sources, no tools, no binding for another system', () => {
  const resources = join(installed, 'opt/Sluice/resources');
  expect(existsSync(join(resources, 'default_app.asar'))).toBe(false);
  const packed = listPackage(join(resources, 'app.asar'), { isPack: false });
  const modules = packed.filter((path) => /^\/node_modules\/[^/]+$/.test(path));
  expect(modules).toEqual(['/node_modules/better-sqlite3']);
  expect(packed.filter((path) => path.endsWith('.node'))).toEqual([
    `/node_modules/better-sqlite3/prebuilds/linux-${process.arch}.node`,
  ]);
  expect(packed.filter((path) => /\.(ts|svelte|map|cpp|c)$/.test(path))).toEqual([]);
});

test('the installed program cannot be turned into a bare Node', async () => {
  const asNode = await execa(program, ['--version'], { env: { ...env, ELECTRON_RUN_AS_NODE: '1' } });
  expect(asNode.stdout).toBe(manifest.version);
  const mark = join(work, 'mark');
  const script = join(work, 'mark.cjs');
  writeFileSync(script, `require('node:fs').writeFileSync(${JSON.stringify(mark)}, '')`);
  await execa(program, ['--version'], { env: { ...env, NODE_OPTIONS: `--require=${script}` } });
  expect(existsSync(mark)).toBe(false);
});

test('a list opened with the installed program is downloaded in its window', async () => {
  const dir = tempDir();
  const origin = await originForTest();
  origin.serve('/harvest.bin', { sizeBytes: 3_000_000, seed: 5 });
  const list = join(dir, 'today.urls');
  writeFileSync(list, `${origin.url('/harvest.bin')}\n`);

  const child = spawn(program, ['--data', join(dir, 'data'), '--lang=en', '--remote-debugging-port=0', list], {
    env: { ...env, LANGUAGE: 'en' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const browser = await chromium.connectOverCDP(await debuggerWithWindow(child), { noDefaults: true });
  const page = browser.contexts()[0]!.pages()[0]!;
  await page.getByLabel('Save to').fill(join(dir, 'files'));
  await page.getByLabel('Save to').blur();
  await page.getByRole('button', { name: 'Add 1 link' }).click();
  await page
    .getByRole('row', { name: /harvest\.bin/ })
    .getByText('Done')
    .waitFor();

  await vi.waitFor(() => expect(existsSync(join(dir, 'files/harvest.bin'))).toBe(true));
  const wanted = contentBytes(seededContent(3_000_000, 5));
  expect(readFileSync(join(dir, 'files/harvest.bin')).equals(wanted)).toBe(true);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

/** The address that Chromium prints when it listens for a debugger, once there is a window to look into. */
async function debuggerWithWindow(child: ChildProcessByStdio<null, null, Readable>): Promise<string> {
  let said = '';
  child.stderr.on('data', (chunk) => (said += String(chunk)));
  const looked = { timeout: 30_000, interval: 100 };
  return vi.waitFor(async () => {
    if (child.exitCode !== null) throw new Error(`the program ended with ${child.exitCode}: ${said}`);
    const [, address] = /DevTools listening on (ws:\S+)/.exec(said) ?? [];
    if (!address) throw new Error(`no debugger yet: ${said}`);
    const targets = await fetch(`http://${new URL(address).host}/json/list`);
    expect(await targets.json()).toContainEqual(expect.objectContaining({ type: 'page' }));
    return address;
  }, looked);
}
