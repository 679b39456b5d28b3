// Export and import of the list and the settings, in the window and on the command line.
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';
import { sluice } from './cli-program.ts';
import { startSluice, untilCounts, type Sluice } from './window-program.ts';

/** The system's file dialogs answer with these from now on. */
const choose = ({ app }: Sluice, file: string) =>
  app.evaluate(({ dialog }, chosen) => {
    dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath: chosen });
    dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [chosen] });
  }, file);
const menu = ({ app }: Sluice, label: string) =>
  app.evaluate(({ Menu }, wanted) => {
    const all = Menu.getApplicationMenu()!.items.flatMap(({ submenu }) => submenu?.items ?? []);
    all.find((item) => item.label === wanted)!.click();
  }, label);

test('the window exports the list and the settings and takes them over again, naming what is wrong', async () => {
  const folder = tempDir();
  const first = await startSluice();
  await first.page.evaluate(() =>
    window.sluice.call('add', {
      downloads: [
        { url: 'https://me:secret@files.example/a.iso', headers: { Cookie: 'id=1', Referer: 'https://x.example/' } },
      ],
      paused: true,
    }),
  );
  await first.page.evaluate(() =>
    window.sluice.call('changeSettings', {
      parallel: 5,
      proxy: 'http://user:hidden@proxy.example:3128',
      maxRetries: 3,
    }),
  );
  const [list, whole, settings] = ['list.json', 'whole.json', 'settings.txt'].map((name) => join(folder, name)) as [string, string, string]; // prettier-ignore

  await choose(first, list);
  await menu(first, 'Export the List…');
  await first.page.getByText(`Written to ${list}`).waitFor();
  expect(readFileSync(list, 'utf8')).not.toMatch(/secret|id=1/);
  expect(statSync(list).mode & 0o777).toBe(0o600);
  await choose(first, settings);
  await menu(first, 'Export the Settings…');
  await first.page.getByText(`Written to ${settings}`).waitFor();
  const written = readFileSync(settings, 'utf8');
  expect(written).toContain('parallel = 5\n');
  expect(written).toContain('proxy = "http://proxy.example:3128/"\n');
  await first.page.getByRole('navigation').getByRole('button', { name: 'Settings' }).click();
  await first.page.getByText('With passwords, cookies and tokens').click();
  await choose(first, whole);
  await first.page.getByRole('button', { name: 'Export the list…' }).click();
  await first.page.getByText(`Written to ${whole}`).waitFor();
  expect(readFileSync(whole, 'utf8')).toMatch(/"Basic .*id=1/);

  const second = await startSluice();
  writeFileSync(settings, written.replace('maxRetries = 3', 'maxRetries = 3000') + 'colour = 5\n');
  await choose(second, settings);
  await menu(second, 'Import…');
  await second.page.getByText(/Line \d+: maxRetries was not taken over\./).waitFor();
  await second.page.getByText(/colour was not taken over\. There is no such setting\./).waitFor();
  const taken = await second.page.evaluate(() => window.sluice.call('settings', null));
  expect(taken).toMatchObject({ value: { parallel: 5, maxRetries: 8, dir: first.dir } });
  await choose(second, whole);
  await menu(second, 'Import…');
  await second.page.getByRole('dialog').getByRole('button', { name: 'Add 1 link' }).click();
  await untilCounts(second.page, { all: 1 });
});

test('the command line exports and imports them, from a list at rest', async () => {
  const folder = tempDir();
  const [a, b] = [join(folder, 'a'), join(folder, 'b')];
  const run = async (...args: string[]) => {
    const program = sluice(args);
    const status = await program.ended;
    return { status, out: program.stdout(), err: program.stderr() };
  };
  await run('add', '--data', a, '--dir', folder, 'https://me:pw@files.example/a.iso', 'https://files.example/b.iso');
  expect((await run('export', '--data', a)).out).toBe('https://files.example/a.iso\nhttps://files.example/b.iso\n');
  const file = join(folder, 'list.json');
  expect((await run('export', '--data', a, '--secrets', file)).out).toBe(`Written to ${file}\n`);
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace('"url":"https://files.example/b', '"uri":"https://files.example/b'),
  );
  const imported = await run('import', '--data', b, '--dir', folder, file);
  expect(imported).toMatchObject({
    status: 0,
    out: expect.stringMatching(/^line 3: This entry is damaged: [^]*1 added\.\n$/),
  });
  expect((await run('export', '--data', b, '--secrets')).out).toBe('https://me:pw@files.example/a.iso\n');

  const settings = join(folder, 'settings.txt');
  writeFileSync(settings, '# Sluice settings\nparallel = 3\nparalel = 4\n');
  expect(await run('import', '--data', b, settings)).toMatchObject({
    status: 1,
    out: 'line 3: paralel: There is no such setting.\n1 settings taken over.\n',
  });
  expect((await run('export', '--settings', '--data', b)).out).toContain('parallel = 3\n');
});
