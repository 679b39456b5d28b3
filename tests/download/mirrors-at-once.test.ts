// Several mirrors of one file at once: each is compared before its bytes count, and a bad one costs nothing but itself.
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Checksum, Extent, Validators } from '../../shared/download.ts';
import { FailureCode } from '../../shared/failure.ts';
import { whysEn } from '../../shared/why.ts';
import { lanes } from '../support/lanes.ts';
import { startBench } from '../support/lease.ts';
import { contentBytes, seededContent, type Behaviour, type Origin, type Seen } from '../support/origin.ts';
import { originForTest } from '../support/start.ts';

const SIZE = 16_000_000;
const FILE = contentBytes(seededContent(SIZE));
const PACE = { sizeBytes: SIZE, bytesPerS: 3_000_000 };
const KNOWN_BYTES = 64 << 10;

const rangeOf = (seen: Seen): number[] => (seen.headers['range'] ?? '').match(/\d+/g)?.map(Number) ?? [];

/** An origin and mirrors of `/f`, each with a behaviour of its own. */
async function serve(...behaviours: (Behaviour | ((seen: Seen) => Behaviour))[]): Promise<Origin[]> {
  const origins: Origin[] = [];
  for (const [index, behaviour] of behaviours.entries()) {
    const origin = await originForTest();
    // No two servers make the same tags.
    const tagged = (asked: Behaviour): Behaviour => ({ etag: `"server ${index}"`, ...asked });
    origin.serve('/f', (seen) => tagged(typeof behaviour === 'function' ? behaviour(seen) : behaviour));
    origins.push(origin);
  }
  return origins;
}

const urlsOf = ([first, ...mirrors]: Origin[]): [string, { mirrors: string[] }] => [
  first!.url('/f'),
  { mirrors: mirrors.map((mirror) => mirror.url('/f')) },
];

/** Checksums of the file and of its pieces of 1 MiB. */
function withPieces(file: Buffer): Checksum {
  const sha = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
  const pieceBytes = 1 << 20;
  const hex = Array.from({ length: Math.ceil(file.length / pieceBytes) }, (_, i) =>
    sha(file.subarray(i * pieceBytes, (i + 1) * pieceBytes)),
  );
  return { algorithm: 'sha256', hex: sha(file), pieces: { algorithm: 'sha256', pieceBytes, hex } };
}

