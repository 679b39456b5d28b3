// Where the bytes of an answer go.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { PartFile } from '../../main/download/disk/part-file.ts';
import { SegmentSink } from '../../main/download/segment-sink.ts';
import type { Segment } from '../../main/download/segments.ts';
import { tempDir } from '../support/temp-dir.ts';

async function sinkFor(segment: Segment, start: number, declaredEnd: number | null, known = '') {
  const part = (await PartFile.create(join(tempDir(), 'f'), true))!;
  onTestFinished(() => part.close());
  if (known) await part.write([Buffer.from(known)], known.length, 0);
  const sink = new SegmentSink({
    part,
    segment,
    start,
    declaredEnd,
    tailBytes: 0,
    askedEnd: segment.end,
    overKnown: false,
    buckets: () => [],
    key: 1,
    isOver: () => false,
    onBytes: () => {},
  });
  const take = (text: string): Promise<boolean> => sink.take([Buffer.from(text)], text.length);
  return { part, sink, take };
}

const segmentOf = (start: number, end: number): Segment => ({ start, pos: start, end, bytesPerS: 0 });

test('nothing goes beyond the end of the segment, also when that moves closer', async () => {
  const segment = segmentOf(0, 100);
  const { part, take } = await sinkFor(segment, 0, 100);
  expect(await take('abcd')).toBe(true);
  segment.end = 6;
  expect(await take('efghij')).toBe(false);
  expect(readFileSync(part.path, 'utf8')).toBe('abcdef');
  expect(part.written).toEqual([[0, 6]]);
});

test('a segment that grows after bytes behind its end were let go does not get a hole', async () => {
  const segment = segmentOf(0, 6);
  const { part, take } = await sinkFor(segment, 0, 100);
  const first = take('abcdefghij');
  segment.end = 50;
  expect(await take('klmn')).toBe(false);
  expect(await first).toBe(false);
  expect(segment.pos).toBe(6);
  expect(part.written).toEqual([[0, 6]]);
});

test('the last byte of the body may be the last of the segment: then its end is waited for', async () => {
  const { take } = await sinkFor(segmentOf(0, 4), 0, 4);
  expect(await take('abcd')).toBe(true);
});

test('what is known before the segment is compared and not written', async () => {
  const equal = await sinkFor(segmentOf(4, 10), 0, 10, 'abcd');
  expect(await equal.take('abcdefghij')).toBe(true);
  expect(equal.sink).toMatchObject({ mismatch: null, comparedBytes: 4 });
  expect(readFileSync(equal.part.path, 'utf8')).toBe('abcdefghij');
  const other = await sinkFor(segmentOf(4, 10), 0, 10, 'abcd');
  const takes = [other.take('abXd'), other.take('efghij')];
  expect(await Promise.all(takes)).toEqual([false, false]);
  expect(other.sink.mismatch).toEqual([0, 4]);
  expect(readFileSync(other.part.path, 'utf8')).toBe('abcd');
});
