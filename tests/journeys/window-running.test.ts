// What is seen of downloads while they run, and what a change does to them at once.
import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import { originForTest } from '../support/start.ts';
import { startSluice, untilCounts } from './window-program.ts';

const add = (page: Page, urls: string[]) =>
  page.evaluate((all) => window.sluice.call('add', { downloads: all.map((url) => ({ url })) }), urls);

test('parts that come at once are seen in the bar, the map and the graph; its own limit holds; the status line tells the whole', async () => {
  const origin = await originForTest();
  origin.serve('/parts.bin', { sizeBytes: 60_000_000, bytesPerS: 400_000 });
  origin.serve('/next.bin', { sizeBytes: 1000 });
  const { page, complaints } = await startSluice();
  await page.evaluate(() => window.sluice.call('changeSettings', { parallel: 1 }));
  await add(page, [origin.url('/parts.bin'), origin.url('/next.bin')]);
  await untilCounts(page, { running: 1, queued: 1 });
  const row = page.getByRole('row', { name: /^parts\.bin/ });
  const bar = row.getByRole('progressbar', { name: 'parts.bin' });
  const stripes = () =>
    bar.evaluate((one) => getComputedStyle(one).backgroundImage.split('rgba(0, 0, 0, 0)').length >> 1);
  await expect.poll(stripes, { timeout: 30_000 }).toBeGreaterThan(1);

  await row.dblclick();
  const details = page.getByRole('complementary', { name: 'Details' });
  const cells = () =>
    details
      .getByRole('img', { name: /of the file is on the disk$/ })
      .locator('i')
      .evaluateAll((all) => all.map((one) => (/\b(full|part)\b/.test(one.className) ? 'x' : '.')).join(''));
  // Something, a gap, and something again.
  await expect.poll(cells, { timeout: 30_000 }).toMatch(/x\.+x/);
  await expect
    .poll(() => details.locator('.map .full').count(), { timeout: 30_000, message: 'whole cells' })
    .toBeGreaterThan(0);
  const painted = () =>
    details.locator('.graph canvas').evaluate((one) => {
      const canvas = one as HTMLCanvasElement;
      // Read from a copy that is made for it; Chromium complains otherwise.
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true })!;
      copy.drawImage(canvas, 0, 0);
      const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
      return data.filter((value, at) => at % 4 === 3 && value > 0).length;
    });
  await expect.poll(painted, { timeout: 30_000 }).toBeGreaterThan(20);
  await details.getByRole('img', { name: /^Speed, last minute: [\d.]+ (kB|MB)\/s$/ }).waitFor();

  const footer = page.getByRole('contentinfo');
  await expect
    .poll(() => footer.innerText())
    .toMatch(
      /^[1-9][\d.]* (kB|MB)\/s\s+1 active\s+1 queued\s.*about .* left.*\d [MGT]B free\s+\d workers?\s+Coordinator on 127\.0\.0\.1:\d+$/s,
    );

  await details.getByRole('button', { name: 'Speed limit…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Speed limit of this download' });
  await dialog.getByRole('textbox').fill('0.5');
  await page.keyboard.press('Enter');
  await dialog.getByRole('alert').getByText('at least 2 kB/s').waitFor();
  await dialog.getByRole('textbox').fill('150');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  const limit = async () => {
    const [id, answer] = await page.evaluate(async () => {
      const { id } = document.querySelector<HTMLElement>('[role=row][data-id]')!.dataset;
      return [id, await window.sluice.call('detail', { id: Number(id) })] as const;
    });
    return answer.ok ? answer.value?.limitBytesPerS : id;
  };
  await expect.poll(limit).toBe(150_000);
  await details.getByText('150 kB/s', { exact: false }).first().waitFor();
  await page.evaluate(() => window.sluice.call('pause', { query: { status: 'all' } }));
  await expect.poll(() => footer.innerText()).toMatch(/^0 B\/s\s+2 paused\s/);
  expect(complaints).toEqual([]);
});

test('a setting says its unit and its bounds before anything is wrong, and works at once', async () => {
  const origin = await originForTest();
  const paths = ['/a.bin', '/b.bin', '/c.bin'];
  for (const path of paths) origin.serve(path, { sizeBytes: 20_000_000, bytesPerS: 100_000 });
  const { page, complaints } = await startSluice();
  await page.evaluate(() => window.sluice.call('changeSettings', { parallel: 1 }));
  await add(
    page,
    paths.map((path) => origin.url(path)),
  );
  await untilCounts(page, { running: 1, queued: 2 });
  await page.keyboard.press('Control+,');
  const parallel = page.getByRole('textbox', { name: 'Downloads at once' });
  const described = async (name: string) => {
    const field = page.getByRole('textbox', { name, exact: true });
    const ids = (await field.getAttribute('aria-describedby'))!.split(' ');
    const help = await Promise.all(ids.map((id) => page.locator(`[id="${id}"]`).innerText()));
    return { help: help.join(' '), unit: await field.locator('..').locator('.unit').allInnerTexts() };
  };
  expect(await described('Downloads at once')).toMatchObject({ help: expect.stringContaining('1 to 256'), unit: [] });
  expect(await described('Time to connect')).toMatchObject({
    help: expect.stringMatching(/ \d to \d+\ss\.$/),
    unit: ['s'],
  });
  expect((await described('Speed limit')).help).toMatch(/ At least \d\skB\/s\.$/);
  expect(await page.getByRole('alert').count()).toBe(0);
  await parallel.fill('3');
  await page.keyboard.press('Tab');
  await untilCounts(page, { running: 3, queued: 0 });
  expect(complaints).toEqual([]);
});
