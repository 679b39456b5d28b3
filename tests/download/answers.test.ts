// The table of answers, and the headers it stands on.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  contradiction,
  judge,
  parseContentRange,
  parseRetryAfter,
  parseUnsatisfied,
  strongValidator,
  type Head,
} from '../../main/download/answers.ts';
import type { Validators } from '../../shared/download.ts';

const kept: Validators = {
  etag: '"a"',
  lastModified: null,
  date: null,
  totalBytes: 1000,
  finalUrl: 'http://h/f',
  contentType: 'application/zip',
  ranges: true,
};
const DATE = 'Tue, 02 Jan 2024 00:00:00 GMT';
const LATER = 'Tue, 02 Jan 2024 00:00:01 GMT';
const head = (status: number, headers: Record<string, string> = {}): Head => ({
  status,
  headers: new Map(Object.entries(headers)),
  url: 'http://h/f',
  redirected: false,
});

describe('Content-Range', () => {
  test('what is valid is understood', () => {
    fc.assert(
      fc.property(
        fc.nat(1e9),
        fc.integer({ min: 1, max: 1e9 }),
        fc.nat(1e9),
        fc.boolean(),
        (start, length, more, star) => {
          const [last, total] = [start + length - 1, start + length + more];
          const parsed = parseContentRange(`bytes ${start}-${last}/${star ? '*' : total}`);
          expect(parsed).toEqual({ start, end: last + 1, totalBytes: star ? null : total });
        },
      ),
    );
  });

  test('anything else never becomes a range that makes no sense', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^bytes [0-9*/ -]{0,20}$/)), (text) => {
        const parsed = parseContentRange(text);
        if (!parsed) return;
        expect(parsed.start).toBeLessThan(parsed.end);
        if (parsed.totalBytes !== null) expect(parsed.end).toBeLessThanOrEqual(parsed.totalBytes);
      }),
    );
  });

  test.each(['bytes 5-4/10', 'bytes 0-10/10', 'lines 0-9/10', 'bytes */10', 'bytes 0-9', '', 'bytes -1-9/10'])(
    '"%s" is no range',
    (text) => expect(parseContentRange(text)).toBe(null),
  );

  test('the length in a 416', () => {
    expect(parseUnsatisfied('bytes */1234')).toBe(1234);
    expect(parseUnsatisfied('bytes 0-1/1234')).toBe(null);
    expect(parseUnsatisfied('lines */1234')).toBe(null);
  });
});

describe('Retry-After', () => {
  test('seconds', () => {
    fc.assert(fc.property(fc.nat(999_999), (s) => parseRetryAfter(String(s), 0) === s * 1000));
  });

  test('a date, as the time until then', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e9 }), fc.integer({ min: -1e6, max: 1e6 }), (now, s) => {
        const value = new Date((now + s) * 1000).toUTCString();
        expect(parseRetryAfter(value, now * 1000)).toBe(Math.max(0, s * 1000));
      }),
    );
  });

  test('rubbish is never a time', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const ms = parseRetryAfter(text, Date.now());
        if (ms !== null) expect(ms).toBeGreaterThanOrEqual(0);
      }),
    );
    for (const text of ['', '-5', '1.5', 'soon', undefined]) expect(parseRetryAfter(text, 0)).toBe(null);
  });
});

test('what may go into If-Range', () => {
  const date = 'Tue, 02 Jan 2024 00:00:01 GMT';
  const second = 'Tue, 02 Jan 2024 00:00:00 GMT';
  expect(strongValidator({ ...kept, etag: '"x"' })).toBe('"x"');
  expect(strongValidator({ ...kept, etag: 'W/"x"' })).toBe(null);
  expect(strongValidator({ ...kept, etag: 'unquoted' })).toBe(null);
  expect(strongValidator({ ...kept, etag: null, lastModified: second, date })).toBe(second);
  expect(strongValidator({ ...kept, etag: null, lastModified: date, date })).toBe(null);
  expect(strongValidator({ ...kept, etag: null, lastModified: second, date: null })).toBe(null);
  // A weak ETag says that there is a tag: the date must not be used behind its back.
  expect(strongValidator({ ...kept, etag: 'W/"x"', lastModified: second, date })).toBe(null);
});

