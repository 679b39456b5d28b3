import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventKinds } from '../../shared/download.ts';
import { defaultSettings, Settings } from '../../shared/settings.ts';
import { createFormat } from '../../shared/format.ts';
import { defaultSettings as ours } from '../../renderer/state/settings-defaults.ts';
import { sections } from '../../renderer/views/setting-fields.ts';
import { wordsIn } from '../../renderer/words.ts';

const renderer = join(import.meta.dirname, '../../renderer');
const sources = readdirSync(renderer, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(svelte|ts)$/.test(file) && !/^words/.test(file))
  .map((file) => readFileSync(join(renderer, file), 'utf8'))
  .join('\n');
const en = wordsIn('en', createFormat('en'));
const zh = wordsIn('zh-CN', createFormat('zh-CN'));

test('every word is used somewhere', () => {
  const section = sections.map(({ title }) => title as string);
  const unused = Object.keys(en).filter((key) => !sources.includes(`words.${key}`) && !section.includes(key));
  expect(unused).toEqual([]);
});

test('every word within a group is used somewhere', () => {
  // The others are looked up by codes, and their types name each code.
  const groups = [en.hosts, en.week, en.batch, en.kinds, en.elsewhere, en.helping];
  for (const group of groups) {
    expect(Object.keys(group).filter((key) => !new RegExp(`\\.${key}\\b`).test(sources))).toEqual([]);
  }
});

test('both languages have the same keys and no empty words', () => {
  expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
  for (const words of [en, zh]) {
    for (const [key, value] of Object.entries(words)) if (typeof value === 'string') expect(value, key).not.toBe('');
  }
});

test('every event is a sentence in both languages, with details and without', () => {
  for (const kind of eventKinds) {
    for (const words of [en, zh]) {
      expect(words.event[kind]({})).not.toMatch(/undefined|null|^$|: $|：$/);
      expect(words.event[kind]({ status: 429, afterMs: 2000, offset: 5, why: 'because', worker: 'worker 2' })).not.toBe(
        '',
      );
    }
  }
  expect(en.event.waiting({ status: 429, afterMs: 2000 })).toBe('Server answered 429, waiting 2 s');
  expect(en.event.retrying({ status: 429, afterMs: 2000 })).toBe('Server answered 429, waiting 2 s');
  expect(en.event.connections({ change: 'dropped', host: 'a.test' })).toBe(
    'A connection to a.test was refused or broke; the others go on',
  );
  expect(zh.event['overlap-compared']({ host: 'a.test', bytes: 4096, equal: true })).toContain('a.test');
  expect(en.event.limit({ bytesPerS: null })).toBe('Speed limit taken off');
});

test('the settings page has every setting once, and starts from the true defaults', () => {
  const shown = sections.flatMap(({ fields }) => fields.map(({ name }) => name as string)).sort();
  expect(shown).toEqual(Object.keys(Settings.shape).sort());
  expect(ours).toEqual(defaultSettings);
});
