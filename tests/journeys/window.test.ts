// The window in real Electron: dropped lists become exact files, and nothing is lost on the way.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { contentSha256, seededContent } from '../support/origin.ts';
import { originForTest } from '../support/start.ts';
import { tempDir } from '../support/temp-dir.ts';
import { drop, startSluice, untilCounts } from './window-program.ts';

const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

test('a dropped list file is previewed, started with one click, and every file is exact', async () => {
  const origin = await originForTest();
  const names = Array.from({ length: 200 }, (_, i) => `file-${String(i).padStart(3, '0')}.bin`);
  const size = (i: number) => (i % 20 === 19 ? 4_000_000 + i : 1 + i * 1123);
  names.forEach((name, i) => origin.serve(`/${name}`, { sizeBytes: size(i), seed: i + 1 }));
  const list = join(tempDir(), 'list.txt');
  writeFileSync(list, names.map((name) => origin.url(`/${name}`)).join('\n'));

  const { page, dir, complaints } = await startSluice();
  await drop(page, { files: [list] });
  await page.getByText('From list.txt').waitFor();
  await page.getByRole('button', { name: 'Add 200 links' }).click();
  await untilCounts(page, { done: 200 });

  for (const [i, name] of names.entries()) {
    expect(sha256(join(dir, name)), name).toBe(contentSha256(seededContent(size(i), i + 1)));
  }
  await page.getByRole('row', { name: /file-000\.bin.*Done/ }).waitFor();
  expect(complaints).toEqual([]);
});

test('every line that is no link says why, and a folder is no list', async () => {
  const { page } = await startSluice();
  const lines = [
    'https://files.example/a.iso',
    'https://files.example/a.iso',
    'just some words',
    'ftp://files.example/b.iso',
    'https://files.example/c.iso',
  ];
  await drop(page, { text: lines.join('\n') });
  const dialog = page.getByRole('dialog', { name: 'Add links' });
  await dialog.getByRole('button', { name: 'Add 2 links' }).waitFor();
  const verdicts = dialog.getByRole('listitem');
  expect(await verdicts.count()).toBe(5);
  await expect.poll(() => verdicts.nth(1).textContent()).toContain('twice in this list');
  expect(await verdicts.nth(2).textContent()).toContain('not a link');
  expect(await verdicts.nth(3).textContent()).toContain('not http or https');
  await dialog.getByRole('button', { name: /Not a link 2/ }).click();
  await expect.poll(() => verdicts.count()).toBe(2);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });

  const folder = join(tempDir(), 'a folder');
  mkdirSync(folder);
  await drop(page, { files: [folder] });
  await page.getByText('a folder is a folder. Drop the list file itself.').waitFor();
});

test('pause stops a download within its bytes, and resume finishes it exactly', async () => {
  const origin = await originForTest();
  origin.serve('/slow.bin', { sizeBytes: 6_000_000, seed: 5, bytesPerS: 700_000 });
  const { page, dir } = await startSluice();
  await drop(page, { text: origin.url('/slow.bin') });
  await page.getByRole('button', { name: 'Add 1 link' }).click();
  const row = page.getByRole('row', { name: /slow\.bin/ });
  await origin.served('/slow.bin', 1_000_000);
  await row.hover();
  await row.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('row', { name: /slow\.bin.*Paused/ }).waitFor();
  await untilCounts(page, { paused: 1, running: 0 });

  origin.serve('/slow.bin', { sizeBytes: 6_000_000, seed: 5 });
  await row.getByRole('button', { name: 'Resume' }).click();
  await untilCounts(page, { done: 1 });
  expect(sha256(join(dir, 'slow.bin'))).toBe(contentSha256(seededContent(6_000_000, 5)));
  expect(origin.bytesServed('/slow.bin')).toBeLessThan(6_000_000 * 1.5);
});

test('after a restart the list is as it was', async () => {
  const origin = await originForTest();
  origin.serve('/done.bin', { sizeBytes: 1000 });
  const first = await startSluice();
  await drop(first.page, { text: `${origin.url('/done.bin')}\n${origin.url('/missing.bin')}` });
  await first.page.getByRole('button', { name: 'Add 2 links' }).click();
  await untilCounts(first.page, { done: 1, failed: 1 });
  await first.close();

  const { page } = await startSluice({ data: first.data, dir: first.dir });
  await page.getByRole('row', { name: /done\.bin.*Done/ }).waitFor();
  await page.getByRole('row', { name: /missing\.bin.*Not found/ }).waitFor();
});

