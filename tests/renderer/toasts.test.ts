import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Toasts } from '../../renderer/state/toasts.svelte.ts';

let toasts: Toasts;
const texts = () => toasts.list.map(({ text }) => text);

beforeEach(() => {
  vi.useFakeTimers();
  toasts = new Toasts();
});
afterEach(() => {
  vi.useRealTimers();
});

test('what can be answered stands longer than what is only said, and an error the longest', () => {
  toasts.info('said');
  toasts.info('asked', { label: 'Undo', run: () => {} });
  toasts.error('wrong');
  vi.advanceTimersByTime(4000);
  expect(texts()).toEqual(['asked', 'wrong']);
  vi.advanceTimersByTime(5000);
  expect(texts()).toEqual(['wrong']);
  vi.advanceTimersByTime(1000);
  expect(texts()).toEqual([]);
});

test('the same words are one message, which stands anew; those with an answer stay two', () => {
  toasts.error('wrong');
  vi.advanceTimersByTime(9000);
  toasts.error('wrong');
  expect(texts()).toEqual(['wrong']);
  vi.advanceTimersByTime(9000);
  expect(texts()).toEqual(['wrong']);
  const action = { label: 'Undo', run: () => {} };
  toasts.info('removed', action);
  toasts.info('removed', action);
  expect(texts()).toEqual(['wrong', 'removed', 'removed']);
});

test('there are three at most, and the oldest goes first', () => {
  for (const text of ['one', 'two', 'three', 'four']) toasts.info(text);
  expect(texts()).toEqual(['two', 'three', 'four']);
});

test('the newest that offers something is run once, and is gone with that', () => {
  const run: string[] = [];
  toasts.info('older', { label: 'Undo', run: () => run.push('older') });
  toasts.info('newer', { label: 'Undo', run: () => run.push('newer') });
  toasts.info('said');
  expect([toasts.runNewest(), toasts.runNewest(), toasts.runNewest()]).toEqual([true, true, false]);
  expect(run).toEqual(['newer', 'older']);
  expect(texts()).toEqual(['said']);
});
