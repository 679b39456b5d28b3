import { expect, test } from 'vitest';
import { createFormat } from '../../shared/format.ts';
import {
  boundsText,
  emptyText,
  readNumber,
  sections,
  shownNumber,
  type Field,
} from '../../renderer/views/settings/setting-fields.ts';
import { wordsIn } from '../../renderer/words.ts';

const words = wordsIn('en', createFormat('en'));

function numberField(name: string): Extract<Field, { kind: 'number' }> {
  const field = sections.flatMap(({ fields }) => fields).find((one) => one.name === name);
  if (field?.kind !== 'number') throw new Error(`${name} is no number`);
  return field;
}

test('bounds come from the schema, in the units that are shown', () => {
  expect(boundsText(numberField('parallel'), words)).toBe('1 to 256');
  expect(boundsText(numberField('connectTimeoutMs'), words)).toBe('1 to 600\u00a0s');
  expect(boundsText(numberField('limitBytesPerS'), words)).toBe('at least 2\u00a0kB/s');
  expect(boundsText(numberField('pythonPort'), words)).toBe('1 to 65535');
});

test('the bounds are a sentence after the help, in both languages', () => {
  const help = (name: string, { setting, helpAndBounds }: typeof words, bounds: string) =>
    helpAndBounds(setting[name as 'parallel'].help, bounds);
  expect(help('parallel', words, '1 to 256')).toBe('How many downloads run at the same time. 1 to 256.');
  expect(help('limitBytesPerS', words, 'at least 2 kB/s')).toMatch(/ no limit\. At least 2 kB\/s\.$/);
  const zh = wordsIn('zh-CN', createFormat('zh-CN'));
  expect(help('parallel', zh, '1 至 256')).toBe('同时进行的下载数量。1 至 256。');
});

test('a value out of its bounds says why, one within is read in its own unit', () => {
  expect(readNumber('9000', numberField('parallel'), words)).toEqual({ ok: false, why: 'It has to be 1 to 256.' });
  expect(readNumber('0', numberField('idleTimeoutMs'), words)).toEqual({
    ok: false,
    why: 'It has to be 1 to 600\u00a0s.',
  });
  expect(readNumber('x', numberField('parallel'), words)).toEqual({ ok: false, why: 'That is not a number.' });
  expect(readNumber('1.5', numberField('parallel'), words)).toEqual({ ok: false, why: 'That is not a number.' });
  expect(readNumber(' 2,5 ', numberField('idleTimeoutMs'), words)).toEqual({ ok: true, value: 2500 });
  expect(readNumber('', numberField('limitBytesPerS'), words)).toEqual({ ok: true, value: null });
  expect(readNumber('', numberField('parallel'), words).ok).toBe(false);
});

test('a number is shown as the locale writes it, and is read back as it was', () => {
  const field = numberField('idleTimeoutMs');
  for (const [value, locale, shown] of [
    [2500, 'en', '2.5'],
    [2500, 'de', '2,5'],
    [30_000, 'zh-CN', '30'],
    [null, 'de', ''],
  ] as const) {
    expect(shownNumber(value, field.scale, locale)).toBe(shown);
    if (value !== null) expect(readNumber(shown, field, words)).toEqual({ ok: true, value });
  }
  expect(shownNumber(12_345_678_000, 1000, 'de')).toBe('12345678');
});

test('an empty field says what it stands for', () => {
  const empty = (name: string) => {
    const field = sections.flatMap(({ fields }) => fields).find((one) => one.name === name);
    if (field?.kind !== 'number' && field?.kind !== 'text') throw new Error(`${name} is no field to write in`);
    return emptyText(field, words, '1.2.3');
  };
  expect(empty('userAgent')).toBe('Sluice/1.2.3');
  expect(empty('limitBytesPerS')).toBe('No limit');
  expect(empty('proxy')).toBe('None');
  expect(empty('parallel')).toBe('');
});