describe.each(lanes)('on the %s lane', (lane) => {
  test('connections are spread over the mirrors, each compared before it brings anything', async () => {
    const origins = await serve(PACE, PACE, PACE);
    const bench = startBench({ settings: { lane } });
    const [url, more] = urlsOf(origins);
    const outcome = await bench.download(url, { ...more, connections: 6 });
    expect(bench.read(outcome).equals(FILE)).toBe(true);
    for (const origin of origins) expect(origin.bytesServed('/f')).toBeGreaterThan(SIZE / 10);
    for (const mirror of origins.slice(1)) {
      const [first, second] = mirror.requests('/f').map(rangeOf) as [number[], number[]];
      expect(first[1]! - first[0]! + 1).toBeGreaterThanOrEqual(KNOWN_BYTES);
      expect(first[1]! - first[0]! + 1).toBeLessThanOrEqual(2 * KNOWN_BYTES);
      expect(second[1]! - second[0]!).toBeGreaterThan(2 * KNOWN_BYTES);
    }
    expect(bench.events()).not.toContain('mirror-dropped');
    expect(bench.events()).not.toContain('restarted-from-zero');
    expect(bench.events()).toContain('connections');
  });

  test('no more than the download may have are open together, nor more than a few at one host', async () => {
    const origins = await serve(PACE, PACE);
    const bench = startBench({ settings: { lane } });
    const [url, more] = urlsOf(origins);
    bench.read(await bench.download(url, { ...more, connections: 4 }));
    const most = origins.map((origin) => Math.max(...origin.requests('/f').map(({ active }) => active)));
    // The one that compares comes on top, and for a moment the one in whose place it steps.
    for (const each of most) expect(each).toBeLessThanOrEqual(4);
  });

  test('at a mirror no more are open than may be there, and none while the others do without it', async () => {
    const origins = await serve(PACE, PACE, PACE);
    const bench = startBench({ settings: { lane } });
    const [url, more] = urlsOf(origins);
    const [, one, none] = origins.map(({ port }) => `127.0.0.1:${port}`) as [string, string, string];
    const mirrorConnections = { [one]: 1, [none]: 0 };
    bench.read(await bench.download(url, { ...more, connections: 4, mirrorConnections }));
    expect(Math.max(...origins[1]!.requests('/f').map(({ active }) => active))).toBe(1);
    expect(origins[1]!.bytesServed('/f')).toBeGreaterThan(1_000_000);
    expect(origins[2]!.requests('/f')).toHaveLength(0);
    // The one that may not be used beside the others is still there for when they fail.
    origins[0]!.serve('/f', { status: 404, bytes: Buffer.from('no') });
    origins[1]!.serve('/f', { status: 404, bytes: Buffer.from('no') });
    const outcome = await bench.download(url, { ...more, id: 2, mirrorConnections });
    expect(bench.read(outcome).equals(FILE)).toBe(true);
  });

  test.each<[string, Behaviour | ((seen: Seen) => Behaviour)]>([
    ['other content of the same length', { sizeBytes: SIZE, seed: 2 }],
    ['another length', { sizeBytes: SIZE + 1 }],
    ['a page', { bytes: Buffer.from('<html>not here</html>'), contentType: 'text/html' }],
    ['a refusal to everybody', { status: 403, bytes: Buffer.from('no') }],
    ['"too many requests"', { status: 429, retryAfter: '30', bytes: Buffer.from('busy') }],
    ['a whole file instead of ranges', { sizeBytes: SIZE, ranges: 'ignore', bytesPerS: 1_000_000 }],
    ['nothing to tell contents apart', { sizeBytes: SIZE, etag: null }],
    ['an answer that never comes', { sizeBytes: SIZE, headDelayMs: 60_000 }],
  ])('a mirror that has %s brings nothing and hinders nothing', async (_, bad) => {
    const origins = await serve(PACE, bad, PACE);
    const bench = startBench({ settings: { lane, maxRetries: 0, connectTimeoutMs: 200, idleTimeoutMs: 300 } });
    const [url, more] = urlsOf(origins);
    const outcome = await bench.download(url, more);
    expect(bench.read(outcome).equals(FILE)).toBe(true);
    expect(origins[2]!.bytesServed('/f')).toBeGreaterThan(SIZE / 10);
    const dropped = bench.of('event').filter(({ event }) => event === 'mirror-dropped');
    expect(dropped.map(({ detail }) => detail['host'])).toEqual([`127.0.0.1:${origins[1]!.port}`]);
    const { message, why, code } = dropped[0]!.detail;
    expect(message).toBeTruthy();
    expect([...Object.keys(whysEn), ...FailureCode.options]).toContain(why ?? code);
    expect(bench.events()).not.toContain('restarted-from-zero');
  });

  test('a mirror that dies midway is dropped, and the others bring the rest', async () => {
    const dying = (seen: Seen): Behaviour =>
      seen.count <= 3 ? { ...PACE, cutAfterBytes: 1_000_000, cut: 'reset' } : { status: 404, bytes: Buffer.from('no') };
    const origins = await serve(PACE, dying);
    const bench = startBench({ settings: { lane } });
    const [url, more] = urlsOf(origins);
    const outcome = await bench.download(url, more);
    expect(bench.read(outcome).equals(FILE)).toBe(true);
    expect(bench.events()).toContain('mirror-dropped');
  });

  test('the first URL may die midway as well', async () => {
    const dying = (seen: Seen): Behaviour =>
      seen.count <= 3 ? { ...PACE, cutAfterBytes: 2_000_000, cut: 'reset' } : { status: 404, bytes: Buffer.from('no') };
    const origins = await serve(dying, PACE);
    const bench = startBench({ settings: { lane } });
    const [url, more] = urlsOf(origins);
    const outcome = await bench.download(url, more);
    expect(bench.read(outcome).equals(FILE)).toBe(true);
    expect(bench.events()).not.toContain('restarted-from-zero');
    expect(origins[1]!.bytesServed('/f')).toBeLessThan(SIZE);
  });

  test('a mirror far slower than the others is put aside', async () => {
    const origins = await serve({ ...PACE, bytesPerS: 1_500_000 }, { ...PACE, bytesPerS: 100_000 });
    const bench = startBench({ settings: { lane } });
    const [url, more] = urlsOf(origins);
    const outcome = await bench.download(url, more);
    expect(bench.read(outcome).equals(FILE)).toBe(true);
    const dropped = bench.of('event').find(({ event }) => event === 'mirror-dropped');
    expect(dropped?.detail).toMatchObject({ why: 'far-slower' });
  });

  test('what a mirror brought wrong is found by the pieces and fetched again from another', async () => {
    // Equal where it is compared first, wrong later on.
    const other = Buffer.concat([FILE.subarray(0, 3_000_000), Buffer.alloc(SIZE - 3_000_000, 'x')]);
    const origins = await serve(PACE, { ...PACE, bytes: other, sizeBytes: SIZE });
    const bench = startBench({ settings: { lane } });
    const [url, more] = urlsOf(origins);
    const outcome = await bench.download(url, { ...more, checksum: withPieces(FILE) });
    expect(bench.read(outcome).equals(FILE)).toBe(true);
    expect(bench.events()).toContain('mirror-dropped');
    expect(origins[0]!.bytesServed('/f')).toBeLessThan(SIZE * 1.3);
  });

  test('with a checksum of the whole alone, all that a mirror brought is fetched again from another', async () => {
    const other = Buffer.from(FILE);
    // One wrong byte in each 200,000, but none where it may be compared first.
    for (let at = 8_000_000; at < SIZE; at += 200_000) other[at]! ^= 1;
    const origins = await serve(PACE, { ...PACE, bytes: other });
    const bench = startBench({ settings: { lane } });
    const [url, more] = urlsOf(origins);
    const { algorithm, hex } = withPieces(FILE);
    const outcome = await bench.download(url, { ...more, checksum: { algorithm, hex } });
    expect(bench.read(outcome).equals(FILE)).toBe(true);
  });

  test('a pause and its resume go on with the mirrors, and compare them anew', async () => {
    const origins = await serve(PACE, PACE);
    const bench = startBench({ settings: { lane } });
    const [url, more] = urlsOf(origins);
    const first = bench.download(url, more);
    await origins[1]!.served('/f', 2_000_000);
    bench.send({ kind: 'cancel', id: 1, epoch: 1 });
    const released = await first;
    if (released.kind !== 'released') throw new Error('It ended before it was paused');
    const before = origins[1]!.requests('/f').length;
    const validators = bench.of('probed').at(-1)!.validators;
    const outcome = await bench.download(url, { ...more, id: 1, epoch: 2, extents: released.extents, validators });
    expect(bench.read(outcome).equals(FILE)).toBe(true);
    const [proof] = origins[1]!.requests('/f').slice(before).map(rangeOf) as [number[]];
    expect(proof[1]! - proof[0]!).toBeLessThan(2 * KNOWN_BYTES);
    expect(origins[0]!.bytesServed('/f') + origins[1]!.bytesServed('/f')).toBeLessThan(SIZE * 1.2);
  });
});

