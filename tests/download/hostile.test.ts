// Against servers that lie, break off, stall and turn away: the exact bytes, or a failure that says why.
import { describe, expect, test } from 'vitest';
import { readdirSync } from 'node:fs';
import { lanes } from '../support/lanes.ts';
import { startBench } from '../support/lease.ts';
import { contentBytes, seededContent, type Behaviour, type Seen } from '../support/origin.ts';
import { originForTest } from '../support/start.ts';

const SIZE = 6_000_000;
const DATE = 'Mon, 01 Jan 2024 00:00:00 GMT';
const FILE = contentBytes(seededContent(SIZE));

async function get(
  lane: (typeof lanes)[number],
  behaviour: Behaviour | ((seen: Seen) => Behaviour),
  settings: NonNullable<Parameters<typeof startBench>[0]>['settings'] = {},
) {
  const origin = await originForTest();
  origin.serve('/f', behaviour);
  const bench = startBench({ settings: { lane, ...settings } });
  const outcome = await bench.download(origin.url('/f'));
  return { origin, bench, outcome };
}

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

  test.each(['close', 'reset', 'stall'] as const)(
    'a line that ends in "%s" again and again goes on where it was',
    async (cut) => {
      const { origin, bench, outcome } = await get(
        lane,
        { sizeBytes: SIZE, cutAfterBytes: 1_500_000, cut },
        { idleTimeoutMs: 300 },
      );
      expect(bench.read(outcome).equals(FILE)).toBe(true);
      expect(origin.bytesServed('/f')).toBeLessThan(SIZE * 1.6);
    },
  );

  test('a trickle is slow, not dead', async () => {
    const { bench, outcome } = await get(lane, { sizeBytes: 3000, bytesPerS: 3000 }, { idleTimeoutMs: 300 });
    expect(bench.read(outcome).equals(FILE.subarray(0, 3000))).toBe(true);
  });

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

  test.each([
    ['429 with seconds', { status: 429, retryAfter: '1' }],
    ['503 with a date', { status: 503, retryAfter: 'in a second' }],
  ])('%s is obeyed', async (_, refusal) => {
    const { origin, bench, outcome } = await get(lane, (seen) => {
      if (seen.count > 1) return { sizeBytes: 1000 };
      const date = new Date(Math.ceil(Date.now() / 1000) * 1000 + 1000).toUTCString();
      return { ...refusal, retryAfter: refusal.retryAfter === '1' ? '1' : date, bytes: Buffer.from('busy') };
    });
    expect(bench.read(outcome).equals(FILE.subarray(0, 1000))).toBe(true);
    const [first, second] = origin.requests('/f');
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(990);
    expect(bench.of('waiting').map((m) => m.wait === null)).toEqual([false, true]);
  });

  test('a long Retry-After is handed to the engine', async () => {
    const { outcome } = await get(lane, { status: 503, retryAfter: '3600', bytes: Buffer.from('busy') });
    expect(outcome).toMatchObject({ failure: { code: 'http-status', retry: 'soon', retryAfterMs: 3_600_000 } });
  });

  test.each<[string, Behaviour]>([
    ['says 503', {}],
    ['says 403', { tooMany: 'forbidden' }],
    ['breaks off', { tooMany: 'reset' }],
  ])(
    'a server that takes one connection and else %s works without an error, and its limit is learned',
    async (_, to) => {
      const { bench, outcome } = await get(lane, { sizeBytes: SIZE, maxActive: 1, bytesPerS: 8_000_000, ...to });
      expect(bench.read(outcome).equals(FILE)).toBe(true);
      expect(bench.of('host-cap').at(-1)).toMatchObject({ connections: 1 });
      expect(bench.events()).not.toContain('retrying');
    },
  );

  test('a 403 from a link that just gave bytes is no end yet', async () => {
    const { bench, outcome } = await get(lane, ({ count }) => ({
      sizeBytes: 1_000_000,
      ...(count === 1 && { cutAfterBytes: 500_000, cut: 'close' }),
      ...(count === 2 && { status: 403, bytes: Buffer.from('too many') }),
    }));
    expect(bench.read(outcome).equals(FILE.subarray(0, 1_000_000))).toBe(true);
  });

  test('two downloads share the one connection that a server takes', async () => {
    const origin = await originForTest();
    let active = 0;
    const busy = (seen: Seen): Behaviour => {
      active = [...origin.requests('/a'), ...origin.requests('/b')].filter((one) => one.open).length;
      return active > 1 && seen.open
        ? { status: 503, bytes: Buffer.from('x') }
        : { sizeBytes: 300_000, bytesPerS: 1_000_000 };
    };
    origin.serve('/a', busy);
    origin.serve('/b', busy);
    const bench = startBench({ settings: { lane } });
    const outcomes = await Promise.all([bench.download(origin.url('/a')), bench.download(origin.url('/b'))]);
    for (const outcome of outcomes) expect(bench.read(outcome).equals(FILE.subarray(0, 300_000))).toBe(true);
  });

  test.each([408, 500, 502, 520, 522])('%d is tried again', async (status) => {
    const { bench, outcome } = await get(lane, (seen) =>
      seen.count === 1 ? { status, bytes: Buffer.from('an error page') } : { sizeBytes: 1000 },
    );
    expect(bench.read(outcome).equals(FILE.subarray(0, 1000))).toBe(true);
    expect(bench.events()).toContain('retrying');
  });

  test('tries end after as many as the settings say', async () => {
    const { origin, outcome } = await get(lane, { status: 500, bytes: Buffer.from('error') }, { maxRetries: 2 });
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'http-status', httpStatus: 500, retry: 'soon' } });
    expect(origin.requests('/f')).toHaveLength(3);
  });

  test.each([
    [401, 'needs-login'],
    [403, 'http-status'],
    [404, 'not-found'],
    [410, 'not-found'],
    [418, 'http-status'],
  ])('%d fails at once as %s and no error page becomes a file', async (status, code) => {
    const { origin, bench, outcome } = await get(lane, { status, bytes: Buffer.from('an error page') });
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code, httpStatus: status, retry: 'by-hand' } });
    expect(origin.requests('/f')).toHaveLength(1);
    await bench.stop();
    expect(readdirSync(bench.dir)).not.toContain('file-1');
  });

  test('an answer that is a page although the name is an archive asks for a new link', async () => {
    const origin = await originForTest();
    origin.serve('/f.zip', { bytes: Buffer.from('<html>'), contentType: 'text/html' });
    const bench = startBench({ settings: { lane } });
    const outcome = await bench.download(origin.url('/f.zip'));
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'needs-new-link' } });
  });

  test('a head that never ends is not waited for', async () => {
    const { outcome } = await get(
      lane,
      { sizeBytes: 1000, headBytesPerS: 20 },
      { connectTimeoutMs: 300, idleTimeoutMs: 300, maxRetries: 0 },
    );
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'timeout' } });
  });

  test('interim answers are passed over, and a flood of them is no answer', async () => {
    const few = await get(lane, { sizeBytes: 1000, interims: 3 });
    expect(few.bench.read(few.outcome).equals(FILE.subarray(0, 1000))).toBe(true);
    const { bench, outcome } = await get(lane, { sizeBytes: 1000, interims: 30_000 }, { maxRetries: 0 });
    if (lane === 'direct') expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'bad-response' } });
    else expect(bench.read(outcome).equals(FILE.subarray(0, 1000))).toBe(true);
  });

  test('a flood of headers is refused', async () => {
    const { outcome } = await get(
      lane,
      { sizeBytes: 1000, rawHeaders: 'X-Flood: 1234567890\r\n'.repeat(100_000) },
      { maxRetries: 0 },
    );
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'bad-response' } });
  });

  test('nothing listens: refused, after the tries', async () => {
    const bench = startBench({ settings: { lane, maxRetries: 1 } });
    const origin = await originForTest();
    const url = origin.url('/f');
    await origin.close();
    expect(await bench.download(url)).toMatchObject({ kind: 'failed', failure: { code: 'refused', retry: 'soon' } });
  });

  test('an empty file is a file', async () => {
    const { bench, outcome } = await get(lane, { sizeBytes: 0 });
    expect(bench.read(outcome)).toHaveLength(0);
  });

  test('IPv6', async () => {
    const origin = await originForTest({ host: '::1' });
    origin.serve('/f', { sizeBytes: SIZE });
    const bench = startBench({ settings: { lane } });
    expect(bench.read(await bench.download(origin.url('/f'))).equals(FILE)).toBe(true);
  });

  test('one connection 50 times slower than the others does not make the file wait', async () => {
    const { origin, bench, outcome } = await get(lane, (seen) => ({
      sizeBytes: 20_000_000,
      bytesPerS: seen.count === 3 ? 100_000 : 5_000_000,
    }));
    expect(bench.read(outcome).equals(contentBytes(seededContent(20_000_000)))).toBe(true);
    const all = origin.requests('/f');
    expect(Math.max(...all.map((seen) => seen.at)) - all[0]!.at).toBeLessThan(3500);
  });

  test('one connection far slower than the others is opened anew while they are still busy', async () => {
    const { origin, bench, outcome } = await get(lane, (seen) => ({
      sizeBytes: 40_000_000,
      bytesPerS: seen.count === 3 ? 100_000 : 5_000_000,
    }));
    expect(bench.read(outcome).equals(contentBytes(seededContent(40_000_000)))).toBe(true);
    const rangeOf = (seen: Seen): number[] => (seen.headers['range'] ?? '').match(/\d+/g)?.map(Number) ?? [];
    const all = origin.requests('/f');
    const [from, to] = rangeOf(all[2]!) as [number, number];
    const anew = all.findIndex((seen, index) => index > 2 && rangeOf(seen)[0]! > from && rangeOf(seen)[1] === to);
    // The four that began together, on the direct lane one of them twice, and then already this one.
    expect(anew).toBeGreaterThan(0);
    expect(anew).toBeLessThanOrEqual(5);
  });
});
