import { expect, test } from 'vitest';
import { bestText } from '../../renderer/state/dropped.ts';

test('a page fragment wins when it has more links than its text', () => {
  const html =
    '<a href="https://a.example/1">one</a> <a href="https://a.example/2">two</a> <img src="https://a.example/3.png">';
  expect(bestText('', 'one two', html)).toEqual({ kind: 'source', source: { html } });
});

test('plain text wins when the URI list tells only the first of several', () => {
  const plain = 'https://a.example/1\nhttps://a.example/2';
  expect(bestText('https://a.example/1', plain, '')).toEqual({ kind: 'source', source: { text: plain } });
});

test('one dragged link is one link, whatever its page called it', () => {
  const found = bestText('https://a.example/1', 'https://a.example/1', '<a href="https://a.example/1">A file</a>');
  expect(found).toEqual({ kind: 'source', source: { text: 'https://a.example/1' } });
});

test('comments of a URI list are no links', () => {
  expect(bestText('# https://not.example/\r\nhttps://a.example/1\r\n', '', '')).toEqual({
    kind: 'source',
    source: { text: 'https://a.example/1' },
  });
});

test('text without links is shown all the same, nothing is said to be nothing', () => {
  expect(bestText('', 'just words', '')).toEqual({ kind: 'source', source: { text: 'just words' } });
  expect(bestText('', '  ', '<b></b>')).toEqual({ kind: 'nothing' });
});
