// Where the bytes of an answer go.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { PartFile } from '../../main/download/disk/part-file.ts';
import { Bucket } from '../../main/download/limits.ts';
import { SegmentSink, type SinkOptions } from '../../main/download/segment-sink.ts';
import type { Segment } from '../../main/download/segments.ts';
import { tempDir } from '../support/temp-dir.ts';

async function sinkFor(
  segment: Segment,
  start: number,
  declaredEnd: number | null,
  known = '',
  more: Partial<SinkOptions> = {},
) {
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
    ...more,
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

test('nothing is written while a comparison before it is under way, though a later one is done', async () => {
  const { part, sink, take } = await sinkFor(segmentOf(6, 10), 0, 10, 'abcdef');
  const read = part.read.bind(part);
  const reads: number[] = [];
  vi.spyOn(part, 'read').mockImplementation(async (buffer, position) => {
    reads.push(position);
    if (position === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    return read(buffer, position);
  });
  expect(await Promise.all([take('abX'), take('def'), take('ghij')])).toEqual([false, false, false]);
  expect(reads[0]).toBe(0);
  expect(sink.mismatch).toEqual([0, 3]);
  expect(part.written).toEqual([[0, 6]]);
});

test('what is not known before the segment is another connection’s to write', async () => {
  const { part, sink, take } = await sinkFor(segmentOf(4, 10), 0, 10, 'ab');
  await take('abcdefghij');
  expect(sink.comparedBytes).toBe(2);
  expect(part.written).toEqual([
    [0, 2],
    [4, 10],
  ]);
});

test('known bytes behind the end are compared as long as the segment ends there', async () => {
  const whole = await sinkFor(segmentOf(4, 6), 4, 8, '', { tailBytes: 2 });
  await whole.part.write([Buffer.from('gh')], 2, 6);
  expect(await whole.take('efg')).toBe(true);
  expect(await whole.take('X')).toBe(false);
  expect(whole.sink.mismatch).toEqual([7, 8]);
  const segment = segmentOf(0, 6);
  const cut = await sinkFor(segment, 0, 8, '', { tailBytes: 2 });
  segment.end = 4;
  expect(await cut.take('abcd')).toBe(false);
});

test('under a limit little is gathered, and none is waited for once the session is over', async () => {
  const { sink } = await sinkFor(segmentOf(0, 9), 0, 9, '', { buckets: () => [new Bucket(40_000), new Bucket(null)] });
  expect(sink.gatherBytes).toBe(1000);
  expect(sink.isShut).toBe(true);
  const over = await sinkFor(segmentOf(0, 9), 0, 9, '', { buckets: () => [new Bucket(1)], isOver: () => true });
  expect(over.sink.isShut).toBe(false);
  await over.sink.turn();
});
