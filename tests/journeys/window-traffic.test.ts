// The machine room in the window: who does what, what was said, and the way from there to a download.
import { expect, test } from 'vitest';
import { originForTest } from '../support/start.ts';
import { startSluice, untilCounts } from './window-program.ts';

test('Traffic shows workers with what they hold, and rates; messages are filtered and stopped; a click leads to the download', async () => {
  const origin = await originForTest();
  const slow = { sizeBytes: 60_000_000, bytesPerS: 300_000 };
  origin.serve('/one.bin', slow);
  origin.serve('/two.bin', slow);
  const { page, complaints } = await startSluice();
  const urls = ['/one.bin', '/two.bin'].map((path) => origin.url(path));
  await page.evaluate((all) => window.sluice.call('add', { downloads: all.map((url) => ({ url })) }), urls);
  await untilCounts(page, { running: 2 });
  // What was chosen in the list before is not what a click in here is about.
  await page.getByRole('row', { name: /one\.bin/ }).click();
  await page.getByRole('navigation').getByRole('button', { name: 'Traffic' }).click();
  const picture = page.getByRole('img', { name: 'Producers, task queue, workers and result queue' });
  await picture
    .getByText(/pid \d+ · this computer/)
    .first()
    .waitFor();
  await picture
    .getByText(/^\d+(\.\d+)?\/s$/)
    .first()
    .waitFor();
  await picture
    .getByText(/^CPU \d+%$/)
    .first()
    .waitFor();
  await picture
    .getByText(/^\d+(\.\d+)? MB$/)
    .first()
    .waitFor();

  const filter = page.getByRole('textbox', { name: 'Filter messages' });
  await filter.fill('progress');
  const lines = page.getByRole('log').locator('.message');
  await expect.poll(() => lines.count()).toBeGreaterThan(0);
  for (const text of await lines.allInnerTexts()) expect(text).toContain('progress');
  await page.getByRole('button', { name: 'Pause picture' }).click();
  const newest = await lines.first().innerText();
  const answered = await page.evaluate(async () => {
    // More is said meanwhile: the engine's tap goes on.
    const before = await window.sluice.call('traffic', { afterSeq: 0 });
    for (;;) {
      const now = await window.sluice.call('traffic', { afterSeq: 0 });
      if (!before.ok || !now.ok) return false;
      if (now.value.messages.at(-1)!.seq > before.value.messages.at(-1)!.seq + 5) return true;
    }
  });
  expect(answered).toBe(true);
  expect(await lines.first().innerText()).toBe(newest);
  await page.getByRole('button', { name: 'Go on' }).click();
  await expect.poll(() => lines.first().innerText()).not.toBe(newest);

  // Of one place alone, with the mouse or the keyboard; what its lane has no room for is said of it.
  await filter.fill('');
  const places = page.getByRole('group', { name: 'Show the messages of' });
  const ways = async () => [...new Set(await lines.locator('.pipe').allInnerTexts())].sort();
  const worker1 = places.getByRole('button', { name: 'Worker 1', exact: true });
  expect(await worker1.getAttribute('title')).toMatch(/^Worker 1 · .* · pid \d+ · this computer · .* · CPU \d+%/);
  await places.getByRole('button', { name: 'worker 1 → engine' }).click();
  await expect.poll(ways).toEqual(['worker 1 → engine']);
  await page.keyboard.press('ArrowRight');
  expect(await page.evaluate(() => document.activeElement!.getAttribute('aria-label'))).not.toBe('worker 1 → engine');
  await worker1.focus();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Enter');
  await expect.poll(ways).toEqual(['engine → worker 1']);
  await page.getByRole('button', { name: 'engine → worker 1: show all messages' }).click();
  await expect.poll(async () => (await ways()).length).toBeGreaterThan(1);

  // With the keyboard: from a lease to its download.
  const lease = page.getByRole('group', { name: 'Locks' }).getByRole('button', { name: /two\.bin.*Worker/ });
  await lease.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('complementary', { name: 'Details' }).getByRole('heading', { name: 'two.bin' }).waitFor();

  await page.getByRole('navigation').getByRole('button', { name: 'Traffic' }).click();
  await filter.fill('saved');
  await page.getByRole('log').getByRole('button').first().click();
  await page
    .getByRole('complementary', { name: 'Details' })
    .getByRole('heading', { name: /(one|two)\.bin/ })
    .waitFor();

  // A picture that stands still is one picture: Machines goes on.
  await page.getByRole('navigation').getByRole('button', { name: 'Traffic' }).click();
  await page.getByRole('button', { name: 'Pause picture' }).click();
  await page.getByRole('navigation').getByRole('button', { name: 'Machines' }).click();
  const worker = page.getByRole('row', { name: /^Worker 1/ });
  const seen = await worker.innerText();
  await expect.poll(() => worker.innerText()).not.toBe(seen);
  expect(complaints).toEqual([]);
});

