// What is said of a whole batch: read strictly, and told in the window's words when it is wrong.
import { expect, test } from 'vitest';
import { BatchOptions } from '../../renderer/state/batch-options.svelte.ts';
import { createFormat } from '../../shared/format.ts';
import { en } from '../../renderer/words/en.ts';

const words = en(createFormat('en'));

test('nothing said is nothing asked for', () => {
  expect(new BatchOptions().said(5)).toEqual({});
});

test('what is said goes to all of the batch, a checksum to a batch of one only', () => {
  const options = new BatchOptions();
  options.category = 'video';
  options.connections = ' 4 ';
  options.priority = 'high';
  options.headers = 'Referer: https://a.example/\n\nX-Token:  abc ';
  options.checksum = `SHA-256: ${'aB'.repeat(32)}`;
  const all = {
    category: 'video',
    connections: 4,
    priority: 'high',
    headers: { Referer: 'https://a.example/', 'X-Token': 'abc' },
  };
  expect(options.said(2)).toEqual(all);
  expect(options.said(1)).toEqual({ ...all, checksum: { algorithm: 'sha256', hex: 'ab'.repeat(32) } });
  options.checksum = 'f'.repeat(32);
  expect(options.said(1)?.checksum?.algorithm, 'told by its length').toBe('md5');
});

test.each([
  ['connections', '0'],
  ['connections', '33'],
  ['connections', 'four'],
  ['headers', 'no colon here'],
  ['checksum', 'abc'],
  ['checksum', `md5=${'a'.repeat(64)}`],
] as const)('%s %s is refused with a reason, and nothing is added', (field, text) => {
  const options = new BatchOptions();
  expect(options.wrong(field, words)).toBe(null);
  options[field] = text;
  expect(options.wrong(field, words)).toMatch(/\w/);
  expect(options.said(1)).toBe(null);
});
