// Resuming: either the server's exact bytes come out, or what was here is kept until the new content has passed it.
import { describe, expect, test } from 'vitest';
import { appendFileSync, existsSync, readFileSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Extent, Validators } from '../../shared/download.ts';
import type { Task } from '../../shared/protocol.ts';
import { lanes } from '../support/lanes.ts';
import { startBench, type Bench } from '../support/lease.ts';
import {
  contentBytes,
  contentSha256,
  seededContent,
  type Behaviour,
  type Origin,
  type Seen,
} from '../support/origin.ts';
import { originForTest } from '../support/start.ts';

const SIZE = 3_000_000;
const HALF = 1_500_000;
const OLD = contentBytes(seededContent(SIZE, 1));
const NEW = contentBytes(seededContent(SIZE, 2));
const LONG_AGO = 'Mon, 01 Jan 2024 00:00:00 GMT';
const LATER = 'Tue, 02 Jan 2024 00:00:00 GMT';

/** A part file that holds the first half of the old content, and the task that claims so. */
function halfDone(bench: Bench, validators: Partial<Validators>, extents: Extent[] = [[0, HALF]]): Partial<Task> {
  const partPath = join(bench.dir, 'half.part');
  const part = Buffer.alloc(extents.at(-1)![1]);
  for (const [start, end] of extents) OLD.copy(part, start, start, end);
  writeFileSync(partPath, part);
  const kept: Validators = {
    etag: null,
    lastModified: null,
    date: null,
    totalBytes: SIZE,
    finalUrl: 'http://127.0.0.1/',
    contentType: 'application/octet-stream',
    ranges: true,
    ...validators,
  };
  return { partPath, extents, validators: kept };
}

async function resume(
  lane: (typeof lanes)[number],
  behaviour: Behaviour | Parameters<Origin['serve']>[1],
  validators: Partial<Validators>,
  extents?: Extent[],
) {
  const origin = await originForTest();
  origin.serve('/f', behaviour);
  const bench = startBench({ settings: { lane } });
  const outcome = await bench.download(origin.url('/f'), halfDone(bench, validators, extents));
  return { origin, bench, outcome, file: bench.read(outcome) };
}

