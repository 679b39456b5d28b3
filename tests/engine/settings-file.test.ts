import { expect, test } from 'vitest';
import { settingsAsJson, settingsAsText, settingsFrom } from '../../main/engine/settings-file.ts';
import { defaultSettings, Settings } from '../../shared/settings.ts';

const own = Settings.parse({
  ...defaultSettings,
  dir: '/srv/with spaces',
  parallel: 3,
  proxy: null,
  theme: 'dark',
  whenDone: 'shutdown',
});

test.each([
  ['text', settingsAsText],
  ['JSON', settingsAsJson],
])('as %s, every setting comes back as it was; what was for this once stays here', (_form, write) => {
  const { whenDone, ...lasting } = own;
  expect(whenDone).toBe('shutdown');
  expect(settingsFrom(write(own))).toEqual({ change: lasting, problems: [] });
});

test('a wrong line is named and costs no other', () => {
  const text = '# Sluice settings\nparallel = 0\n\ndir = /srv/files\nno line\ncolour = 5\nhash = false\n';
  const { change, problems } = settingsFrom(text)!;
  expect(change).toEqual({ dir: '/srv/files', hash: false });
  expect(problems.map(({ name, line }) => [name, line])).toEqual([
    ['parallel', 2],
    ['no line', 5],
    ['colour', 6],
  ]);
  expect(problems[0]!.why).toMatch(/>=1/);
});

test('what is no file of settings is told from one', () => {
  for (const text of ['', 'https://example.org/a', '{"sluice":"list","version":1,"downloads":[]}', '{']) {
    expect(settingsFrom(text)).toBeNull();
  }
});
