// The window without a mouse: every part is reached by Tab, the focus is always seen, and menus open by their keys.
import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import { startSluice } from './window-program.ts';

/** What has the focus: its role or tag, and its name. */
const focused = (page: Page) =>
  page.evaluate(() => {
    const one = document.activeElement!;
    return `${one.getAttribute('role') ?? one.tagName.toLowerCase()} ${one.ariaLabel ?? one.textContent?.trim() ?? ''}`;
  });

/** Presses Tab until the focus is where it is wanted. */
async function tabTo(page: Page, wanted: RegExp): Promise<void> {
  const passed: string[] = [];
  for (let i = 0; i < 100; i += 1) {
    await page.keyboard.press('Tab');
    const now = await focused(page);
    if (wanted.test(now)) return;
    passed.push(now);
  }
  throw new Error(`${String(wanted)} is not reached, only ${passed.join(', ')}`);
}

const addPaused = (page: Page, count: number) =>
  page.evaluate(
    (urls) => window.sluice.call('add', { downloads: urls.map((url) => ({ url })), paused: true }),
    Array.from({ length: count }, (_, i) => `https://files.example/file-${String(i).padStart(3, '0')}.zip`),
  );

test('every view and the list are reached by Tab alone; the list turns pages, and its menu opens by either key', async () => {
  const { page, complaints } = await startSluice();
  await addPaused(page, 200);
  await page.getByRole('row', { name: /file-000/ }).waitFor();
  for (const view of ['Traffic', 'Machines', 'Settings']) {
    await tabTo(page, new RegExp(`^button ${view}`));
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: view, level: 1 }).waitFor();
  }
  await tabTo(page, /^button All\b/);
  await page.keyboard.press('Enter');
  await tabTo(page, /^grid/);

  const cursor = async () => {
    const names = await page.locator('[role=row][aria-selected=true] .name').allInnerTexts();
    return Number(/\d+/.exec(names.at(-1) ?? '')?.[0] ?? -1);
  };
  await page.keyboard.press('ArrowDown');
  await expect.poll(cursor).toBe(0);
  await page.keyboard.press('PageDown');
  await expect.poll(cursor).toBeGreaterThan(5);
  const down = await cursor();
  await page.keyboard.press('PageDown');
  await expect.poll(cursor).toBe(2 * down);
  expect(await page.locator('[role=row][aria-selected=true]').boundingBox()).toMatchObject({ y: expect.any(Number) });
  await page.keyboard.press('PageUp');
  await expect.poll(cursor).toBe(down);
  for (const key of ['ContextMenu', 'Shift+F10']) {
    await page.keyboard.press(key);
    await page.getByRole('menu').waitFor();
    await page.keyboard.press('ArrowDown');
    expect(await focused(page)).toMatch(/^menuitem /);
    await page.keyboard.press('Escape');
    await page.getByRole('menu').waitFor({ state: 'detached' });
    expect(await focused(page), 'the focus goes back').toMatch(/^grid/);
  }
  expect(complaints).toEqual([]);
});

test('wherever Tab leads, the focus is seen', async () => {
  const { page } = await startSluice();
  await addPaused(page, 3);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.getByRole('row', { name: /file-000/ }).waitFor();
  /** Whether what has the focus, or what is around, in or drawn over it, looks otherwise without the focus. */
  const seen = () =>
    page.evaluate(() => {
      const one = document.activeElement as HTMLElement;
      const over = one.parentElement?.querySelector(':scope > .ring') ?? null;
      const around = [one, one.parentElement, one.querySelector('.cursor'), over];
      const looks = () =>
        around
          .filter((part) => part !== null)
          .flatMap((part) => [getComputedStyle(part), getComputedStyle(part, '::after')])
          .map(({ outlineStyle, outlineWidth, borderColor, boxShadow, content }) =>
            [outlineStyle === 'none' ? 'none' : outlineWidth, borderColor, boxShadow, content].join(' '),
          )
          .join('; ');
      const withFocus = looks();
      one.blur();
      const without = looks();
      one.focus();
      return withFocus !== without;
    });
  let seenAll = false;
  for (const view of ['All', 'All', 'Traffic', 'Machines', 'Settings']) {
    await page
      .getByRole('navigation')
      .getByRole('button', { name: new RegExp(`^${view}`) })
      .click();
    // The first time no row is chosen, the second time one is, and its details are open.
    if (seenAll && view === 'All') await page.getByRole('row', { name: /file-000/ }).dblclick();
    seenAll = true;
    const unseen: string[] = [];
    const visited = new Set<string>();
    for (let i = 0; i < 120; i += 1) {
      await page.keyboard.press('Tab');
      const place = await page.evaluate(() => {
        const all = [...document.querySelectorAll('*')];
        return document.activeElement === document.body ? 'none' : String(all.indexOf(document.activeElement!));
      });
      if (place === 'none') continue;
      if (visited.has(place)) break;
      visited.add(place);
      if (!(await seen())) unseen.push(await focused(page));
    }
    expect(visited.size, view).toBeGreaterThan(12);
    expect(unseen, view).toEqual([]);
  }
});
