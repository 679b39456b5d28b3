// Adding in real Electron, with real drops: whatever is dropped or said of a batch arrives as it was meant.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { channels } from '../../shared/channels.ts';
import { contentSha256, seededContent } from '../support/origin.ts';
import { originForTest } from '../support/start.ts';
import { tempDir } from '../support/temp-dir.ts';
import { drop, startSluice, untilCounts } from './window-program.ts';

test('what is said of a batch holds: folder, kind, priority, connections, headers, checksum', async () => {
  const origin = await originForTest();
  origin.serve('/film', { sizeBytes: 4_000_000, seed: 3 });
  const { page } = await startSluice();
  const other = tempDir();
  await drop(page, { text: origin.url('/film') });
  const dialog = page.getByRole('dialog', { name: 'Add links' });
  await dialog.getByRole('textbox', { name: 'Save to' }).fill(other);
  await dialog.getByText('More options').click();
  await dialog.getByRole('combobox', { name: 'Category' }).selectOption('video');
  await dialog.getByRole('combobox', { name: 'Priority' }).selectOption('High priority');
  await dialog.getByRole('textbox', { name: 'Headers, one a line' }).fill('X-Batch: seven');
  const connections = dialog.getByRole('textbox', { name: 'Connections each, at most' });
  const add = dialog.getByRole('button', { name: 'Add 1 link' });
  await connections.fill('99');
  await expect.poll(() => add.isDisabled()).toBe(true);
  await dialog.getByRole('alert').waitFor();
  await connections.fill('1');
  await dialog.getByRole('textbox', { name: 'Checksum' }).fill(contentSha256(seededContent(4_000_000, 3)));
  await add.click();
  await untilCounts(page, { done: 1, categories: { video: 1 } });
  await page.getByRole('row', { name: /film.*Done, verified/ }).waitFor();
  const requests = origin.requests('/film');
  expect(requests.length, 'one connection').toBe(1);
  expect(requests[0]!.headers['x-batch']).toBe('seven');
  const list = await page.evaluate(() => window.sluice.call('list', { query: {}, offset: 0, limit: 1 }));
  expect(list).toMatchObject({ ok: true, value: { rows: [{ priority: 'high' }] } });
});

test('lists of every kind are understood together, dropped at once', async () => {
  const { page } = await startSluice();
  const dir = tempDir();
  const write = (name: string, text: string) => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  const at = (name: string) => `https://files.example/${name}`;
  await drop(page, {
    files: [
      write('a.txt', `${at('a1')}\n${at('a2')}`),
      write('b.csv', `name,url\nb,${at('b1')}`),
      write('c.urls', at('c1')),
      write('d.url', `[InternetShortcut]\r\nURL=${at('d1')}\r\n`),
      write('e.webloc', `<?xml version="1.0"?><plist version="1.0"><dict><key>URL</key><string>${at('e1')}</string></dict></plist>`),
      write('f.html', `<a href="${at('f1')}">f</a><img src="${at('f2')}">`),
      write('g.meta4', `<metalink xmlns="urn:ietf:params:xml:ns:metalink"><file name="g1"><url>${at('g1')}</url></file></metalink>`),
      write('h.metalink', `<metalink xmlns="urn:ietf:params:xml:ns:metalink"><file name="h1"><url>${at('h1')}</url></file></metalink>`),
    ],
  }); // prettier-ignore
  await page.getByRole('button', { name: 'Add 10 links' }).waitFor();
});

test('a fragment of a page gives its links and pictures, a pattern its count, and too much is refused', async () => {
  const { page } = await startSluice();
  await drop(page, { html: '<p><a href="https://a.example/x.zip">x</a> <img src="https://a.example/y.png"></p>' });
  await page.getByRole('button', { name: 'Add 2 links' }).waitFor();
  await page.keyboard.press('Escape');
  await drop(page, { text: 'https://a.example/img[001-100].{jpg,png}' });
  await page.getByRole('button', { name: 'Add 200 links' }).waitFor();
  await page.keyboard.press('Escape');
  await drop(page, { text: 'https://a.example/[1-999999].zip\nhttps://a.example/ok.zip' });
  await page.getByRole('button', { name: 'Add 1 link', exact: true }).waitFor();
  await page.getByRole('button', { name: /Not a link 1/ }).waitFor();
});

test('what is said while a dialog is open stands above it', async () => {
  const { app, page } = await startSluice();
  await drop(page, { text: 'https://files.example/a.zip' });
  await page.getByRole('dialog').waitFor();
  await app.evaluate(({ BrowserWindow }, channel) => {
    const json = JSON.stringify({ event: 'trouble', message: 'Said meanwhile.' });
    BrowserWindow.getAllWindows()[0]!.webContents.send(channel, json);
  }, channels.event);
  const toast = page.locator('.toast');
  await toast.waitFor();
  const colour = await toast.evaluate((one) => getComputedStyle(one).backgroundColor);
  const { x, y, height } = (await toast.boundingBox())!;
  const seen = () =>
    app.evaluate(
      async ({ BrowserWindow }, rect) => {
        const picture = await BrowserWindow.getAllWindows()[0]!.webContents.capturePage(rect);
        const [blue, green, red] = picture.toBitmap();
        return `rgb(${red}, ${green}, ${blue})`;
      },
      { x: Math.round(x) + 6, y: Math.round(y + height / 2), width: 1, height: 1 },
    );
  await expect.poll(seen).toBe(colour);
});

test('the first rows are there as soon as they are added, not only when the window hears that the list has changed', async () => {
  const { app, page } = await startSluice();
  await app.evaluate(({ BrowserWindow }, channel) => {
    const contents = BrowserWindow.getAllWindows()[0]!.webContents;
    const send = contents.send.bind(contents);
    contents.send = (to, ...said) => void (to === channel || send(to, ...said));
  }, channels.event);
  await drop(page, { text: 'https://files.example/a.zip' });
  await page.getByRole('button', { name: 'Add 1 link' }).click();
  await page.getByRole('row', { name: /a\.zip/ }).waitFor();
});

test('a download that runs takes a new link in its details, and is finished from there', async () => {
  const origin = await originForTest();
  for (const name of ['/old.bin', '/new.bin'])
    origin.serve(name, { sizeBytes: 6_000_000, seed: 4, bytesPerS: 700_000 });
  const { page } = await startSluice();
  await drop(page, { text: origin.url('/old.bin') });
  await page.getByRole('button', { name: 'Add 1 link' }).click();
  await origin.served('/old.bin', 2_000_000);
  await page.getByRole('row', { name: /old\.bin/ }).dblclick();
  const details = page.getByRole('complementary');
  await details.getByRole('button', { name: 'New link…' }).click();
  await page.getByRole('textbox', { name: 'New address' }).fill('no address');
  await page.getByRole('button', { name: 'Use this link' }).click();
  await page.getByRole('dialog').getByRole('alert').waitFor();
  await page.getByRole('textbox', { name: 'New address' }).fill(origin.url('/new.bin'));
  await page.getByRole('button', { name: 'Use this link' }).click();
  await details.getByText('New link given').waitFor();
  await untilCounts(page, { done: 1 });
  expect(origin.bytesServed('/new.bin')).toBeGreaterThan(0);
});
