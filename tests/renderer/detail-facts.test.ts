import { expect, test } from 'vitest';
import { factsOf, summaryOf, uncheckedHostOf } from '../../renderer/views/detail/detail-facts.ts';
import { wordsIn } from '../../renderer/words.ts';
import type { Detail } from '../../shared/api.ts';
import { createFormat } from '../../shared/format.ts';
import { aRow } from './fake-bridge.ts';

const format = createFormat('en');
const words = wordsIn('en', format);

function aDetail(more: Partial<Detail> = {}): Detail {
  return {
    row: aRow(1, { url: 'https://a.test/f.bin' }),
    path: '/d/f.bin',
    finalUrl: null,
    validators: null,
    checksum: null,
    sha256: null,
    headers: {},
    exchange: null,
    limitBytesPerS: null,
    events: [],
    ...more,
  };
}

test('the summary says how much there is of how much, and how it comes while it comes', () => {
  const running = aRow(1, { status: 'running', sizeBytes: 4000, doneBytes: 1000, connections: 2, worker: 3 });
  const parts = ['1.00 kB of 4.00 kB', '2 connections', 'Limit: 2.00 kB/s', 'worker 3'];
  expect(summaryOf(running, 2000, words, format)).toEqual(parts);
  expect(summaryOf({ ...running, status: 'paused' }, 2000, words, format)).toEqual(['1.00 kB of 4.00 kB']);
  const low = aRow(1, { doneBytes: 500, priority: 'low' });
  expect(summaryOf(low, null, words, format)).toEqual(['500 B', 'Low priority']);
  expect(summaryOf(aRow(1, { doneBytes: 500 }), null, words, format)).toEqual(['500 B']);
  expect(summaryOf(aRow(1), null, words, format)).toEqual(['Size not known']);
  expect(summaryOf(aRow(1, { status: 'done', sizeBytes: 500 }), null, words, format)).toEqual(['500 B']);
});

test('what is not known is left out; headers stand there until they have been sent', () => {
  const labels = (detail: Detail) => factsOf(detail, words, format).map(({ label }) => label);
  const headers = { 'X-Key': '***' };
  expect(labels(aDetail({ headers }))).toEqual(['From', 'To', 'Added', 'X-Key']);
  const exchange = { url: 'x', status: 200, lane: 'direct', request: [], response: [] } as const;
  expect(labels(aDetail({ headers, exchange: { ...exchange, request: [], response: [] } }))).not.toContain('X-Key');
  const redirected = aDetail({ finalUrl: 'https://b.test/g.bin', sha256: 'abc', checksum: 'md5=1' });
  expect(labels(redirected)).toEqual(['From', words.finalUrl, 'To', words.checksum, 'SHA-256', 'Added']);
  expect(labels({ ...redirected, finalUrl: redirected.row.url })).not.toContain(words.finalUrl);
});

test('a host whose certificate was not checked is named', () => {
  expect(uncheckedHostOf(aDetail())).toBeNull();
  const event = { at: 1, kind: 'certificate-exception', detail: { host: 'nas.local' } } as const;
  expect(uncheckedHostOf(aDetail({ events: [event] }))).toBe('nas.local');
  expect(uncheckedHostOf(aDetail({ events: [{ ...event, detail: {} }] }))).toBe('files.example');
});
