// Servers that lie of the parts they send, or whose content is replaced meanwhile: the exact bytes, or a clear failure.
import { describe, expect, test } from 'vitest';
import { lanes } from '../../support/lanes.ts';
import { contentBytes, seededContent, type Behaviour } from '../../support/origin.ts';
import { FILE, get, SIZE } from './get.ts';

const DATE = 'Mon, 01 Jan 2024 00:00:00 GMT';

describe.each(lanes)('on the %s lane', (lane) => {
  const bent: Behaviour['partial'][] = [
    'short',
    'shifted',
    'early',
    'no-content-range',
    'bad-content-range',
    'wrong-unit',
    'multipart',
    'overlong',
    'empty',
    'star',
    'short-star',
  ];
  test.each(bent)('a server whose parts are "%s" still gives the exact file', async (partial) => {
    const { bench, outcome } = await get(lane, { sizeBytes: SIZE, partial: partial!, bytesPerS: 20_000_000 });
    expect(bench.read(outcome).equals(FILE)).toBe(true);
    expect(bench.events()).not.toContain('restarted-from-zero');
  });

  test.each(bent)('a broken line and then parts that are "%s": the exact file, or a clear failure', async (partial) => {
    const { bench, outcome } = await get(lane, (seen) =>
      seen.count === 1
        ? { sizeBytes: SIZE, cutAfterBytes: 1_000_000, cut: 'reset' }
        : { sizeBytes: SIZE, partial: partial! },
    );
    if (outcome.kind === 'done') expect(bench.read(outcome).equals(FILE)).toBe(true);
    else expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'bad-response' } });
    // The whole file has nothing to do with parts.
    if (partial === 'empty' || partial === 'no-content-range') expect(outcome.kind).toBe('done');
  });

  test.each<[string, Behaviour, Behaviour]>([
    ['shorter than asked', {}, { partial: 'short-star' }],
    ['shorter than asked, without a tag', { etag: null }, { partial: 'short-star' }],
    ['cut off', {}, { partial: 'star', framing: 'close', cutAfterBytes: 500_000 }],
  ])('where the length is not known, a part that is %s does not end the file', async (_, always, part) => {
    const { bench, outcome } = await get(lane, ({ count, headers }) => ({
      sizeBytes: SIZE,
      ...always,
      ...(headers['range'] ? part : { framing: 'chunked' }),
      ...(count === 1 && { cutAfterBytes: 1_000_000, cut: 'reset' }),
    }));
    expect(bench.read(outcome).equals(FILE)).toBe(true);
  });

  test('a part that claims another total is another file', async () => {
    const { bench, outcome } = await get(lane, (seen) => ({
      sizeBytes: SIZE,
      bytesPerS: 20_000_000,
      ...(seen.headers['range'] && seen.count < 4 ? { claimTotal: SIZE + 1 } : {}),
    }));
    expect(bench.read(outcome).equals(FILE)).toBe(true);
    expect(bench.events()).toContain('changed-on-server');
  });

  test('a server that ignores ranges is left with one connection', async () => {
    const { origin, bench, outcome } = await get(lane, {
      sizeBytes: SIZE,
      ranges: 'ignore',
      headers: { 'Accept-Ranges': 'bytes' },
      bytesPerS: 20_000_000,
    });
    expect(bench.read(outcome).equals(FILE)).toBe(true);
    expect(bench.events()).not.toContain('restarted-from-zero');
    expect(origin.bytesServed('/f')).toBeLessThan(SIZE * 2);
  });

  test('content replaced while it is fetched never mixes', async () => {
    const { bench, outcome } = await get(lane, (seen) => ({
      sizeBytes: SIZE,
      seed: seen.count <= 2 ? 1 : 2,
      bytesPerS: 5_000_000,
    }));
    expect(bench.read(outcome).equals(contentBytes(seededContent(SIZE, 2)))).toBe(true);
  });

  test('content replaced while it is fetched never mixes, when its parts have no tag any more', async () => {
    const { bench, outcome } = await get(lane, ({ count }) => ({
      sizeBytes: SIZE,
      ranges: 'blind',
      bytesPerS: 5_000_000,
      ...(count === 1 ? { cutAfterBytes: 3_000_000, cut: 'reset' } : { seed: 2, etag: null }),
    }));
    expect(bench.read(outcome).equals(contentBytes(seededContent(SIZE, 2)))).toBe(true);
  });

  test('a server whose parts never have its tag still gives the exact file', async () => {
    const { bench, outcome } = await get(lane, ({ headers }) => ({
      sizeBytes: SIZE,
      ranges: 'blind',
      bytesPerS: 5_000_000,
      ...(headers['range'] ? { etag: null } : {}),
    }));
    expect(bench.read(outcome).equals(FILE)).toBe(true);
    expect(bench.events()).not.toContain('restarted-from-zero');
  });

  test.each([
    ['a weak ETag', { etag: 'W/"a"' }],
    ['a date as young as the answer', { etag: null, lastModified: DATE, date: DATE }],
  ])('with %s alone one connection is used, because it does not vouch for every byte', async (_, validator) => {
    const { origin, bench, outcome } = await get(lane, { sizeBytes: SIZE, bytesPerS: 20_000_000, ...validator });
    expect(bench.read(outcome).equals(FILE)).toBe(true);
    expect(origin.requests('/f')).toHaveLength(1);
  });

  test('with a weak ETag and a date that is old enough several connections are used', async () => {
    const { origin, bench, outcome } = await get(lane, {
      sizeBytes: SIZE,
      bytesPerS: 5_000_000,
      etag: 'W/"a"',
      lastModified: DATE,
    });
    expect(bench.read(outcome).equals(FILE)).toBe(true);
    expect(origin.requests('/f').length).toBeGreaterThan(1);
  });

  test('without any validator one connection is used, because nothing could tell contents apart', async () => {
    const { origin, bench, outcome } = await get(lane, { sizeBytes: SIZE, etag: null, bytesPerS: 20_000_000 });
    expect(bench.read(outcome).equals(FILE)).toBe(true);
    expect(origin.requests('/f')).toHaveLength(1);
  });
});
