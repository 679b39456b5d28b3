import { expect, test } from 'vitest';
import { firstLocale, languageFor, localeFor } from '../../shared/language.ts';

test('the language follows the system unless chosen', () => {
  expect(languageFor('system', 'zh-TW')).toBe('zh-CN');
  expect(languageFor('system', 'pt-BR')).toBe('en');
  expect(languageFor('en', 'zh-CN')).toBe('en');
});

test.each([
  [['zh-TW', 'en'], 'zh-TW'],
  [['C.UTF-8', 'C', 'de-DE'], 'de-DE'],
  [['c', '', 'en_US.UTF-8'], 'en'],
  [[], 'en'],
])('of %j it is %s', (names, locale) => {
  expect(firstLocale(names)).toBe(locale);
});

test('numbers are written as in the reader’s own country where the language allows it', () => {
  expect(localeFor('en', 'en-GB')).toBe('en-GB');
  expect(localeFor('zh-CN', 'zh-TW')).toBe('zh-TW');
  expect(localeFor('en', 'de-DE')).toBe('en');
});
