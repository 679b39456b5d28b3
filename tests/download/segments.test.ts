// Any interleaving of take, steal, progress, failure and replacement fetches each byte once and leaves none out.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addExtent, bytesIn, coversAll, gapsOf, runsOf } from '../../main/download/extents.ts';
import { RESERVED_BYTES, Segments, type Segment } from '../../main/download/segments.ts';
import type { Extent } from '../../shared/download.ts';

const pairs = fc.array(fc.tuple(fc.nat(200), fc.integer({ min: 1, max: 50 })), { maxLength: 20 });
const build = (list: [number, number][]): Extent[] =>
  list.reduce<Extent[]>((extents, [start, length]) => addExtent(extents, start, start + length), []);

test('extents are sorted, do not touch, and hold exactly what was added', () => {
  fc.assert(
    fc.property(pairs, (list) => {
      const extents = build(list);
      const bytes = new Set(list.flatMap(([start, length]) => Array.from({ length }, (_, i) => start + i)));
      expect(bytesIn(extents)).toBe(bytes.size);
      for (const [i, [start, end]] of extents.entries()) {
        expect(start).toBeLessThan(end);
        expect(bytes.has(start) && bytes.has(end - 1)).toBe(true);
        if (i > 0) expect(start).toBeGreaterThan(extents[i - 1]![1]);
      }
    }),
  );
});

test('gaps and extents together are the whole', () => {
  fc.assert(
    fc.property(pairs, fc.nat(300), (list, total) => {
      const extents = build(list);
      const all = [...extents, ...gapsOf(extents, total)].reduce<Extent[]>((sum, [s, e]) => addExtent(sum, s, e), []);
      if (total > 0) expect(coversAll(all, [[0, total]])).toBe(true);
      expect(gapsOf(extents, total).every(([, end]) => end <= total)).toBe(true);
    }),
  );
});

test('runs cut a range into known and unknown without loss', () => {
  fc.assert(
    fc.property(pairs, fc.nat(200), fc.integer({ min: 1, max: 100 }), (list, start, length) => {
      const extents = build(list);
      const runs = runsOf(extents, start, start + length);
      expect(runs[0]?.start).toBe(start);
      expect(runs.at(-1)?.end).toBe(start + length);
      for (const [i, run] of runs.entries()) {
        if (i > 0) expect(run.start).toBe(runs[i - 1]!.end);
        expect(coversAll(extents, [[run.start, run.end]])).toBe(run.known);
      }
    }),
  );
});

type Step = { kind: 'take' | 'steal' | 'room' | 'progress' | 'fail' | 'extend'; which: number; amount: number };
const steps = fc.array(
  fc.record<Step>({
    kind: fc.constantFrom('take', 'steal', 'room', 'progress', 'fail', 'extend'),
    which: fc.nat(10),
    amount: fc.integer({ min: 1, max: 8 * RESERVED_BYTES }),
  }),
  { maxLength: 120 },
);
const holes = fc.array(fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 6 })), { maxLength: 6 });