test('contents contradict by length, tag or date', () => {
  expect(contradiction(kept, { ...kept })).toBe(null);
  expect(contradiction(kept, { ...kept, totalBytes: 999 })).toMatchObject({ why: 'length-changed', is: 999 });
  expect(contradiction(kept, { ...kept, etag: '"b"' })).toMatchObject({ why: 'etag-changed', is: '"b"' });
  expect(contradiction(kept, { ...kept, totalBytes: null, etag: null })).toBe(null);
  // Servers behind one name often agree on the tag alone.
  expect(contradiction({ ...kept, lastModified: 'x' }, { ...kept, lastModified: 'y' })).toBe(null);
  const dated = { ...kept, etag: null, lastModified: 'x' };
  expect(contradiction(dated, { ...dated, lastModified: 'y' })).toEqual({
    ...{ why: 'date-changed', was: 'x', is: 'y' },
    message: 'Last-Modified was x and is y',
  });
  const promised = { ...kept, digest: { algorithm: 'md5', hex: 'aa' } } as const;
  expect(contradiction(promised, { ...kept, digest: { algorithm: 'md5', hex: 'bb' } })).toMatchObject({
    why: 'checksum-changed',
  });
  expect(contradiction(promised, { ...kept, digest: { algorithm: 'sha256', hex: 'bb' } })).toBe(null);
  expect(contradiction(promised, kept)).toBe(null);
});

test.each<[string, number | null, Head, object]>([
  [
    '206 as asked',
    100,
    head(206, { 'content-range': 'bytes 100-999/1000', etag: '"a"' }),
    { kind: 'body', start: 100, end: 1000 },
  ],
  [
    '206 that starts earlier',
    100,
    head(206, { 'content-range': 'bytes 50-999/1000', etag: '"a"' }),
    { kind: 'body', start: 50 },
  ],
  ['206 without the tag', 100, head(206, { 'content-range': 'bytes 100-999/1000' }), { kind: 'unvouched' }],
  ['206 that starts later', 100, head(206, { 'content-range': 'bytes 101-999/1000' }), { kind: 'useless' }],
  ['206 without a range', 100, head(206), { kind: 'useless' }],
  [
    '206 with total *',
    100,
    head(206, { 'content-range': 'bytes 100-199/*', etag: '"a"' }),
    { kind: 'body', start: 100, end: 200 },
  ],
  ['206 of another total', 100, head(206, { 'content-range': 'bytes 100-999/1001' }), { kind: 'changed' }],
  ['206 of another tag', 100, head(206, { 'content-range': 'bytes 100-999/1000', etag: '"b"' }), { kind: 'changed' }],
  [
    '206 that is encoded',
    100,
    head(206, { 'content-range': 'bytes 100-999/1000', 'content-encoding': 'gzip' }),
    { kind: 'useless' },
  ],
  [
    '206 that says it is not encoded',
    100,
    head(206, { 'content-range': 'bytes 100-999/1000', 'content-encoding': ' Identity', etag: '"a"' }),
    { kind: 'body' },
  ],
  ['206 to no range', null, head(206, { 'content-range': 'bytes 0-999/1000' }), { kind: 'useless' }],
  [
    '206 whose length and range disagree',
    100,
    head(206, { 'content-range': 'bytes 100-999/1000', 'content-length': '10', etag: '"a"' }),
    { kind: 'body', start: 100, end: 110 },
  ],
  ['200 to a range', 100, head(200, { 'content-length': '1000' }), { kind: 'whole' }],
  ['200 of another length', 100, head(200, { 'content-length': '1001' }), { kind: 'changed' }],
  ['200 to no range', null, head(200, { 'content-length': '1000' }), { kind: 'body', start: 0, end: 1000 }],
  [
    '200 with chunks and a length',
    null,
    head(200, { 'content-length': '5', 'transfer-encoding': 'chunked' }),
    { kind: 'body', start: 0, end: null },
  ],
  ['HTML instead', 100, head(200, { 'content-type': 'text/html' }), { kind: 'html' }],
  ['XHTML instead', 100, head(200, { 'content-type': 'application/xhtml+xml; charset=utf-8' }), { kind: 'html' }],
  [
    'HTML instead, as a part',
    100,
    head(206, { 'content-range': 'bytes 100-999/1000', 'content-type': 'text/html', etag: '"a"' }),
    { kind: 'html' },
  ],
  ['429', 0, head(429, { 'retry-after': '7' }), { kind: 'busy', retryAfterMs: 7000 }],
  [
    '503 with a date by a clock that is not ours',
    0,
    head(503, { date: 'Tue, 02 Jan 2024 00:00:00 GMT', 'retry-after': 'Tue, 02 Jan 2024 00:00:07 GMT' }),
    { kind: 'busy', retryAfterMs: 7000 },
  ],
  ['503', 0, head(503), { kind: 'busy', retryAfterMs: null }],
  ['500', 0, head(500), { kind: 'trouble' }],
  ['408', 0, head(408), { kind: 'trouble' }],
  ['425', 0, head(425), { kind: 'trouble' }],
  ['404', 0, head(404), { kind: 'gone' }],
  ['400', 0, head(400), { kind: 'refused' }],
  ['203, which somebody on the way has changed', null, head(203, { 'content-length': '1000' }), { kind: 'refused' }],
  ['204', null, head(204), { kind: 'refused' }],
  ['207', 100, head(207, { 'content-range': 'bytes 100-999/1000' }), { kind: 'refused' }],
])('%s', (_, offset, answer, verdict) => {
  expect(judge({ offset, onDiskBytes: 500, compares: false }, answer, kept, 0)).toMatchObject(verdict);
});

