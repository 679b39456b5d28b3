// The window for everybody: nothing serious found by axe in any view and theme, and all of it with the keyboard alone.
import { expect, test } from 'vitest';
import { originForTest } from '../support/start.ts';
import { problems } from './axe.ts';
import { drop, startSluice, untilCounts } from './window-program.ts';

test.each(['light', 'dark'] as const)('axe finds nothing serious in any view, %s', async (colorScheme) => {
  const origin = await originForTest();
  origin.serve('/done.bin', { sizeBytes: 1000 });
  origin.serve('/slow.bin', { sizeBytes: 50_000_000, bytesPerS: 200_000, ranges: 'ignore' });
  const { app, page, complaints } = await startSluice();
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  expect(await problems(page), 'empty').toEqual([]);

  await page.keyboard.press('Control+N');
  await page
    .getByRole('textbox', { name: /Links, one a line/ })
    .fill(
      ['/done.bin', '/slow.bin', '/missing-on-the-server.bin'].map((path) => origin.url(path)).join('\n') +
        '\nno link\n',
    );
  await page.getByRole('button', { name: 'Add 3 links' }).waitFor();
  await page.getByText('More options').click();
  await page.getByRole('textbox', { name: /^Headers/ }).fill('no header');
  await page.getByText('A header is written').waitFor();
  expect(await problems(page), 'adding').toEqual([]);
  await page.getByRole('textbox', { name: /^Headers/ }).fill('');
  await page.getByRole('button', { name: 'Add 3 links' }).click();
  await untilCounts(page, { done: 1, failed: 1, running: 1 });
  await page.getByRole('row', { name: /slow\.bin.*Active/ }).click();
  await page.keyboard.press('Enter');
  await page.getByText('What happened').waitFor();
  await page.getByText('Request and answer').click();
  expect(await problems(page), 'list and detail').toEqual([]);

  // However its name is cut to be seen, it is read in one piece.
  await page.getByRole('row', { name: /^missing-on-the-server\.bin/ }).click({ button: 'right' });
  await page.getByRole('menu').waitFor();
  expect(await problems(page), 'menu').toEqual([]);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'All hosts' }).click();
  await page.getByRole('menu').waitFor();
  expect(await problems(page), 'hosts').toEqual([]);
  await page.keyboard.press('Escape');
  await page.getByRole('grid').focus();
  await page.keyboard.press('Delete');
  await page.getByRole('dialog').waitFor();
  expect(await problems(page), 'question').toEqual([]);
  await page.keyboard.press('Escape');

  for (const view of ['Traffic', 'Machines', 'Settings']) {
    await page.getByRole('navigation').getByRole('button', { name: view }).click();
    await page.getByRole('heading', { name: view, level: 1 }).waitFor();
    expect(await problems(page), view).toEqual([]);
    const dialog = { Traffic: null, Machines: 'Help a machine…', Settings: 'Add a host…' }[view];
    if (!dialog) continue;
    await page.getByRole('button', { name: dialog }).click();
    await page.getByRole('dialog').waitFor();
    expect(await problems(page), dialog).toEqual([]);
    await page.keyboard.press('Escape');
  }

  // On a narrow window other things are shown, and other things are cut.
  await page.evaluate(async () => {
    await window.sluice.call('changeSettings', { coordinator: true, pythonDoor: true });
    await window.sluice.call('setPriority', { which: { query: { status: 'all' } }, priority: 'high' });
  });
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.setSize(480, 640));
  await page.waitForFunction(() => innerWidth <= 480);
  for (const view of ['Traffic', 'Machines', 'Settings', 'All']) {
    await page.getByRole('button', { name: 'Show the sidebar' }).click();
    expect(await problems(page), 'sidebar').toEqual([]);
    await page.getByRole('navigation').getByRole('button', { name: view }).click();
    if (view === 'All') await page.getByRole('row', { name: /slow\.bin.*High priority/ }).waitFor();
    else await page.getByRole('heading', { name: view, level: 1 }).waitFor();
    if (view === 'Machines') await page.locator('pre').nth(1).waitFor();
    expect(await problems(page), `${view}, narrow`).toEqual([]);
  }
  await page.getByRole('row', { name: /slow\.bin/ }).dblclick();
  await page.getByText('What happened').waitFor();
  expect(await problems(page), 'detail, narrow').toEqual([]);
  expect(complaints).toEqual([]);
});

