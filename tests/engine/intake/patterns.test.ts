// Batch patterns: what they stand for, counted without writing it out.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batchOf } from '../../../main/engine/intake/patterns.ts';

const all = (text: string): string[] => [...(batchOf(text)?.texts() ?? [text])];

test.each([
  ['img[1-3].jpg', ['img1.jpg', 'img2.jpg', 'img3.jpg']],
  ['img[08-11]', ['img08', 'img09', 'img10', 'img11']],
  ['[001-002]', ['001', '002']],
  ['[9-11]', ['9', '10', '11']],
  ['[0-100:50]', ['0', '50', '100']],
  ['[0-9:4]', ['0', '4', '8']],
  ['[7-7]', ['7']],
  ['[a-c]', ['a', 'b', 'c']],
  ['[A-G:3]', ['A', 'D', 'G']],
  ['{x,y}', ['x', 'y']],
  ['a{,.min}.js', ['a.js', 'a.min.js']],
  ['{a,b}[1-2]', ['a1', 'a2', 'b1', 'b2']],
  ['[1-2]/[1-2]', ['1/1', '1/2', '2/1', '2/2']],
  ['[::1]/[1-2]', ['[::1]/1', '[::1]/2']],
])('%s stands for %j', (text, texts) => {
  expect(all(text)).toEqual(texts);
  expect(batchOf(text)?.count).toBe(texts.length);
});

test.each([
  'http://[::1]/x',
  'http://[2001:db8::1-2]/',
  'a[b]c',
  '[a-Z]',
  '[a-9]',
  '[1-]',
  '[-1-2]',
  '[1-2',
  '{x}',
  '{}',
  '{a',
  '[1.5-2]',
  '',
])('%s is no pattern and stays', (text) => {
  expect(batchOf(text)).toBeNull();
});

test.each(['[5-1]', '[z-a]', '[1-5:0]', '{a,b}[2-1]'])('%s stands for nothing', (text) => {
  expect(batchOf(text)?.count).toBe(0);
  expect(all(text)).toEqual([]);
});

test('a huge pattern is counted and begun without being written out', () => {
  const batch = batchOf('x[0-999999999999][0-999999999999].jpg');
  expect(batch?.count).toBe(1e24);
  const [first] = batch?.texts() ?? [];
  expect(first).toBe('x00.jpg');
});

test('every combination comes once, in order, whatever stands around', () => {
  const range = fc.tuple(fc.nat(20), fc.nat(20), fc.integer({ min: 1, max: 7 }));
  const literal = fc.string({ unit: fc.constantFrom(...'ab/:.-]}') });
  fc.assert(
    fc.property(fc.array(fc.tuple(literal, range), { minLength: 1, maxLength: 3 }), literal, (parts, tail) => {
      let expected = [''];
      for (const [before, [first, more, step]] of parts) {
        const values = Array.from({ length: Math.floor(more / step) + 1 }, (_, i) => String(first + i * step));
        expected = expected.flatMap((text) => values.map((value) => text + before + value));
      }
      const text =
        parts.map(([before, [first, more, step]]) => `${before}[${first}-${first + more}:${step}]`).join('') + tail;
      expect(batchOf(text)?.count).toBe(expected.length);
      expect(all(text)).toEqual(expected.map((start) => start + tail));
    }),
  );
});