test.each<[string, number | null, Record<string, string>, object, Partial<Validators>?]>([
  ['with what is here', 500, { etag: '"a"', 'content-length': '9' }, { kind: 'complete', totalBytes: 500 }],
  ['with as much, without the tag', 500, {}, { kind: 'unvouched' }],
  ['with more than is here', 400, { etag: '"a"' }, { kind: 'changed' }],
  ['with less than is here', 500, { etag: '"a"', 'content-range': 'bytes */400' }, { kind: 'changed' }],
  ['with the end of what is here alone', 400, { etag: '"a"', 'content-range': 'bytes */400' }, { kind: 'changed' }],
  ['with less than there was', 500, { etag: '"a"' }, { kind: 'changed' }, { totalBytes: 1000 }],
  ['of another tag', 500, { etag: '"b"' }, { kind: 'changed' }],
  ['without a length', 500, { 'content-range': '' }, { kind: 'useless' }],
  ['to no range', null, { etag: '"a"' }, { kind: 'useless' }],
])('416 %s', (_, offset, headers, verdict, before = {}) => {
  const answer = head(416, { 'content-range': 'bytes */500', ...headers });
  const had = { ...kept, totalBytes: null, ...before };
  expect(judge({ offset, onDiskBytes: 500, compares: false }, answer, had, 0)).toMatchObject(verdict);
});

test.each([
  [null, 'text/html', 'body'],
  ['text/html; charset=utf-8', 'text/html', 'body'],
  ['text/plain', 'text/html', 'html'],
])('where %s was kept, an answer as %s is %s', (contentType, now, kind) => {
  const answer = head(206, { 'content-range': 'bytes 100-999/1000', 'content-type': now, etag: '"a"' });
  expect(judge({ offset: 100, onDiskBytes: 100, compares: false }, answer, { ...kept, contentType }, 0).kind).toBe(
    kind,
  );
});

test.each<[string, Partial<Validators>, Record<string, string>, string]>([
  ['a weak tag', { etag: 'W/"a"' }, { etag: 'W/"a"' }, 'unvouched'],
  [
    'a date as young as the answer',
    { etag: null, lastModified: DATE, date: DATE },
    { 'last-modified': DATE },
    'unvouched',
  ],
  ['nothing', { etag: null }, {}, 'unvouched'],
  ['an older date', { etag: null, lastModified: DATE, date: LATER }, { 'last-modified': DATE }, 'body'],
  [
    'an older date and a weak tag',
    { etag: 'W/"a"', lastModified: DATE, date: LATER },
    { 'last-modified': DATE },
    'body',
  ],
])(
  'parts that have %s in common are put together only where it is strong, or where bytes are compared',
  (_, had, has, kind) => {
    const part = head(206, { 'content-range': 'bytes 100-999/1000', ...has });
    const asked = { offset: 100, onDiskBytes: 100 };
    expect(judge({ ...asked, compares: false }, part, { ...kept, ...had }, 0).kind).toBe(kind);
    expect(judge({ ...asked, compares: true }, part, { ...kept, ...had }, 0).kind).toBe('body');
  },
);
