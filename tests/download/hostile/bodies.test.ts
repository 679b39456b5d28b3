// Bodies: where they end, whatever their heads say, and how they are encoded.
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { lanes } from '../../support/lanes.ts';
import { startBench } from '../../support/lease.ts';
import type { Behaviour } from '../../support/origin.ts';
import { originForTest } from '../../support/start.ts';
import { FILE, get } from './get.ts';

describe.each(lanes)('on the %s lane', (lane) => {
  test('a body that is shorter than its Content-Length is not a file', async () => {
    const { bench, outcome } = await get(lane, { sizeBytes: 100_000, lieBytes: 5000, ranges: 'ignore' });
    expect(outcome).toMatchObject({ kind: 'failed' });
    expect(readdirSync(bench.dir)).not.toContain('file-1');
  });

  test('a body that is longer than its Content-Length ends where it was told', async () => {
    const { bench, outcome } = await get(lane, { sizeBytes: 100_000, lieBytes: -5000 });
    expect(bench.read(outcome).equals(FILE.subarray(0, 95_000))).toBe(true);
  });

  test.each(['chunked', 'close', 'both'] as const)('a body framed by "%s" is taken whole', async (framing) => {
    const { bench, outcome } = await get(lane, { sizeBytes: 300_000, framing });
    expect(bench.read(outcome).equals(FILE.subarray(0, 300_000))).toBe(true);
    expect(outcome).toMatchObject({ endTold: framing !== 'close' });
  });

  test.each<[boolean, Behaviour]>([
    [true, {}],
    [true, { framing: 'close', encoding: 'gzip' }],
    [false, { framing: 'close', cutAfterBytes: 1000 }],
  ])('that something told where the file ends is %s for %j', async (endTold, behaviour) => {
    const { outcome } = await get(lane, { sizeBytes: 300_000, ranges: 'ignore', ...behaviour });
    expect(outcome).toMatchObject({ kind: 'done', endTold });
  });

  test('a chunked body that breaks off is not a file', async () => {
    const { bench, outcome } = await get(lane, {
      sizeBytes: 300_000,
      framing: 'chunked',
      cutAfterBytes: 1000,
      ranges: 'ignore',
    });
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'reset' } });
    expect(readdirSync(bench.dir)).not.toContain('file-1');
  });

  test.each(['gzip', 'deflate', 'br'] as const)(
    'a body that came as %s although identity was asked is decoded',
    async (encoding) => {
      // What is encoded may be shorter than the file, or longer.
      for (const bytes of [FILE.subarray(0, 300_000), Buffer.from('again and '.repeat(30_000))]) {
        const { origin, bench, outcome } = await get(lane, { bytes, encoding });
        expect(bench.read(outcome).equals(bytes)).toBe(true);
        expect(origin.requests('/f')[0]?.headers['accept-encoding']).toBe('identity');
      }
    },
  );

  test.each<[string, Behaviour]>([
    ['plain', {}],
    ['chunked', { framing: 'chunked' }],
    ['framed by its end', { framing: 'close' }],
    ['encoded', { encoding: 'gzip' }],
    ['chunked and encoded', { framing: 'chunked', encoding: 'gzip' }],
  ])('a URL that works only once is asked once, also for a body that is %s', async (_, behaviour) => {
    const origin = await originForTest();
    origin.serve('/known', { sizeBytes: 1000 });
    origin.serve('/once', ({ count }) =>
      count === 1 ? { sizeBytes: 3_000_000, ...behaviour } : { status: 403, bytes: Buffer.from('used up') },
    );
    const bench = startBench({ settings: { lane } });
    // So that the origin is one whose answers were plain so far.
    bench.read(await bench.download(origin.url('/known')));
    const outcome = await bench.download(origin.url('/once'), { connections: 1 });
    expect(bench.read(outcome).equals(FILE.subarray(0, 3_000_000))).toBe(true);
    expect(origin.requests('/once')).toHaveLength(1);
  });

  test('an encoded body that breaks off is not a file', async () => {
    const { bench, outcome } = await get(lane, {
      sizeBytes: 300_000,
      encoding: 'gzip',
      framing: 'close',
      cutAfterBytes: 100_000,
      ranges: 'ignore',
    });
    expect(outcome).toMatchObject({ kind: 'failed' });
    expect(readdirSync(bench.dir)).not.toContain('file-1');
  });

  test('an empty file is a file', async () => {
    const { bench, outcome } = await get(lane, { sizeBytes: 0 });
    expect(bench.read(outcome)).toHaveLength(0);
  });
});