test('everything from adding to removing works with the keyboard alone', async () => {
  const { page } = await startSluice();
  const press = (key: string) => page.keyboard.press(key);
  await press('Control+N');
  await page.keyboard.insertText(
    Array.from({ length: 40 }, (_, i) => `https://files.example/file-${String(i).padStart(2, '0')}.zip`).join('\n'),
  );
  await page.getByRole('button', { name: 'Add 40 links' }).waitFor();
  await page.getByRole('checkbox', { name: 'Add paused' }).focus();
  await press('Space');
  await press('Enter');
  await untilCounts(page, { all: 40, paused: 40 });

  await page.getByRole('grid').focus();
  const selected = () => page.locator('[aria-selected=true]').count();
  await press('ArrowDown');
  await press('ArrowDown');
  await press('Shift+ArrowDown');
  await press('Shift+ArrowDown');
  await expect.poll(selected).toBe(3);
  // One that does not lie beside them, without the mouse.
  await press('Control+ArrowDown');
  await press('Control+ArrowDown');
  await press('Control+Space');
  const ofThose = page.locator('[aria-selected=true] .name');
  await expect.poll(() => ofThose.allTextContents()).toEqual([1, 2, 3, 5].map((n) => `file-0${n}.zip`));
  await press('Control+Space');
  await expect.poll(selected).toBe(3);
  await press('End');
  await expect.poll(() => page.getByRole('row', { name: /file-39/ }).getAttribute('aria-selected')).toBe('true');
  expect(await page.getByRole('row', { name: /file-39/ }).isVisible()).toBe(true);
  await press('Enter');
  await page.getByRole('complementary').getByRole('heading', { name: 'file-39.zip' }).waitFor();
  await press('Escape');
  await expect.poll(() => page.getByRole('complementary').count()).toBe(0);

  await press('Control+F');
  await page.keyboard.type('file-1');
  // The head of the grid counts as a row.
  await expect.poll(() => page.getByRole('grid').getAttribute('aria-rowcount')).toBe('11');
  await page.getByRole('grid').focus();
  await press('Control+A');
  await page.getByText('10 selected').waitFor();
  await press('Delete');
  await page.getByRole('dialog', { name: 'Remove 10 downloads?' }).waitFor();
  await press('Enter');
  await untilCounts(page, { all: 30 });
  await press('Control+Z');
  await untilCounts(page, { all: 40 });
});