/** A server without a tag, whose answers to ranges end at one of `ends` at the latest. */
function sliced(bytes: Buffer, ends: readonly number[]) {
  return ({ headers }: Seen): Behaviour => {
    const match = /^bytes=(\d+)-(\d+)$/.exec(headers['range'] ?? '');
    if (!match || headers['if-range']) return { bytes, etag: null };
    const start = Number(match[1]);
    const end = Math.min(Number(match[2]) + 1, ends.find((each) => each > start) ?? bytes.length);
    const label = `bytes ${start}-${end - 1}/${bytes.length}`;
    return { bytes: bytes.subarray(start, end), etag: null, status: 206, headers: { 'Content-Range': label } };
  };
}

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

  test('holes in the middle are filled, whatever vouches for the rest', async () => {
    const extents: Extent[] = [
      [100_000, 400_000],
      [900_000, 1_000_000],
      [2_000_000, 2_500_000],
    ];
    const strong = await resume(lane, { sizeBytes: SIZE, etag: '"a"' }, { etag: '"a"' }, extents);
    expect(strong.file.equals(OLD)).toBe(true);
    expect(strong.origin.bytesServed('/f')).toBe(SIZE - 900_000);
    const none = await resume(lane, { sizeBytes: SIZE, etag: null }, {}, extents);
    expect(none.file.equals(OLD)).toBe(true);
  });

  test('a hole before bytes of content that has changed since is not closed with the new content', async () => {
    const extents: Extent[] = [
      [0, 500_000],
      [2_000_000, SIZE],
    ];
    // The new content is the old one up to somewhere in the hole.
    const mixed = Buffer.concat([OLD.subarray(0, 1_000_000), NEW.subarray(1_000_000)]);
    const { file } = await resume(lane, { bytes: mixed, etag: null }, {}, extents);
    expect(file.equals(mixed)).toBe(true);
  });

  const beginnings: [string, Extent[]][] = [
    ['without its beginning', [[2_000_000, SIZE]]],
    ['with little of its beginning', [[0, 1000], [2_000_000, SIZE]]],
    ['in pieces without its beginning', [[1_000_000, 1_200_000], [2_000_000, SIZE]]],
  ]; // prettier-ignore

  test.each(beginnings)('a part file %s is not completed with what has changed since', async (_, extents) => {
    // Each answer ends where something known begins, so that what is known behind a gap never comes with it.
    const ends = [...extents.map(([start]) => start), SIZE];
    const begunAlike = Buffer.concat([OLD.subarray(0, 1000), NEW.subarray(1000)]);
    for (const kept of [{}, { etag: '"a"' }]) {
      for (const bytes of [OLD, NEW, begunAlike]) {
        const { file, bench } = await resume(lane, sliced(bytes, ends), kept, extents);
        expect(file.equals(bytes)).toBe(true);
        expect(bench.events()).toContain('restarted-from-zero');
      }
    }
  });

  test('little of the beginning alone is compared on the way, and goes on', async () => {
    const { file, bench } = await resume(lane, { sizeBytes: SIZE, etag: null }, {}, [[0, 1000]]);
    expect(file.equals(OLD)).toBe(true);
    expect(bench.events()).not.toContain('restarted-from-zero');
    const other = await resume(lane, { sizeBytes: SIZE, seed: 2, etag: null }, {}, [[0, 1000]]);
    expect(other.file.equals(NEW)).toBe(true);
    expect(other.bench.events()).toContain('changed-on-server');
  });

  test('the old part file stays until the new content has passed it', async () => {
    const origin = await originForTest();
    origin.serve('/f', { sizeBytes: SIZE, seed: 2, etag: '"b"', bytesPerS: 1_000_000 });
    const bench = startBench({ settings: { lane } });
    const task = halfDone(bench, { etag: '"a"' });
    const ended = bench.download(origin.url('/f'), task);
    await origin.served('/f', 400_000);
    bench.send({ kind: 'cancel', id: 1, epoch: 1 });
    const outcome = await ended;
    expect(outcome).toEqual({ kind: 'released', extents: [[0, HALF]] });
    expect(readFileSync(task.partPath!).equals(OLD.subarray(0, HALF))).toBe(true);
    // What the engine holds must still be the old content's validators.
    expect(bench.of('probed')).toEqual([]);
    expect(existsSync(`${task.partPath}.new`)).toBe(false);
  });

  test('once the new content has passed the old, its validators are told before its bytes', async () => {
    const { bench, file } = await resume(lane, { sizeBytes: 8_000_000, seed: 2, etag: '"b"' }, { etag: '"a"' });
    expect(file.length).toBe(8_000_000);
    const told = bench.messages.filter((m) => m.kind === 'probed' || m.kind === 'saved');
    expect(told[0]).toMatchObject({ kind: 'probed', validators: { etag: '"b"' } });
  });

  test.each([
    ['missing', (path: string) => unlinkSync(path)],
    ['shorter than claimed', (path: string) => truncateSync(path, HALF - 1)],
  ])('a part file that is %s is found, said, and fetched anew', async (_, damage) => {
    const origin = await originForTest();
    origin.serve('/f', { sizeBytes: SIZE, etag: '"a"' });
    const bench = startBench({ settings: { lane } });
    const task = halfDone(bench, { etag: '"a"' });
    damage(task.partPath!);
    const outcome = await bench.download(origin.url('/f'), task);
    expect(bench.read(outcome).equals(OLD)).toBe(true);
    expect(bench.events()[0]).toBe('part-file-lost');
    expect(bench.of('saved')[0]?.extents).toEqual([]);
  });

  test('rubbish in the middle of a part file is fetched again where a checksum tells of it, and nothing else is done twice', async () => {
    const origin = await originForTest();
    origin.serve('/f', { sizeBytes: SIZE, etag: '"a"' });
    const bench = startBench({ settings: { lane } });
    const task = halfDone(bench, { etag: '"a"' });
    const part = readFileSync(task.partPath!);
    writeFileSync(task.partPath!, part.fill(7, 500_000, 600_000));
    const checksum = { algorithm: 'sha256', hex: contentSha256(seededContent(SIZE, 1)) } as const;
    const outcome = await bench.download(origin.url('/f'), { ...task, checksum });
    expect(bench.read(outcome).equals(OLD)).toBe(true);
    expect(outcome).toMatchObject({ verified: true });
    expect(origin.bytesServed('/f')).toBe(SIZE);
    // What stays wrong fails, and not for ever.
    const wrong = { algorithm: 'sha256', hex: 'a'.repeat(64) } as const;
    const failed = await bench.download(origin.url('/f'), { ...halfDone(bench, { etag: '"a"' }), checksum: wrong });
    expect(failed).toMatchObject({ kind: 'failed', failure: { code: 'wrong-checksum' }, extents: [] });
  });

  test('a part file that is complete needs no request', async () => {
    const { origin, file } = await resume(lane, { sizeBytes: SIZE }, { etag: '"a"' }, [[0, SIZE]]);
    expect(file.equals(OLD)).toBe(true);
    expect(origin.requests('/f')).toHaveLength(0);
  });

  test('bytes behind the end, left by whatever was there before, do not become part of the file', async () => {
    const origin = await originForTest();
    const bench = startBench({ settings: { lane } });
    const task = halfDone(bench, { etag: '"a"' }, [[0, SIZE]]);
    appendFileSync(task.partPath!, 'more');
    const outcome = await bench.download(origin.url('/f'), task);
    expect(bench.read(outcome).equals(OLD)).toBe(true);
  });

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
