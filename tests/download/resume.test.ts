// Resuming: what vouches for the bytes that are here, and what is done where nothing does.
import { describe, expect, test } from 'vitest';
import { lanes } from '../support/lanes.ts';
import { startBench } from '../support/lease.ts';
import type { Behaviour, Seen } from '../support/origin.ts';
import { originForTest } from '../support/start.ts';
import { HALF, halfDone, NEW, OLD, resume, SIZE } from './half-done.ts';

const LONG_AGO = 'Mon, 01 Jan 2024 00:00:00 GMT';
const LATER = 'Tue, 02 Jan 2024 00:00:00 GMT';

describe.each(lanes)('on the %s lane', (lane) => {
  test('a strong ETag goes into If-Range and only the rest is fetched', async () => {
    const { origin, file } = await resume(lane, { sizeBytes: SIZE, etag: '"a"' }, { etag: '"a"' });
    expect(file.equals(OLD)).toBe(true);
    expect(origin.requests('/f')[0]?.headers).toMatchObject({ 'if-range': '"a"', range: `bytes=${HALF}-${SIZE - 1}` });
    expect(origin.bytesServed('/f')).toBe(SIZE - HALF);
  });

  test('a date goes into If-Range when there is no ETag and it is older than the answer', async () => {
    const { origin, file } = await resume(
      lane,
      { sizeBytes: SIZE, etag: null, lastModified: LONG_AGO },
      { lastModified: LONG_AGO, date: LATER },
    );
    expect(file.equals(OLD)).toBe(true);
    expect(origin.requests('/f')[0]?.headers['if-range']).toBe(LONG_AGO);
  });

  test('what the first answer says of the content is kept, and asked with after a pause', async () => {
    const origin = await originForTest();
    const dated = { sizeBytes: SIZE, etag: null, lastModified: LONG_AGO, date: LATER };
    origin.serve('/f', { ...dated, bytesPerS: 2_000_000 });
    origin.serve('/moved', { location: origin.url('/f') });
    const bench = startBench({ settings: { lane } });
    const ended = bench.download(origin.url('/moved'), { connections: 1 });
    await origin.served('/f', 500_000);
    bench.send({ kind: 'cancel', id: 1, epoch: 1 });
    const released = await ended;
    if (released.kind !== 'released') throw new Error('It ended before it was paused');
    const { validators } = bench.of('probed')[0]!;
    expect(validators).toMatchObject({
      etag: null,
      lastModified: LONG_AGO,
      date: LATER,
      totalBytes: SIZE,
      finalUrl: origin.url('/f'),
      contentType: 'application/octet-stream',
    });
    origin.serve('/f', dated);
    const outcome = await bench.download(origin.url('/moved'), {
      epoch: 2,
      id: 1,
      extents: released.extents,
      validators,
    });
    expect(bench.read(outcome).equals(OLD)).toBe(true);
    expect(origin.requests('/f').at(-1)?.headers['if-range']).toBe(LONG_AGO);
  });

  test.each([
    ['a weak ETag', { etag: 'W/"a"' }, { etag: 'W/"a"' }],
    [
      'a date as young as the answer',
      { etag: null, lastModified: LONG_AGO },
      { lastModified: LONG_AGO, date: LONG_AGO },
    ],
    ['no validator', { etag: null }, {}],
  ])('%s never goes into If-Range; the overlap is compared instead', async (_, served, kept) => {
    const { origin, bench, file } = await resume(lane, { sizeBytes: SIZE, ...served }, kept);
    expect(file.equals(OLD)).toBe(true);
    const first = origin.requests('/f')[0]!;
    expect(first.headers['if-range']).toBeUndefined();
    expect(Number(/bytes=(\d+)-/.exec(first.headers['range']!)![1])).toBeLessThanOrEqual(HALF - 65_536);
    expect(bench.events()).toContain('overlap-compared');
  });

  test.each([
    ['a strong ETag', { etag: '"b"' }, { etag: '"a"' }],
    ['a weak ETag', { etag: 'W/"b"' }, { etag: 'W/"a"' }],
    ['a date', { etag: null, lastModified: LATER }, { lastModified: LONG_AGO, date: LATER }],
    ['no validator', { etag: null }, {}],
    ['a server that ignores If-Range', { etag: '"b"', ranges: 'blind' as const }, { etag: '"a"' }],
    ['a server that sends no ETag any more', { etag: null, ranges: 'blind' as const }, { etag: 'W/"a"' }],
    [
      'a server that ignores If-Range and sends no ETag any more',
      { etag: null, ranges: 'blind' as const },
      { etag: '"a"' },
    ],
    [
      'a server that ignores If-Range and sends no date any more',
      { etag: null, ranges: 'blind' as const },
      { lastModified: LONG_AGO, date: LATER },
    ],
    ['no ranges and no validator', { etag: null, ranges: 'ignore' as const }, {}],
  ])('content replaced by other content of the same length is found with %s', async (_, served, kept) => {
    const { bench, file } = await resume(lane, { sizeBytes: SIZE, seed: 2, ...served }, kept);
    expect(file.equals(NEW)).toBe(true);
    expect(bench.events()).toEqual(expect.arrayContaining(['changed-on-server', 'restarted-from-zero']));
  });

  test('a line that breaks in the bytes to compare leaves them to be compared, whatever tag it told', async () => {
    const other = ({ count }: Seen): Behaviour => ({
      sizeBytes: SIZE,
      seed: 2,
      etag: '"b"',
      ...(count === 1 && { cutAfterBytes: 0, cut: 'reset' }),
    });
    const { origin, file } = await resume(lane, other, {});
    expect(origin.requests('/f').length).toBeGreaterThan(1);
    expect(file.equals(NEW)).toBe(true);
  });

  test.each([
    ['an ETag', { etag: null }, { etag: '"a"' }],
    ['a date', { etag: null, date: LATER }, { lastModified: LONG_AGO, date: LATER }],
  ])('the same content without %s that it had is compared and goes on', async (_, served, kept) => {
    const { origin, bench, file } = await resume(lane, { sizeBytes: SIZE, ranges: 'blind', ...served }, kept);
    expect(file.equals(OLD)).toBe(true);
    expect(bench.events()).toContain('overlap-compared');
    expect(bench.events()).not.toContain('restarted-from-zero');
    expect(origin.requests('/f')).toHaveLength(2);
  });

  test('content of another length is other content', async () => {
    const { bench, file } = await resume(lane, { sizeBytes: SIZE - 1, seed: 2, etag: null }, {});
    expect(file.equals(NEW.subarray(0, SIZE - 1))).toBe(true);
    const changed = bench.of('event').find(({ event }) => event === 'changed-on-server');
    expect(changed?.detail).toMatchObject({ why: 'length-changed', was: SIZE, is: SIZE - 1 });
  });

  test('a server that refuses If-Range but has the same content resumes all the same', async () => {
    const { origin, file } = await resume(
      lane,
      (seen) => ({ sizeBytes: SIZE, etag: '"a"', ranges: seen.headers['if-range'] ? 'ignore' : 'yes' }),
      { etag: '"a"' },
    );
    expect(file.equals(OLD)).toBe(true);
    expect(origin.requests('/f').length).toBeGreaterThanOrEqual(2);
    expect(origin.requests('/f')[1]?.headers['if-range']).toBeUndefined();
  });

  test('a server that takes no ranges any more: the whole stream, what is here compared and kept', async () => {
    const { bench, file } = await resume(lane, { sizeBytes: SIZE, etag: '"a"', ranges: 'ignore' }, { etag: '"a"' });
    expect(file.equals(OLD)).toBe(true);
    expect(bench.events()).toContain('no-ranges');
    expect(bench.events()).not.toContain('restarted-from-zero');
  });

  test.each(['chunked', 'close'] as const)(
    'a whole body (%s) that ends too early is not asked for without end',
    async (framing) => {
      const origin = await originForTest();
      origin.serve('/f', { bytes: OLD.subarray(0, 2_000_000), etag: null, ranges: 'ignore', framing });
      const bench = startBench({ settings: { lane } });
      const outcome = await bench.download(origin.url('/f'), halfDone(bench, {}));
      expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'bad-response' }, extents: [[0, 2_000_000]] });
      expect(origin.requests('/f').length).toBeLessThan(8);
    },
  );

  test('HTML where a file was kept stops and keeps the bytes', async () => {
    const origin = await originForTest();
    origin.serve('/f', { bytes: Buffer.from('<html>log in'), contentType: 'text/html; charset=utf-8', etag: null });
    const bench = startBench({ settings: { lane } });
    const outcome = await bench.download(origin.url('/f'), halfDone(bench, {}));
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'needs-new-link' }, extents: [[0, HALF]] });
  });
});