test('at 480 px and at twice the size nothing is out of reach', async () => {
  const { app, page } = await startSluice();
  await drop(page, { text: `https://files.example/${'a-very-long-name-'.repeat(12)}.tar.zst` });
  await page.getByText('Add paused').click();
  await page.getByRole('button', { name: 'Add 1 link' }).click();
  await page.getByRole('row', { name: /very-long/ }).waitFor();
  const overflow = () =>
    page.evaluate(() => ({
      wide: Math.max(
        ...[...document.querySelectorAll('html, body, main > section')].map(
          (one) => one.scrollWidth - (one as HTMLElement).clientWidth,
        ),
      ),
      buttons: [...document.querySelectorAll('header button, footer span')]
        .filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth + 1)
        .map((one) => one.textContent),
    }));
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.setSize(480, 640));
  await page.waitForFunction(() => innerWidth <= 480);
  expect(await overflow()).toEqual({ wide: 0, buttons: [] });
  const row = page.getByRole('row', { name: /very-long/ });
  await row.hover();
  const [whole, button] = [await row.boundingBox(), await row.getByRole('button', { name: 'Remove…' }).boundingBox()];
  expect(button!.y, 'a row’s buttons are within it').toBeGreaterThanOrEqual(whole!.y);
  expect(button!.y + button!.height).toBeLessThanOrEqual(whole!.y + whole!.height);
  const progress = await row.getByRole('gridcell').nth(1).boundingBox();
  expect(button!.x + button!.width, 'and leave what is told free').toBeLessThanOrEqual(progress!.x);
  // Any column sorts here, too, though not every one has a place of its own.
  const columns = page.getByRole('columnheader').getByRole('button', { name: /^(Name|Progress|Size|Speed|Left)/ });
  const heads = async () => columns.evaluateAll((all) => all.map((one) => one.getBoundingClientRect()));
  for (const name of ['Size', 'Speed', 'Left', 'Progress', 'Name']) {
    await columns.filter({ hasText: name }).click();
    const places = await heads();
    expect(places).toHaveLength(5);
    expect(places.every(({ left }, i) => i === 0 || left >= places[i - 1]!.right - 1)).toBe(true);
    expect(places.at(-1)!.right).toBeLessThanOrEqual(480);
    await page.getByRole('columnheader', { name }).and(page.locator('[aria-sort]')).waitFor();
  }
  await page.getByRole('button', { name: 'Show the sidebar' }).click();
  await page.getByRole('navigation').getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  expect(await overflow()).toEqual({ wide: 0, buttons: [] });
  // The page scrolls to what is asked for, the window itself does not.
  const scrolled = await page.getByRole('heading', { name: 'Timetable', level: 2 }).evaluate((one) => {
    one.scrollIntoView();
    return [document.documentElement.scrollTop, document.body.scrollTop, one.closest('section')!.scrollTop > 0];
  });
  expect(scrolled).toEqual([0, 0, true]);
  for (const view of ['Machines', 'Traffic']) {
    await page.getByRole('button', { name: 'Show the sidebar' }).click();
    await page.getByRole('navigation').getByRole('button', { name: view }).click();
    await page.getByRole('heading', { name: view, level: 1 }).waitFor();
    expect(await overflow(), view).toEqual({ wide: 0, buttons: [] });
    if (view !== 'Machines') continue;
    // Of each worker all that there is to say is there.
    await page.locator('td').first().waitFor();
    const cells = await page
      .locator('td')
      .evaluateAll((all) => all.map((one) => one.checkVisibility() && one.getBoundingClientRect().right <= innerWidth));
    expect([cells.length % 8, cells.includes(false)]).toEqual([0, false]);
  }

  await app.evaluate(({ BrowserWindow }) => {
    const window = BrowserWindow.getAllWindows()[0]!;
    window.setSize(1280, 760);
    window.webContents.setZoomFactor(2);
  });
  await page.waitForFunction(() => innerWidth > 600 && innerWidth <= 640);
  expect(await overflow()).toEqual({ wide: 0, buttons: [] });
  for (const view of ['Settings', 'Machines', 'Traffic']) {
    await page.getByRole('button', { name: 'Show the sidebar' }).click();
    await page.getByRole('navigation').getByRole('button', { name: view }).click();
    await page.getByRole('heading', { name: view, level: 1 }).waitFor();
    expect(await overflow(), `${view}, twice the size`).toEqual({ wide: 0, buttons: [] });
    const cut = await page.locator('main input, main select, main button').evaluateAll((all) =>
      all
        .filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth + 1)
        // The picture of Traffic is scrolled within itself.
        .filter((one) => one.closest('.picture') === null)
        .map((one) => one.outerHTML),
    );
    expect(cut, `${view}, twice the size`).toEqual([]);
  }
  // The picture of Traffic is not squeezed to nothing by what stands below it, which is scrolled to.
  const picture = page.getByRole('img', { name: 'Producers, task queue, workers and result queue' });
  const seen = await picture.evaluate((one) => {
    const { top, bottom } = one.closest('.middle')!.getBoundingClientRect();
    return bottom - top;
  });
  expect(seen).toBeGreaterThanOrEqual(200);
  await page.getByRole('group', { name: 'Peers' }).scrollIntoViewIfNeeded();
  const peers = (await page.getByRole('group', { name: 'Peers' }).boundingBox())!;
  expect(peers.y + peers.height).toBeLessThanOrEqual(await page.evaluate(() => innerHeight - 30));
  await page.keyboard.press('Control+N');
  await page.keyboard.insertText('https://files.example/one.zip\nnone\nhttps://files.example/two.zip');
  const dialog = page.getByRole('dialog', { name: 'Add links' });
  await dialog.getByText('More options').click();
  for (const name of [/^Links/, /^Save to/, /^Headers/]) {
    const field = dialog.getByRole('textbox', { name });
    await field.scrollIntoViewIfNeeded();
    const box = (await field.boundingBox())!;
    const [width, height] = await page.evaluate(() => [innerWidth, innerHeight] as const);
    expect([box.x >= 0, box.x + box.width <= width, box.y >= 0, box.y + box.height <= height], String(name)).toEqual(
      Array(4).fill(true),
    );
  }
  // A click needs its middle in sight.
  await dialog.getByRole('button', { name: 'Add 2 links' }).click();
  await untilCounts(page, { all: 3 });
});