test('every lane has its two rates, the task queue what is put and got; a host’s lock has its waiter, and a lease grows old', async () => {
  const origin = await originForTest();
  const paths = ['/held.bin', '/waits.bin', '/waits-too.bin'];
  for (const path of paths) origin.serve(path, { sizeBytes: 60_000_000, bytesPerS: 300_000 });
  const { app, page, complaints } = await startSluice();
  await page.evaluate(() => window.sluice.call('changeSettings', { connectionsPerHost: 1, workers: 3 }));
  const urls = paths.map((path) => origin.url(path));
  await page.evaluate((all) => window.sluice.call('add', { downloads: all.map((url) => ({ url })) }), urls);
  await untilCounts(page, { running: 1, queued: 2 });
  await page.getByRole('navigation').getByRole('button', { name: 'Traffic' }).click();
  const picture = page.getByRole('img', { name: 'Producers, task queue, workers and result queue' });
  const rates = picture.locator('text.rate');
  const workers = async () => {
    const answer = await page.evaluate(() => window.sluice.call('traffic', {}));
    return answer.ok ? answer.value.workers.filter(({ state }) => state === 'ready').length : 0;
  };
  await expect.poll(workers).toBe(3);
  await expect.poll(() => rates.count()).toBe(6);
  await expect
    .poll(async () => (await rates.allTextContents()).filter((text) => !text.trim().startsWith('0/')).length)
    .toBeGreaterThanOrEqual(2);
  await picture
    .getByText(/^put \d[\d.]*\/s$/)
    .first()
    .waitFor();
  await picture
    .getByText(/^get \d[\d.]*\/s$/)
    .first()
    .waitFor();
  // Both queues say what comes in and goes out, each twice for the two colours, and who waits.
  const figures = async () => (await picture.locator('text.line').allTextContents()).map((text) => text.split(' ')[0]);
  await expect.poll(figures).toEqual(Array.from({ length: 4 }, () => ['put', 'get']).flat());
  expect(await picture.getByText(/^(nobody waits|1 getter waits|\d+ getters wait)$/).count()).toBe(2);

  // Who adds under a long name has it cut within its box, and told in full where the pointer rests.
  const producer = 'python 192.168.100.200:54321';
  await page.evaluate(
    (name) => window.sluice.call('add', { producer: name, paused: true, downloads: [{ url: 'https://files.test/a' }] }),
    producer,
  );
  await page.getByRole('button', { name: producer, exact: true }).and(page.getByTitle(producer)).waitFor();
  const beyond = await picture.evaluate((svg) => {
    const names = [...svg.querySelectorAll(':scope > svg > text')];
    const right = (one: Element) => one.getBoundingClientRect().right;
    return names.map((name) => right(name) - right(name.parentElement!.previousElementSibling!));
  });
  expect([beyond.length, beyond.every((px) => px < -2)]).toEqual([2, true]);

  // On a narrow window, too, what stands at the left of a lane ends before what stands at its right begins.
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.setSize(800, 760));
  await page.waitForFunction(() => innerWidth <= 800);
  const gaps = () =>
    picture.evaluate((svg) => {
      const ends = [...svg.querySelectorAll('text[text-anchor=end]:not(.rate)')];
      return ends.map(
        (end) => end.getBoundingClientRect().left - end.previousElementSibling!.getBoundingClientRect().right,
      );
    });
  expect((await gaps()).filter((gap) => gap < 4)).toEqual([]);
  expect((await gaps()).length).toBeGreaterThanOrEqual(6);

  const locks = page.getByRole('group', { name: 'Locks' });
  const host = locks.locator('div.lock').filter({ hasText: `127.0.0.1:${origin.port}` });
  await expect.poll(() => host.innerText(), { timeout: 20_000 }).toMatch(/1 of 1: Worker \d+\n?2 wait$/);
  const ages = async () => {
    const texts = await locks.locator('button.lock .bytes').allInnerTexts();
    return texts.map((text) => text.split(':').reduce((minutes, part) => 60 * minutes + Number(part), 0));
  };
  await expect.poll(async () => (await ages()).length).toBeGreaterThan(0);
  const before = await ages();
  await expect.poll(async () => (await ages())[0]! > before[0]!, { timeout: 10_000 }).toBe(true);
  expect(complaints).toEqual([]);
});

test('dots on their way are of the other theme’s colours as soon as that is shown', async () => {
  const origin = await originForTest();
  origin.serve('/slow.bin', { sizeBytes: 60_000_000, bytesPerS: 300_000 });
  const { page } = await startSluice();
  await page.emulateMedia({ colorScheme: 'light' });
  await page.evaluate((url) => window.sluice.call('add', { downloads: [{ url }] }), origin.url('/slow.bin'));
  await untilCounts(page, { running: 1 });
  await page.getByRole('navigation').getByRole('button', { name: 'Traffic' }).click();
  const colours = () =>
    page.evaluate(() => {
      const style = getComputedStyle(document.documentElement);
      return ['--accent', '--bar-warn'].map((name) => style.getPropertyValue(name));
    });
  /** Whether what is drawn now has opaque pixels of any of these colours. */
  const draws = (all: string[][]) =>
    page.locator('canvas').evaluate((canvas: HTMLCanvasElement, sets) => {
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true })!;
      copy.drawImage(canvas, 0, 0);
      const seen = new Set(new Uint32Array(copy.getImageData(0, 0, canvas.width, canvas.height).data.buffer));
      return sets.map((set) =>
        set.some((colour) => {
          copy.fillStyle = colour;
          copy.fillRect(0, 0, 1, 1);
          return seen.has(new Uint32Array(copy.getImageData(0, 0, 1, 1).data.buffer)[0]!);
        }),
      );
    }, all);
  const light = await colours();
  await expect.poll(() => draws([light])).toEqual([true]);
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await colours();
  for (let drawn = [false, false]; !drawn[1];) {
    drawn = await draws([light, dark]);
    if (drawn[1]) expect(drawn).toEqual([false, true]);
  }
});
