// The settings in the window: found by a word, in effect at once, and a wrong value that changes nothing.
import { expect, test } from 'vitest';
import { startSluice, type Sluice } from './window-program.ts';

const settingsOf = ({ page }: Sluice) =>
  page.evaluate(async () => {
    const answer = await window.sluice.call('settings', null);
    if (!answer.ok) throw new Error(answer.error.message);
    return answer.value;
  });

test('a setting is found by a word, says its bounds, and a wrong value says why and changes nothing', async () => {
  const sluice = await startSluice();
  const { page } = sluice;
  await page.keyboard.press('Control+,');
  await page.getByRole('textbox', { name: 'Search settings' }).fill('at once');
  const field = page.getByRole('textbox', { name: 'Downloads at once' });
  await expect.poll(() => page.getByRole('textbox', { name: 'Time to connect' }).count()).toBe(0);
  const before = await settingsOf(sluice);
  for (const [wrong, why] of [
    ['9000', 'It has to be 1 to 256.'],
    ['many', 'That is not a number.'],
  ] as const) {
    await field.fill(wrong);
    await page.keyboard.press('Tab');
    await page.getByRole('alert').getByText(why).waitFor();
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    expect(await settingsOf(sluice)).toEqual(before);
  }
  await field.fill('3');
  await page.keyboard.press('Tab');
  await expect.poll(async () => (await settingsOf(sluice)).parallel).toBe(3);
  expect(await field.getAttribute('aria-invalid')).toBe('false');

  // By the title of its part, and by several words in any order.
  await page.getByRole('textbox', { name: 'Search settings' }).fill('network');
  await page.getByRole('textbox', { name: 'Time to connect' }).waitFor();
  await expect.poll(() => page.getByRole('textbox', { name: 'Downloads at once' }).count()).toBe(0);
  await page.getByRole('textbox', { name: 'Search settings' }).fill('authority  certificate');
  await page.getByRole('textbox', { name: 'Extra certificate authority' }).fill('/nowhere/ca.pem');
  await page.keyboard.press('Tab');
  await page
    .getByRole('alert')
    .getByText(/nowhere/)
    .waitFor();
  expect((await settingsOf(sluice)).extraCaFile).toBeNull();
  await page.getByRole('main').getByRole('button', { name: 'Clear the search' }).click();
  const search = page.getByRole('textbox', { name: 'Search settings' });
  await page.getByRole('textbox', { name: 'Time to connect' }).waitFor();
  expect(await search.evaluate((one) => one === document.activeElement)).toBe(true);
  await page.keyboard.type('proxy');
  await expect.poll(() => page.getByRole('textbox', { name: 'Time to connect' }).count()).toBe(0);
  await page.keyboard.press('Escape');
  await page.getByRole('textbox', { name: 'Time to connect' }).waitFor();
  expect(sluice.complaints).toEqual([]);
});

test('why a value was not taken is told in the other language when that is chosen', async () => {
  const { page } = await startSluice();
  await page.keyboard.press('Control+,');
  await page.getByRole('textbox', { name: 'Downloads at once' }).fill('9000');
  await page.getByRole('textbox', { name: 'Extra certificate authority' }).fill('/nowhere/ca.pem');
  await page.keyboard.press('Tab');
  const problems = page.locator('.field').getByRole('alert');
  await expect
    .poll(() => problems.allTextContents())
    .toEqual(['It has to be 1 to 256.', expect.stringMatching(/^[^一-龥]+$/)]);
  await page.getByRole('combobox', { name: 'Language' }).selectOption('zh-CN');
  await expect
    .poll(() => problems.allTextContents())
    .toEqual([
      '允许的范围：1 至 256。',
      expect.stringMatching(/^无法读取 \/nowhere\/ca\.pem：没有这个文件或文件夹（ENOENT\b.*）。$/),
    ]);
});

test('a speed limit of the toolbar’s presets holds at once, and the timetable is painted with keys', async () => {
  const sluice = await startSluice();
  const { page } = sluice;
  const totals = () =>
    page.evaluate(async () => {
      const answer = await window.sluice.call('overview', null);
      return answer.ok ? answer.value.totals : null;
    });
  await page.getByRole('button', { name: 'Limit: off' }).click();
  await page.getByRole('menuitemradio', { name: '2.00 MB/s' }).click();
  await expect.poll(async () => (await totals())?.limitBytesPerS).toBe(2_000_000);
  await page.getByRole('button', { name: 'Limit: 2.00 MB/s' }).waitFor();

  await page.keyboard.press('Control+,');
  const first = page.getByRole('gridcell', { name: /^Monday, 12\sAM to 1\sAM: Full speed$/ });
  await first.focus();
  await page.keyboard.press('Space');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Space');
  await expect.poll(async () => (await settingsOf(sluice)).week[0]).toBe(`LL${'F'.repeat(22)}`);
  expect((await totals())?.schedule, 'it does not hold yet').toBeNull();
  // With the mouse: from one corner to the other; over what is so already, it is taken back.
  const cell = (name: RegExp) => page.getByRole('gridcell', { name });
  const stroke = async () => {
    await cell(/^Tuesday, 12\sAM to 1\sAM:/).hover();
    await page.mouse.down();
    await cell(/^Wednesday, 3\sAM to 4\sAM:/).hover();
    await page.mouse.up();
  };
  const nights = async () => (await settingsOf(sluice)).week.map((day) => day.slice(0, 5));
  await stroke();
  await expect.poll(nights).toEqual(['LLFFF', 'LLLLF', 'LLLLF', ...Array<string>(4).fill('FFFFF')]);
  await stroke();
  await expect.poll(nights).toEqual(['LLFFF', ...Array<string>(6).fill('FFFFF')]);
  await page.getByRole('button', { name: 'Always full' }).click();
  await page.getByRole('switch', { name: /timetable/i }).click();
  await expect.poll(async () => (await totals())?.schedule).toMatchObject({ kind: 'F' });
  expect(sluice.complaints).toEqual([]);
});
