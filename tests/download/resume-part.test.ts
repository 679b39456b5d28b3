// Part files to go on with: in pieces, damaged, complete or too long, and the old one until the new content has passed it.
import { appendFileSync, existsSync, readFileSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Extent } from '../../shared/download.ts';
import { lanes } from '../support/lanes.ts';
import { startBench } from '../support/lease.ts';
import { contentSha256, seededContent, type Behaviour, type Seen } from '../support/origin.ts';
import { originForTest } from '../support/start.ts';
import { HALF, halfDone, NEW, OLD, resume, SIZE } from './half-done.ts';

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
});
