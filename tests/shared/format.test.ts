import { expect, test } from 'vitest';
import { createFormat } from '../../shared/format.ts';

const format = createFormat('en');

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.00 kB'],
  [1180, '1.18 kB'],
  [9_999, '10.0 kB'],
  [99_960, '100 kB'],
  [999_499, '999 kB'],
  [999_500, '1.00 MB'],
  [3_910_000_000, '3.91 GB'],
  [82_600_000_000, '82.6 GB'],
  [5e18, '5,000 PB'],
  [-1, '0 B'],
])('%d bytes are %s', (bytes, text) => {
  expect(format.size(bytes)).toBe(text);
});

test.each([
  [0, '0:00'],
  [400, '0:01'],
  [72_000, '1:12'],
  [7_120_000, '1:58:40'],
  [100_800_000, '1d 04h'],
  [1e12, '> 99d'],
])('%d ms are %s', (ms, text) => {
  expect(format.duration(ms)).toBe(text);
});

test('days and hours are said in the language of the locale', () => {
  expect(createFormat('zh-CN').duration(100_800_000)).toBe('1天 04小时');
  expect(createFormat('zh-CN').duration(1e12)).toBe('> 99天');
});

test('a hundred percent is said only of what is complete', () => {
  expect(format.percent(999_999, 1_000_000)).toBe('99%');
  expect(format.percent(1, 1)).toBe('100%');
  expect(format.percent(0, 0)).toBe('0%');
});

test('what was finished today is told by the hour, what was before by the day', () => {
  const noon = new Date(2026, 10, 23, 12, 5).getTime();
  expect(createFormat('en-GB').when(noon, noon + 3_600_000)).toBe('12:05');
  expect(format.when(noon, noon + 86_400_000)).toBe('Nov 23, 2026');
});

test.each([
  ['en-US', undefined, '9:05:07PM', '9:05PM', 'Mon9:05PM', ['12AM', '1PM', '12AM']],
  ['en-GB', undefined, '21:05:07', '21:05', 'Mon21:05', ['00:00', '13:00', '00:00']],
  ['zh-CN', undefined, '21:05:07', '21:05', '周一21:05', ['00:00', '13:00', '00:00']],
  ['en', 'de-DE', '21:05:07', '21:05', 'Mon21:05', ['00:00', '13:00', '00:00']],
  ['zh-CN', 'en-US', '下午9:05:07', '下午9:05', '周一下午9:05', ['上午12时', '下午1时', '上午12时']],
])('hours in %s, of a reader in %s', (locale, clockLocale, clock, hour, later, hours) => {
  const times = createFormat(locale, clockLocale);
  // What stands between their parts is another matter with each version of the tables.
  const plain = (text: string) => text.replace(/[\s,]/g, '');
  const evening = new Date(2026, 10, 23, 21, 5, 7).getTime();
  expect(plain(times.clock(evening))).toBe(clock);
  expect(plain(times.when(evening, evening))).toBe(hour);
  expect(plain(times.until(evening, evening - 86_400_000))).toBe(later);
  expect(plain(times.dateTime(evening))).toBe(plain(times.when(evening, 0)) + hour);
  expect([0, 13, 24].map((of) => plain(times.hour(of)))).toEqual(hours);
});

test("numbers are written as the reader's locale does", () => {
  expect(createFormat('de').size(1_180)).toBe('1,18 kB');
  expect(createFormat('de').count(100_000)).toBe('100.000');
});
