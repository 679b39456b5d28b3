import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Notices, type Notice } from '../../main/shell/notices.ts';

let told: [kind: string, count: number, first: number][];
let notices: Notices;

beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  notices = new Notices(({ kind, count, first }: Notice) => told.push([kind, count, first.id]));
});
afterEach(() => void vi.useRealTimers());

function done(from: number, to = from): void {
  for (let id = from; id <= to; id += 1) notices.ended({ kind: 'done', id });
}

test('many at once are one notice, done and failed ones apart', () => {
  done(1, 37);
  notices.ended({ kind: 'failed', id: 40, code: 'dns' });
  vi.advanceTimersByTime(2000);
  expect(told).toEqual([
    ['done', 37, 1],
    ['failed', 1, 40],
  ]);
});

test('a long list is told of once a minute, each time as a whole, and at its end at once', () => {
  for (let id = 1; id <= 20; id += 1) {
    done(id);
    vi.advanceTimersByTime(5000);
  }
  notices.allEnded();
  vi.advanceTimersByTime(2000);
  expect(told).toEqual([
    ['done', 1, 1],
    ['done', 13, 1],
    ['done', 20, 1],
  ]);
  done(21);
  vi.advanceTimersByTime(2000);
  expect(told.at(-1), 'the next list counts anew').toEqual(['done', 1, 21]);
});

test('what has been seen is not told', () => {
  done(1, 5);
  notices.seen();
  vi.advanceTimersByTime(100_000);
  expect(told).toEqual([]);
});

test('an end with nothing new since the last notice is no news', () => {
  done(1);
  vi.advanceTimersByTime(2000);
  notices.allEnded();
  vi.advanceTimersByTime(2000);
  expect(told).toEqual([['done', 1, 1]]);
});
