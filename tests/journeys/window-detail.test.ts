// The details of a download in the window: what was asked and answered, what happened, and how to go on from there.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { contentSha256, seededContent } from '../support/content.ts';
import { originForTest } from '../support/start.ts';
import { startSluice, untilCounts, type Sluice } from './window-program.ts';

async function add({ page }: Sluice, downloads: { url: string; headers?: Record<string, string> }[]): Promise<void> {
  const answer = await page.evaluate((all) => window.sluice.call('add', { downloads: all }), downloads);
  expect(answer.ok).toBe(true);
}

test('request and answer can be read and copied, without their secrets, after a restart, too', async () => {
  const origin = await originForTest();
  origin.serve('/file.bin', { sizeBytes: 2000, headers: { 'X-Cache': 'HIT', 'Set-Cookie': 'id=topsecret' } });
  origin.serve('/no.bin', { status: 403, headers: { 'X-Why': 'not on the list' } });
  const first = await startSluice();
  await add(first, [
    { url: origin.url('/file.bin'), headers: { 'X-Api-Key': 'mykey' } },
    { url: origin.url('/no.bin') },
  ]);
  await untilCounts(first.page, { done: 1, failed: 1 });

  const look = async ({ page }: Sluice, name: RegExp) => {
    await page.getByRole('row', { name }).dblclick();
    const lines = page.getByRole('group').filter({ hasText: 'Request and answer' });
    await page.getByText('Request and answer').click();
    return (await lines.innerText()).replaceAll('\n', ' ');
  };
  for (const round of ['first', 'after a restart'] as const) {
    const sluice = round === 'first' ? first : await startSluice({ data: first.data, dir: first.dir });
    const done = await look(sluice, /file\.bin/);
    expect(done, round).toMatch(/accept-encoding\s+identity/);
    expect(done).toMatch(/x-api-key\s+\*\*\*/);
    expect(done).toMatch(/x-cache\s+HIT/);
    expect(done).not.toMatch(/mykey|topsecret/);
    const refused = await look(sluice, /no\.bin/);
    expect(refused).toContain('Answered 403');
    expect(refused).toMatch(/x-why\s+not on the list/);
    await sluice.page.getByRole('button', { name: 'Copy: Answered 403' }).click();
    const copied = await sluice.app.evaluate(({ clipboard }) => clipboard.readText());
    expect(copied).toContain('x-why: not on the list');
    expect(sluice.complaints).toEqual([]);
    await sluice.close();
  }
});

test('a download whose link has expired goes on with a new one: what is there is compared and kept', async () => {
  const content = { sizeBytes: 6_000_000, seed: 3 };
  const origin = await originForTest();
  origin.serve('/old.bin', { ...content, bytesPerS: 700_000, etag: null });
  origin.serve('/fresh.bin', { ...content, etag: null });
  const sluice = await startSluice();
  const { page } = sluice;
  await add(sluice, [{ url: origin.url('/old.bin') }]);
  await origin.served('/old.bin', 2_000_000);
  await page.getByRole('row', { name: /old\.bin/ }).click();
  await page.getByRole('grid').press('Space');
  await page.getByRole('row', { name: /old\.bin.*Paused/ }).waitFor();
  await page.getByRole('grid').press('Enter');
  const details = page.getByRole('complementary', { name: 'Details' });
  await details.getByRole('button', { name: 'New link…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('What has been downloaded is kept if it compares equal.').waitFor();
  await page.keyboard.insertText(origin.url('/fresh.bin'));
  await page.keyboard.press('Enter');
  await untilCounts(page, { done: 1 });
  await details.getByText('New link given').waitFor();
  await details
    .getByText(/compared/i)
    .first()
    .waitFor();
  expect(origin.bytesServed('/fresh.bin')).toBeLessThan(content.sizeBytes - 1_000_000);
  const sha256 = createHash('sha256')
    .update(readFileSync(join(sluice.dir, 'old.bin')))
    .digest('hex');
  expect(sha256).toBe(contentSha256(seededContent(content.sizeBytes, content.seed)));
  expect(sluice.complaints).toEqual([]);
});