describe.each(lanes)('416 on the %s lane', (lane) => {
  test('is the end only when the server has exactly what is here', async () => {
    // The length was never told: the half that is here turns out to be all.
    const served = { bytes: OLD.subarray(0, HALF), etag: '"a"' };
    const { origin, file } = await resume(lane, served, { etag: '"a"', totalBytes: null });
    expect(file.equals(OLD.subarray(0, HALF))).toBe(true);
    expect(origin.bytesServed('/f')).toBe(0);
  });

  test.each([
    ['the same', OLD],
    ['other', NEW],
  ])('without the tag that was kept is no word about what is here: %s bytes', async (_, content) => {
    const bytes = content.subarray(0, HALF);
    const { bench, file } = await resume(
      lane,
      { bytes, etag: null, ranges: 'blind' },
      { etag: '"a"', totalBytes: null },
    );
    expect(file.equals(bytes)).toBe(true);
    expect(bench.events()).toContain('overlap-compared');
  });

  test.each([
    ['a shorter file', { bytes: NEW.subarray(0, 1000), etag: '"a"' }],
    ['no length at all', { status: 416, bytes: Buffer.alloc(0), etag: '"a"' }],
  ])('with %s never makes a file of what is here', async (_, served) => {
    const origin = await originForTest();
    origin.serve('/f', served);
    const bench = startBench({ settings: { lane, maxRetries: 1 } });
    const outcome = await bench.download(origin.url('/f'), halfDone(bench, { etag: '"a"', totalBytes: null }));
    if (outcome.kind === 'done') expect(bench.read(outcome).equals(served.bytes)).toBe(true);
    else expect(outcome).toMatchObject({ kind: 'failed', extents: [[0, HALF]] });
  });
});