test('each byte is fetched once, whatever happens', () => {
  fc.assert(
    fc.property(steps, holes, fc.integer({ min: 1, max: 50 * RESERVED_BYTES }), (list, known, total) => {
      const got = build(known.map(([s, l]) => [s * RESERVED_BYTES, l * RESERVED_BYTES])).filter(([, e]) => e <= total);
      const segments = new Segments(total, got);
      const running: Segment[] = [];
      let fetched: Extent[] = [...got];
      const advance = (segment: Segment, amount: number): void => {
        const to = Math.min(segment.end, segment.pos + amount);
        // Never twice: what is new must be new.
        expect(bytesIn(addExtent(fetched, segment.pos, to))).toBe(bytesIn(fetched) + to - segment.pos);
        fetched = addExtent(fetched, segment.pos, to);
        segment.pos = to;
      };
      for (const { kind, which, amount } of list) {
        const segment = running[which % Math.max(1, running.length)];
        if (kind === 'take' || kind === 'steal') {
          const next = kind === 'take' ? segments.take(1 + (which % 4)) : segments.steal(amount % 1000);
          if (next) running.push(next);
        } else if (kind === 'room') {
          segments.makeRoom(which);
        } else if (segment && kind === 'progress') {
          advance(segment, amount);
        } else if (segment && kind === 'extend') {
          segments.extend(segment, amount * 8);
        } else if (segment) {
          segments.giveBack(segment);
          running.splice(running.indexOf(segment), 1);
        }
      }
      // Then it ends as a session would end it.
      for (let guard = 0; !segments.finished && guard < 10_000; guard += 1) {
        const segment = running.pop() ?? segments.take();
        if (!segment) break;
        advance(segment, Infinity);
        segments.giveBack(segment);
      }
      expect(segments.finished).toBe(true);
      expect(gapsOf(fetched, total)).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test('a steal leaves its victim the reserve and takes from the one with the longest to go', () => {
  const segments = new Segments(100 * RESERVED_BYTES, []);
  const [fast, slow] = [segments.take(2)!, segments.take(1)!];
  for (const segment of [fast, slow]) segments.measure(segment, 1000);
  fast.bytesPerS = 100;
  slow.bytesPerS = 1;
  const stolen = segments.steal()!;
  expect(stolen.end).toBe(100 * RESERVED_BYTES);
  expect(slow.end).toBe(stolen.start);
  expect(slow.end - slow.pos).toBeGreaterThanOrEqual(RESERVED_BYTES);
  expect(fast.end).toBe(50 * RESERVED_BYTES);
});

test('a steal takes of a slow one what it can fetch sooner, and of one not measured yet no more than of others', () => {
  const segments = new Segments(100 * RESERVED_BYTES, []);
  const [slow, young] = [segments.take(2)!, segments.take(1)!];
  slow.pos += 1_000_000;
  segments.measure(slow, 1000);
  const stolen = segments.steal(9_000_000)!;
  expect(stolen.end).toBe(50 * RESERVED_BYTES);
  expect((slow.end - slow.pos) / (stolen.end - slow.pos)).toBeCloseTo(0.1 + 0.9 / 50, 2);
  expect(young.end).toBe(100 * RESERVED_BYTES);
});

test('room for more is made evenly, whatever runs and is free', () => {
  const segments = new Segments(80 * RESERVED_BYTES, []);
  const first = segments.take()!;
  segments.makeRoom(7);
  const all = [first, ...[7, 6, 5, 4, 3, 2, 1].map((takers) => segments.take(takers)!)];
  expect(all.map(({ start, end }) => (end - start) / RESERVED_BYTES)).toEqual(Array(8).fill(10));
});

test('the largest hole is filled first, and no taker gets more than its share of all holes', () => {
  const known: Extent[] = [[2 * RESERVED_BYTES, 10 * RESERVED_BYTES]];
  const segments = new Segments(24 * RESERVED_BYTES, known);
  const [one, two] = [segments.take(2)!, segments.take(1)!];
  expect([one.start, one.end].map((at) => at / RESERVED_BYTES)).toEqual([10, 18]);
  expect([two.start, two.end].map((at) => at / RESERVED_BYTES)).toEqual([18, 24]);
});

test('nothing is stolen from the last mebibytes', () => {
  const segments = new Segments(2 * RESERVED_BYTES - 1, []);
  segments.take();
  expect(segments.steal()).toBe(null);
});

test('one far slower than the mean is a laggard, one almost done is not', () => {
  const segments = new Segments(20 * RESERVED_BYTES, []);
  const [slow, nearlyDone] = [segments.take(2)!, segments.take(1)!];
  for (let tick = 0; tick < 5; tick += 1) {
    for (const segment of [slow, nearlyDone]) {
      segment.pos += 1;
      segments.measure(segment, 100);
    }
  }
  nearlyDone.bytesPerS = 1000;
  nearlyDone.pos = nearlyDone.end - 500;
  slow.bytesPerS = 50_000;
  expect(segments.laggard(1_000_000)).toBe(slow);
  expect(segments.laggard(100_000)).toBe(null);
});

test('one that had no time to become fast is no laggard', () => {
  const segments = new Segments(20 * RESERVED_BYTES, []);
  const slow = segments.take()!;
  for (let tick = 0; tick < 4; tick += 1) {
    slow.pos += 1000;
    segments.measure(slow, 100);
  }
  expect(segments.laggard(1_000_000)).toBe(null);
  slow.pos += 1000;
  segments.measure(slow, 100);
  expect(segments.laggard(1_000_000)).toBe(slow);
});