const longWord = 'Donaudampfschifffahrtsgesellschaftskapitänsmützenaufbewahrungsverordnung'.repeat(2);

test.each([
  ['a word that never ends', `${longWord}.pdf`, 'ung.pdf'],
  ['a name from right to left', 'نسخة-احتياطية-2026.tar.zst', '.tar.zst'],
])('%s stays in its place, in the list and in the details', async (_, name, ending) => {
  const { app, page } = await startSluice();
  await drop(page, { text: `https://files.example/${encodeURIComponent(name)}` });
  await page.getByText('Add paused').click();
  await page.getByRole('button', { name: 'Add 1 link' }).click();
  await page.getByRole('row').nth(1).dblclick();
  const heading = page.getByRole('complementary').getByRole('heading', { level: 2 });
  await heading.waitFor();
  for (const [width, zoom] of [
    [1280, 1],
    [480, 1],
    [1280, 2],
  ] as const) {
    await app.evaluate(
      ({ BrowserWindow }, [wide, factor]) => {
        const window = BrowserWindow.getAllWindows()[0]!;
        window.setSize(wide, 760);
        window.webContents.setZoomFactor(factor);
      },
      [width, zoom] as const,
    );
    await page.waitForFunction((wide) => Math.abs(innerWidth - wide) <= 2, width / zoom);
    const places = await page.evaluate(() => {
      /** How far a part of the text reaches out of what holds it, in px. */
      const out = (part: string, holder: string) => {
        const box = document.querySelector(holder)!.getBoundingClientRect();
        const { left, right } = document.querySelector(part)!.getBoundingClientRect();
        return Math.max(0, box.left - left - 1, right - box.right - 1);
      };
      const text = document.querySelector('aside h2 bdi')!.firstChild as Text;
      const at = (from: number) => {
        const range = document.createRange();
        range.setStart(text, from);
        range.setEnd(text, from + 1);
        return range.getBoundingClientRect();
      };
      const [first, last] = [at(0), at(text.length - 1)];
      return {
        wide: document.documentElement.scrollWidth - innerWidth,
        row: out('[role=row] .name bdi:last-child', '[role=row] [role=gridcell]'),
        head: out('[role=row] .name bdi:first-child', '[role=row] [role=gridcell]'),
        ending: document.querySelector('[role=row] .name bdi:last-child')!.textContent,
        details: out('aside h2 bdi', 'aside'),
        endIsLast: last.top > first.top || last.left > first.left,
      };
    });
    expect(places, `${width} px, ${zoom} x`).toEqual({
      ...{ wide: 0, row: 0, head: 0, details: 0, endIsLast: true },
      ending,
    });
  }
});

test('in Traffic only the messages in sight exist, and what is read stays where it is', async () => {
  const origin = await originForTest();
  for (let i = 0; i < 3; i += 1) origin.serve(`/slow-${i}.bin`, { sizeBytes: 50_000_000, bytesPerS: 200_000 });
  const { page } = await startSluice();
  await drop(page, { text: [0, 1, 2].map((i) => origin.url(`/slow-${i}.bin`)).join('\n') });
  await page.getByRole('button', { name: 'Add 3 links' }).click();
  await untilCounts(page, { running: 3 });
  await page.getByRole('navigation').getByRole('button', { name: 'Traffic' }).click();
  const log = page.getByRole('log');
  await expect.poll(() => log.evaluate((one) => one.scrollHeight), { timeout: 30_000 }).toBeGreaterThan(1000);
  expect(await log.locator('.message').count()).toBeLessThan(20);

  await log.evaluate((one) => (one.scrollTop = 420));
  const place = () =>
    log.evaluate((one) => {
      const middle = one.getBoundingClientRect();
      const found = document.elementFromPoint(middle.left + 200, middle.top + 60)?.closest('.message');
      return found?.firstElementChild?.textContent ?? '';
    });
  await expect.poll(place).not.toBe('');
  const told = () =>
    page.evaluate(async () => {
      const traffic = await window.sluice.call('traffic', { afterSeq: 0 });
      return traffic.ok ? traffic.value.messages.at(-1)!.seq : 0;
    });
  const othersCome = async () => {
    const before = await told();
    await expect.poll(told, { timeout: 30_000 }).toBeGreaterThan(before + 20);
  };
  const before = await place();
  await othersCome();
  expect(await place()).toBe(before);

  // Nor does what has the focus leave, though it was the newest. A page without it, as when another test's window has it, would
  // not be told of it.
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setFocusEmulationEnabled', { enabled: true });
  await log.evaluate((one) => (one.scrollTop = 0));
  const newest = () => log.evaluate((one) => one.querySelector('.message')!.textContent);
  const above = await newest();
  await expect.poll(newest, { message: 'at the upper end the newest are followed' }).not.toBe(above);
  await log.getByRole('button').first().focus();
  const focused = () => page.evaluate(() => document.activeElement!.textContent);
  const text = await focused();
  await othersCome();
  expect(await focused()).toBe(text);
  // Its element is another message's when it has left: that one is not to have the keys.
  await log.evaluate((one) => (one.scrollTop = 420));
  await expect.poll(() => log.evaluate((one) => one === document.activeElement)).toBe(true);
});

