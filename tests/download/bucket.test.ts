// A speed limit by itself, on a clock of the tests: exact, without bursts and fair, however late its timers are.
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Bucket } from '../../main/download/limits.ts';

/** How much later it is than the timers know: for so long the process stood still. */
let lateMs: number;

beforeEach(() => {
  vi.useFakeTimers();
  lateMs = 0;
  const { now } = performance;
  performance.now = () => now.call(performance) + lateMs;
});
afterEach(() => void vi.useRealTimers());

type Read = { at: number; bytes: number };

interface ReaderOptions {
  /** What the network has for it at a moment; default: always more. */
  waitingBytes?: () => number;
  /** It takes what has come, however little it may. */
  isGreedy?: boolean;
  reads?: Read[];
}

/** A connection that reads whatever it may, for ever. */
async function reader(
  bucket: Bucket,
  key: number,
  { waitingBytes, isGreedy = false, reads = [] }: ReaderOptions = {},
): Promise<void> {
  for (;;) {
    if (bucket.isShut) await bucket.turn(key);
    const bytes = isGreedy ? 60_000 : Math.floor(Math.min(bucket.roomBytes, waitingBytes?.() ?? 1e6));
    if (bytes > 0) {
      bucket.spend(key, bytes);
      reads.push({ at: performance.now(), bytes });
    } else await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const sum = (reads: readonly Read[]) => reads.reduce((total, { bytes }) => total + bytes, 0);

/** The most that came within any `ms`, as a multiple of what the limit allows. */
function most(reads: readonly Read[], bytesPerS: number, ms: number): number {
  let [best, within, first] = [0, 0, 0];
  for (const { at, bytes } of reads) {
    within += bytes;
    while (reads[first]!.at <= at - ms) within -= reads[first++]!.bytes;
    best = Math.max(best, within);
  }
  return (best * 1000) / bytesPerS / ms;
}

test.each([1024, 30_000, 1_000_000, 50_000_000])('%d B/s are exact to 1 % over 5 s', async (bytesPerS) => {
  const reads: Read[] = [];
  const bucket = new Bucket(bytesPerS);
  for (const key of [1, 1, 2]) void reader(bucket, key, { reads });
  await vi.advanceTimersByTimeAsync(5000);
  expect(sum(reads) / bytesPerS / 5).toBeGreaterThan(0.99);
  expect(sum(reads) / bytesPerS / 5).toBeLessThan(1.01);
});

test('whatever comes when, and however late the timers are: 5 s bring at most 5 % too much, 100 ms twice as much', async () => {
  const connection = fc.record({
    key: fc.integer({ min: 1, max: 4 }),
    /** How much comes at a time, and how often. */
    burstBytes: fc.integer({ min: 1, max: 2_000_000 }),
    everyMs: fc.integer({ min: 1, max: 800 }),
  });
  const scene = fc.record({
    bytesPerS: fc.integer({ min: 50_000, max: 20_000_000 }),
    connections: fc.array(connection, { minLength: 1, maxLength: 8 }),
    stalls: fc.array(fc.record({ afterMs: fc.integer({ min: 1, max: 900 }), ms: fc.integer({ min: 0, max: 3000 }) }), {
      minLength: 1,
      maxLength: 8,
    }),
  });
  type Scene = typeof scene extends fc.Arbitrary<infer S> ? S : never;
  const play = async ({ bytesPerS, connections, stalls }: Scene) => {
    const bucket = new Bucket(bytesPerS);
    const reads: Read[] = [];
    for (const { key, burstBytes, everyMs } of connections) {
      const from = performance.now();
      let taken = 0;
      const waitingBytes = () => Math.ceil((performance.now() - from) / everyMs) * burstBytes - taken;
      const own: Read[] = [];
      own.push = (...more) => {
        taken += sum(more);
        return reads.push(...more);
      };
      void reader(bucket, key, { waitingBytes, reads: own });
    }
    for (let n = 0; n < 24; n++) {
      const { afterMs, ms } = stalls[n % stalls.length]!;
      await vi.advanceTimersByTimeAsync(afterMs);
      lateMs += ms;
    }
    return reads;
  };
  await fc.assert(
    fc.asyncProperty(scene, async (shown) => {
      const reads = await play(shown);
      const { bytesPerS } = shown;
      expect(most(reads, bytesPerS, 5000)).toBeLessThan(1.05);
      expect(most(reads, bytesPerS, 100)).toBeLessThan(2);
      vi.clearAllTimers();
    }),
    { numRuns: 60 },
  );
});

test('late timers cost nothing, as long as they are not late all the time', async () => {
  const reads: Read[] = [];
  const bucket = new Bucket(1_000_000);
  void reader(bucket, 1, { reads });
  const from = performance.now();
  for (let n = 0; n < 40; n++) {
    await vi.advanceTimersByTimeAsync(400);
    lateMs += 80;
  }
  await vi.advanceTimersByTimeAsync(1000);
  expect(sum(reads) / (performance.now() - from) / 1000).toBeGreaterThan(0.99);
});

test('a machine that slept makes good next to nothing', async () => {
  const reads: Read[] = [];
  const bucket = new Bucket(1_000_000);
  for (const key of [1, 2]) void reader(bucket, key, { reads });
  await vi.advanceTimersByTimeAsync(1000);
  lateMs += 3_600_000;
  const before = sum(reads);
  await vi.advanceTimersByTimeAsync(5000);
  expect(sum(reads) - before).toBeLessThan(5_250_000);
});

test('downloads get the same, however many connections they have', async () => {
  const bucket = new Bucket(1_000_000);
  const [many, one, sparing]: [Read[], Read[], Read[]] = [[], [], []];
  for (let n = 0; n < 8; n++) void reader(bucket, 1, { reads: many });
  void reader(bucket, 2, { reads: one });
  // It wants less than its part, and has that.
  let wanted = 0;
  const timer = setInterval(() => (wanted += 2000), 20);
  const waitingBytes = () => wanted - sum(sparing);
  void reader(bucket, 3, { waitingBytes, reads: sparing });
  await vi.advanceTimersByTimeAsync(5000);
  clearInterval(timer);
  expect(sum(sparing)).toBeGreaterThan(470_000);
  expect(sum(one) / sum(many)).toBeGreaterThan(0.95);
  expect(sum(one) / sum(many)).toBeLessThan(1.05);
});

test('a connection for which nothing comes keeps no other waiting', async () => {
  const reads: Read[] = [];
  const bucket = new Bucket(1_000_000);
  void bucket.turn(1);
  void bucket.turn(1);
  void reader(bucket, 2, { reads });
  await vi.advanceTimersByTimeAsync(5000);
  expect(sum(reads)).toBeGreaterThan(4_950_000);
});

test('a changed rate holds from that moment, for those who wait as well', async () => {
  const reads: Read[] = [];
  const bucket = new Bucket(50_000_000);
  for (const key of [1, 2]) void reader(bucket, key, { reads });
  await vi.advanceTimersByTimeAsync(1000);
  for (const bytesPerS of [100_000, 1024, 2_000_000]) {
    bucket.bytesPerS = bytesPerS;
    const before = sum(reads);
    await vi.advanceTimersByTimeAsync(250);
    expect(sum(reads) - before).toBeLessThan(bytesPerS * 0.25 + bytesPerS * 0.05 + 128);
    expect(sum(reads) - before).toBeGreaterThan(bytesPerS * 0.25 - bytesPerS * 0.05 - 128);
  }
});

test('many small changes of the rate let nothing more through', async () => {
  const reads: Read[] = [];
  const bucket = new Bucket(1_000_000);
  // What is more than one may have is a debt.
  for (const key of [1, 2, 3]) void reader(bucket, key, { isGreedy: true, reads });
  for (let n = 0; n < 200; n++) {
    bucket.bytesPerS = n % 2 === 0 ? 970_000 : 1_030_000;
    await vi.advanceTimersByTimeAsync(25);
  }
  expect(sum(reads)).toBeGreaterThan(4_900_000);
  expect(sum(reads)).toBeLessThan(5_100_000);
});

test('without a limit nobody waits, and lifting it frees those who do', async () => {
  const bucket = new Bucket(1);
  let freed = 0;
  void bucket.turn(1).then(() => (freed += 1));
  void bucket.turn(2).then(() => (freed += 1));
  await vi.advanceTimersByTimeAsync(20);
  expect(freed).toBe(0);
  bucket.bytesPerS = null;
  expect(bucket.isShut).toBe(false);
  expect(bucket.roomBytes).toBe(Infinity);
  await vi.advanceTimersByTimeAsync(5);
  expect(freed).toBe(2);
});

test('a stopped download waits no more', async () => {
  const bucket = new Bucket(1);
  const waiting = bucket.turn(1);
  bucket.release(1);
  await waiting;
});

test('it tells for how long a download was held back', async () => {
  const bucket = new Bucket(1_000_000);
  void reader(bucket, 1);
  void reader(bucket, 2, { waitingBytes: () => 100 });
  await vi.advanceTimersByTimeAsync(1000);
  expect(bucket.waitedMs(1)).toBeGreaterThan(900);
  expect(bucket.waitedMs(1)).toBe(0);
  expect(bucket.waitedMs(7)).toBe(0);
});
