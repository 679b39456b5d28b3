import { expect, test } from 'vitest';
import { createFormat } from '../../shared/format.ts';
import { fractionOf, leftOf, partsOf, splitName, stateOf } from '../../renderer/views/list/row-state.ts';
import { wordsIn } from '../../renderer/words.ts';
import { aRow } from './fake-bridge.ts';

const format = createFormat('en');
const words = wordsIn('en', format);
const text = (more: Parameters<typeof aRow>[1], now = 0) => stateOf(aRow(1, more), words, now).text;

test('each state is said in a few words', () => {
  expect(text({ status: 'queued' })).toBe('Queued');
  expect(text({ status: 'running' })).toBe('Connecting');
  expect(text({ status: 'running', connections: 2, bytesPerS: 5 })).toBe('Active');
  expect(text({ status: 'running', connections: 2, sizeBytes: 10, doneBytes: 10 })).toBe('Finishing');
  expect(text({ status: 'done' })).toBe('Done');
  expect(text({ status: 'done', verified: true })).toBe('Done, verified');
  const failure = { code: 'http-status', message: 'no', retry: 'by-hand', httpStatus: 403 } as const;
  expect(text({ status: 'failed', failure })).toBe('Server said no (403)');
  expect(text({ status: 'paused', failure: { ...failure, code: 'disk-full' } })).toBe('Disk full');
});

test('waiting counts down and never below zero', () => {
  const waiting = { until: 10_000, reason: 'retry' };
  expect(text({ status: 'running', waiting }, 7_500)).toBe('Waiting 3 s to try again');
  expect(text({ status: 'running', waiting }, 12_000)).toBe('Waiting 0 s to try again');
  expect(text({ status: 'queued', waiting: { until: 3_600_000, reason: 'retry' } }, 0)).toBe(
    'Waiting 3,600 s to try again',
  );
  expect(text({ status: 'running', waiting: { until: null, reason: 'place' } })).toBe(
    'Waiting for a place at the host',
  );
  expect(text({ status: 'queued', waiting: { until: null, reason: '' } })).toBe('Waiting');
});

test('progress is drawn from the parts, or from the amount where there are none', () => {
  expect(
    partsOf(
      aRow(1, {
        sizeBytes: 100,
        doneBytes: 30,
        segments: [
          [0, 10],
          [50, 70],
        ],
      }),
    ),
  ).toEqual([
    [0, 0.1],
    [0.5, 0.7],
  ]);
  expect(partsOf(aRow(1, { sizeBytes: 100, doneBytes: 30 }))).toEqual([[0, 0.3]]);
  expect(partsOf(aRow(1, { doneBytes: 30 }))).toEqual([]);
  expect(partsOf(aRow(1, { status: 'done' }))).toEqual([[0, 1]]);
  expect(fractionOf(aRow(1, { doneBytes: 30 }))).toBeNull();
  expect(fractionOf(aRow(1, { sizeBytes: 100, doneBytes: 130 }))).toBe(1);
});

test('time left is said only when it can be', () => {
  const running = { status: 'running', sizeBytes: 1000, doneBytes: 500, bytesPerS: 10 } as const;
  expect(leftOf(aRow(1, running), format)).toBe('0:50');
  expect(leftOf(aRow(1, { ...running, bytesPerS: 0 }), format)).toBe('');
  expect(leftOf(aRow(1, { ...running, status: 'paused' }), format)).toBe('');
});

test.each([
  ['a-very-long-name-of-a-file-2026.tar.zst', 'tar.zst', false],
  ['night-sky-timelapse.mp4', 'pse.mp4', false],
  ['short.iso', '', false],
  [`${'😀'.repeat(30)}.png`, '😀😀😀.png', false],
  ['نسخة-احتياطية-من-الملفات-2026.zip', '.zip', true],
  ['نسخة-احتياطية-2026.tar.zst', '.tar.zst', true],
  ['ספר.7z', '.7z', true],
  // A number belongs to the letters that it follows.
  ['نسخة-احتياطية-من-الملفات.2026', '', true],
  ['نسخة-احتياطية.2026.zip', '.zip', true],
  // What begins with letters from the left is shortened at the right, as all of it would be.
  ['report-نسخة-احتياطية.pdf', '.pdf', false],
] as const)('of %s the end stays: %s', (name, tail, fromRight) => {
  const split = splitName(name);
  expect(split).toMatchObject({ tail, fromRight });
  expect(split.head + split.tail).toBe(name);
});