test('the queue is put in order by dragging and with the keyboard', async () => {
  const { page } = await startSluice();
  await drop(page, {
    text: ['one', 'two', 'three', 'four'].map((name) => `https://files.example/${name}.zip`).join('\n'),
  });
  await page.getByText('Add paused').click();
  await page.getByRole('button', { name: 'Add 4 links' }).click();
  const names = () => page.locator('[role=row] .name').evaluateAll((all) => all.map((one) => one.textContent));
  await expect.poll(names).toEqual(['one.zip', 'two.zip', 'three.zip', 'four.zip']);
  await page
    .getByRole('row', { name: /four/ })
    .dragTo(page.getByRole('row', { name: /two/ }), { targetPosition: { x: 80, y: 4 } });
  await expect.poll(names).toEqual(['one.zip', 'four.zip', 'two.zip', 'three.zip']);
  await page.getByRole('row', { name: /one/ }).click();
  await page.keyboard.press('Alt+ArrowDown');
  await expect.poll(names).toEqual(['four.zip', 'one.zip', 'two.zip', 'three.zip']);
});

test('with reduced motion nothing moves, in the list and in Traffic', async () => {
  const origin = await originForTest();
  origin.serve('/slow.bin', { sizeBytes: 50_000_000, bytesPerS: 500_000 });
  origin.serve('/endless.bin', { sizeBytes: 50_000_000, bytesPerS: 500_000, framing: 'chunked', ranges: 'ignore' });
  const { page } = await startSluice();
  await page.evaluate(
    (urls) => window.sluice.call('add', { downloads: urls.map((url) => ({ url })) }),
    ['/slow.bin', '/endless.bin'].map((path) => origin.url(path)),
  );
  await untilCounts(page, { running: 2 });
  const moving = () =>
    page.evaluate(() => document.getAnimations().filter((one) => one.playState === 'running').length);
  const endless = page.getByRole('progressbar', { name: 'endless.bin' });
  await expect.poll(() => endless.getAttribute('class')).toMatch(/\bunknown\b/);
  expect(await endless.getAttribute('aria-valuenow')).toBeNull();
  await expect.poll(moving, { message: 'a bar without an end moves' }).toBeGreaterThan(0);
  const traffic = page.getByRole('navigation').getByRole('button', { name: 'Traffic' });
  const list = page.getByRole('navigation').getByRole('button', { name: 'All' });
  let threads = 0;
  page.on('worker', () => threads++);
  await traffic.click();
  const drawn = () =>
    page.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d')!;
      copy.drawImage(canvas, 0, 0);
      return copy.getImageData(0, 0, canvas.width, canvas.height).data.filter((byte) => byte > 0).length;
    });
  await expect.poll(drawn, { message: 'dots move' }).toBeGreaterThan(0);
  expect(threads, 'a thread draws them').toBe(1);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await expect.poll(() => page.workers().length).toBe(0);
  expect(await moving()).toBe(0);
  await list.click();
  await traffic.click();
  await page.getByRole('log').locator('.message').first().waitFor();
  expect(await page.locator('canvas').count()).toBe(0);
  expect(threads, 'and is not started where they do not move').toBe(1);
  await list.click();
  await page.getByRole('row', { name: /slow\.bin/ }).hover();
  await expect.poll(() => endless.getAttribute('class')).toMatch(/\bunknown\b/);
  expect(await moving()).toBe(0);
});