test('what a mirror said of the content is asked of that mirror again, also when the first URL came back', async () => {
  const [first, mirror] = (await serve({ status: 404, bytes: Buffer.from('no') }, PACE)) as [Origin, Origin];
  const bench = startBench();
  const [url, more] = urlsOf([first, mirror]);
  const half = bench.download(url, more);
  await mirror.served('/f', 3_000_000);
  bench.send({ kind: 'cancel', id: 1, epoch: 1 });
  const released = await half;
  if (released.kind !== 'released') throw new Error('It ended before it was paused');
  const { validators } = bench.of('probed').at(-1)!;
  expect(validators.mirror).toBe(more.mirrors[0]);
  first.serve('/f', { ...PACE, etag: '"the first server"' });
  const outcome = await bench.download(url, { ...more, id: 1, epoch: 2, extents: released.extents, validators });
  expect(bench.read(outcome).equals(FILE)).toBe(true);
  expect(bench.events()).not.toContain('changed-on-server');
  expect(first.bytesServed('/f') + mirror.bytesServed('/f')).toBeLessThan(SIZE * 1.2);
});

const SMALL = 5_000_000;
const CONTENTS = [1, 2].flatMap((seed) => [SMALL, SMALL - 1].map((size) => contentBytes(seededContent(size, seed))));
const behaviour: fc.Arbitrary<Behaviour> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Behaviour>({}) },
  fc.record({ cutAfterBytes: fc.nat(1_500_000), cut: fc.constantFrom('close', 'reset', 'stall') }),
  fc.record({ partial: fc.constantFrom('short', 'shifted', 'early', 'no-content-range', 'overlong', 'empty') }),
  fc.constantFrom<Behaviour>(
    { seed: 2 },
    { sizeBytes: SMALL - 1 },
    { ranges: 'ignore' },
    { ranges: 'blind' },
    { status: 429, bytes: Buffer.from('busy') },
    { status: 404, bytes: Buffer.from('no') },
    { etag: 'W/"weak"' },
    { etag: null },
    { bytesPerS: 500_000 },
    { framing: 'chunked' },
    { maxActive: 1 },
  ),
);
const mirrorStories = fc.record({
  /** What each server does, one request after the other. */
  servers: fc.array(fc.array(behaviour, { maxLength: 6 }), { minLength: 2, maxLength: 4 }),
  /** Which have the other content for good. */
  liars: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
  connections: fc.integer({ min: 2, max: 6 }),
  pauseAt: fc.option(fc.nat(SMALL), { nil: null }),
  hasChecksum: fc.boolean(),
});

