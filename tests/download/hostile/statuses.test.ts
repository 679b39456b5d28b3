// Servers that turn away: obeyed, asked again, taken fewer connections of, or given up with a failure that says why.
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { lanes } from '../../support/lanes.ts';
import { startBench } from '../../support/lease.ts';
import type { Behaviour, Seen } from '../../support/origin.ts';
import { originForTest } from '../../support/start.ts';
import { FILE, get, SIZE } from './get.ts';

describe.each(lanes)('on the %s lane', (lane) => {
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
});
