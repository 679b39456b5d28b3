// The details of a download in the window: what was asked and answered, what happened, and how to go on from there.
import { expect, test } from 'vitest';
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