test('over any mirrors the outcome is the exact file or a failure', { timeout: 120_000 }, async () => {
  const origins = await Promise.all([0, 1, 2, 3].map(() => originForTest()));
  const bench = startBench({ settings: { idleTimeoutMs: 300, maxRetries: 1 } });
  let id = 0;
  const tell = async (told: typeof mirrorStories extends fc.Arbitrary<infer T> ? T : never): Promise<void> => {
    const own = (id += 1);
    const used = origins.slice(0, told.servers.length);
    for (const [index, origin] of used.entries()) {
      const seed = index > 0 && told.liars[index] ? 2 : 1;
      origin.serve(`/${own}`, ({ count }) => {
        // A server that changes its mind about the content would have to change its tag as well.
        const { seed: other = seed, sizeBytes = SMALL, ...rest } = told.servers[index]![count - 1] ?? {};
        return { sizeBytes, bytesPerS: 8_000_000, seed: other, etag: `"${index} ${other} ${sizeBytes}"`, ...rest };
      });
    }
    const [url, ...mirrors] = used.map((origin) => origin.url(`/${own}`)) as [string, ...string[]];
    const hex = createHash('sha256').update(CONTENTS[0]!).digest('hex');
    const checksum: Checksum | null = told.hasChecksum ? { algorithm: 'sha256', hex } : null;
    let extents: Extent[] = [];
    let validators: Validators | null = null;
    for (let epoch = 1; ; epoch += 1) {
      const more = { id: own, epoch, mirrors, extents, validators, connections: told.connections, checksum };
      const ended = bench.download(url, more);
      if (epoch === 1 && told.pauseAt !== null) {
        await Promise.race([used[0]!.served(`/${own}`, told.pauseAt), ended]);
        bench.send({ kind: 'cancel', id: own, epoch });
      }
      const outcome = await ended;
      validators = bench.of('probed', own).at(-1)?.validators ?? validators;
      if (outcome.kind === 'released') {
        extents = outcome.extents;
        continue;
      }
      if (outcome.kind === 'failed') {
        expect(outcome.failure.code).not.toBe('internal');
        return;
      }
      const which = CONTENTS.findIndex((content) => content.equals(bench.read(outcome)));
      expect(which).toBeGreaterThanOrEqual(0);
      if (told.hasChecksum) expect(which).toBe(0);
      rmSync(outcome.path, { force: true });
      return;
    }
  };
  await fc.assert(fc.asyncProperty(mirrorStories, tell), {
    numRuns: Number(process.env['CHAOS_RUNS'] ?? 20),
    endOnFailure: true,
  });
});