test('after SIGKILL of all its processes it goes on from the last durable byte', async () => {
  const origin = await originForTest();
  const sizeBytes = 12_000_000;
  origin.serve('/big.bin', { sizeBytes, seed: 9, bytesPerS: 600_000 });
  const first = await startSluice();
  await drop(first.page, { text: origin.url('/big.bin') });
  await first.page.getByRole('button', { name: 'Add 1 link' }).click();
  await origin.served('/big.bin', 5_000_000);
  await first.kill();

  // Not at full speed: what lies in loopback's socket buffers would count as served.
  origin.serve('/big.bin', { sizeBytes, seed: 9, bytesPerS: 2_000_000 });
  const { page, dir } = await startSluice({ data: first.data, dir: first.dir });
  await untilCounts(page, { done: 1 });
  expect(sha256(join(dir, 'big.bin'))).toBe(contentSha256(seededContent(sizeBytes, 9)));
  expect(origin.bytesServed('/big.bin')).toBeLessThan(sizeBytes * 1.4);
});

test('a hundred thousand dropped links are understood and added without freezing the window', async () => {
  const { page } = await startSluice();
  await page.evaluate(() => {
    const blocked: number[] = [];
    Object.assign(window, { blocked });
    new PerformanceObserver((list) => blocked.push(...list.getEntries().map(({ duration }) => duration))).observe({
      entryTypes: ['longtask'],
    });
  });
  const urls = Array.from({ length: 100_000 }, (_, i) => `https://host-${i % 50}.example/${i}.zip`);
  await drop(page, { text: urls.join('\n') });
  await page.getByRole('button', { name: 'Add 100,000 links' }).waitFor();
  await page.getByText('Add paused').click();
  await page.getByRole('button', { name: 'Add 100,000 links' }).click();
  await untilCounts(page, { all: 100_000 });
  await page.getByRole('row', { name: '0.zip' }).first().waitFor();
  await page.getByRole('grid').evaluate((grid) => (grid.scrollTop = grid.scrollHeight));
  await page.getByRole('row', { name: '99999.zip' }).waitFor();
  expect(await page.locator('[role=row]').count(), 'only the visible rows exist').toBeLessThan(60);
  const blocked = await page.evaluate(() => (window as unknown as { blocked: number[] }).blocked);
  expect(Math.max(0, ...blocked), 'longest task of the window, in ms').toBeLessThan(500);
});

test('a removal asks, says what goes, and can be undone', async () => {
  const { page } = await startSluice();
  await drop(page, { text: 'https://files.example/one.iso\nhttps://files.example/two.iso' });
  await page.getByText('Add paused').click();
  await page.getByRole('button', { name: 'Add 2 links' }).click();
  await page.getByRole('row', { name: /one\.iso/ }).click();
  await page.keyboard.press('Delete');
  const dialog = page.getByRole('dialog', { name: 'Remove this download?' });
  await dialog.getByText('Delete its file from the disk too').waitFor();
  await dialog.getByRole('button', { name: 'Remove from the list' }).click();
  await untilCounts(page, { all: 1 });
  await page.getByRole('status').getByRole('button', { name: 'Undo' }).click();
  await untilCounts(page, { all: 2 });
  await page.getByRole('row', { name: /one\.iso/ }).waitFor();
});

test('a system that names no language of its own has its list, too', async () => {
  const { page, complaints } = await startSluice({ env: { LANGUAGE: '', LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' } });
  expect(await page.getByRole('button', { name: 'Add links' }).count()).toBeGreaterThan(0);
  expect(complaints).toEqual([]);
});

test('a second start on the same list hands its links over and leaves', async () => {
  const first = await startSluice();
  const { electronPath, env } = (await import('../../scripts/runtime.mjs')).runtime();
  const { execFile } = await import('node:child_process');
  const root = join(import.meta.dirname, '../..');
  const status = await new Promise<number>((resolve) => {
    const child = execFile(electronPath, [root, '--data', first.data, 'https://files.example/handed-over.iso'], {
      env: { ...process.env, ...env },
    });
    child.once('exit', (code) => resolve(code ?? -1));
  });
  expect(status).toBe(0);
  await first.page.getByRole('button', { name: 'Add 1 link' }).click();
  await first.page.getByRole('row', { name: /handed-over\.iso/ }).waitFor();
});
