import { expect, test } from 'vitest';
import * as v from 'valibot';
import { settingsAsJson, settingsAsText, settingsFrom } from '../../main/engine/settings-file.ts';
import { defaultSettings, Settings } from '../../shared/settings.ts';
import { expectSaid } from '../support/said.ts';

const own = v.parse(Settings, {
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
  expect(problems[0]).toMatchObject({
    atLeast: 1,
    why: { code: 'bad-setting', message: expect.stringMatching(/>=1/) },
  });
  expect(problems.slice(1).map(({ why }) => why.code)).toEqual(['no-setting-line', 'no-such-setting']);
  for (const { why } of problems) expectSaid(why);
});

test('of a number the bound is named that it is beyond, of all else only that it is wrong', () => {
  const wrong = {
    parallel: 999,
    workers: -1,
    limitBytesPerS: 5,
    theme: 'pink',
    week: ['F'],
    categories: [{ name: '' }],
  };
  const { problems } = settingsFrom(JSON.stringify({ sluice: 'settings', version: 1, settings: wrong }))!;
  expect(problems.map(({ name, atLeast, atMost }) => [name, atLeast, atMost])).toEqual([
    ['parallel', undefined, 256],
    ['workers', 0, undefined],
    ['limitBytesPerS', 1024, undefined],
    ['theme', undefined, undefined],
    ['week', undefined, undefined],
    ['categories', undefined, undefined],
  ]);
});

test('what is no file of settings is told from one', () => {
  for (const text of ['', 'https://example.org/a', '{"sluice":"list","version":1,"downloads":[]}', '{']) {
    expect(settingsFrom(text)).toBeNull();
  }
});
