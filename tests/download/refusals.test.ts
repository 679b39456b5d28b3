// What is done when a server says no: later and later, never in step with others, and with fewer connections.
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { lanes } from '../support/lanes.ts';
import { startBench, type Bench } from '../support/lease.ts';
import { contentBytes, seededContent } from '../support/origin.ts';
import { originForTest } from '../support/start.ts';

const waitsOf = (bench: Bench, id: number): number[] =>
  bench.of('event', id).flatMap(({ event, detail }) => (event === 'retrying' ? [Number(detail['afterMs'])] : []));

test('each try waits about twice as long as the one before, and no two downloads wait alike', async () => {
  const origin = await originForTest();
  origin.serve('/f', { status: 500, bytes: Buffer.from('an error page') });
  const bench = startBench({ settings: { maxRetries: 3 } });
  const ids = [1, 2, 3, 4];
  await Promise.all(ids.map(() => bench.download(origin.url('/f'))));
  const waits = ids.map((id) => waitsOf(bench, id));
  for (const all of waits) {
    expect(all).toHaveLength(3);
    for (const [nth, ms] of all.entries()) {
      expect(ms).toBeGreaterThanOrEqual(125 * 2 ** nth);
      expect(ms).toBeLessThanOrEqual(375 * 2 ** nth);
    }
  }
  expect(new Set(waits.map(([first]) => first)).size).toBeGreaterThan(1);
});

test('those who were told the same Retry-After do not come back in the same moment, and none too early', async () => {
  const ids = [1, 2, 3, 4];
  // Each alone at its server, which else takes one after the other.
  const origins = await Promise.all(ids.map(() => originForTest()));
  for (const origin of origins) {
    origin.serve('/f', ({ count }) =>
      count === 1 ? { status: 429, retryAfter: '1', bytes: Buffer.from('busy') } : { sizeBytes: 1000 },
    );
  }
  const bench = startBench();
  await Promise.all(origins.map((origin) => bench.download(origin.url('/f'))));
  const waits = ids.flatMap((id) => waitsOf(bench, id));
  expect(waits).toHaveLength(4);
  for (const ms of waits) expect(ms).toBeGreaterThanOrEqual(1000);
  expect(new Set(waits).size).toBeGreaterThan(1);
});

test('one that was asked again as often as allowed is over, whatever the server says of a next time', async () => {
  const origin = await originForTest();
  origin.serve('/f', { status: 503, retryAfter: '1', bytes: Buffer.from('busy') });
  const bench = startBench({ settings: { maxRetries: 1 } });
  const outcome = await bench.download(origin.url('/f'));
  expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'http-status', retry: 'soon' } });
  expect(outcome).not.toHaveProperty('failure.retryAfterMs');
});

test('a server that breaks off what is too many is not asked for as many again and again', async () => {
  const origin = await originForTest();
  const sizeBytes = 6_000_000;
  origin.serve('/f', ({ active }) => ({
    sizeBytes,
    bytesPerS: 1_500_000,
    ...(active > 2 ? { cutAfterBytes: 0, cut: 'reset' as const } : {}),
  }));
  const bench = startBench();
  const outcome = await bench.download(origin.url('/f'), { connections: 4 });
  expect(bench.read(outcome).equals(contentBytes(seededContent(sizeBytes)))).toBe(true);
  expect(origin.requests('/f').length).toBeLessThan(12);
});

test.each([401, 403, 404, 408, 410, 418, 429, 500, 503])(
  '%d is told with the host and with what can be done',
  async (status) => {
    const origin = await originForTest();
    origin.serve('/f', { status, bytes: Buffer.from('an error page') });
    const outcome = await startBench({ settings: { maxRetries: 0 } }).download(origin.url('/f'));
    if (outcome.kind !== 'failed') throw new Error(outcome.kind);
    const { message } = outcome.failure;
    expect(message).toContain(`127.0.0.1:${origin.port}`);
    expect(message).toContain(`${status}`);
    expect(message).toMatch(/\. (Give|It may want|Look|Try) .*\.$/);
  },
);

test.each(lanes)(
  'a name that nobody knows is asked for again, as often as the settings say (%s lane)',
  async (lane) => {
    const bench = startBench({ settings: { lane, maxRetries: 1 } });
    const outcome = await bench.download('http://nowhere.invalid/f');
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'dns', retry: 'soon' } });
    if (outcome.kind === 'failed') expect(outcome.failure.message).toContain('nowhere.invalid');
    expect(waitsOf(bench, 1)).toHaveLength(1);
  },
);

test.each(lanes)(
  'a line that fell silent is given up in time, also where it is the only one (%s lane)',
  async (lane) => {
    const origin = await originForTest();
    const sizeBytes = 2_000_000;
    origin.serve('/f', ({ count }) => ({
      sizeBytes,
      ...(count <= 2 ? { cutAfterBytes: 500_000, cut: 'stall' as const } : {}),
    }));
    const bench = startBench({ settings: { lane, idleTimeoutMs: 300 } });
    const outcome = await bench.download(origin.url('/f'), { connections: 1 });
    expect(bench.read(outcome).equals(contentBytes(seededContent(sizeBytes)))).toBe(true);
    const retries = bench.of('event').filter(({ event }) => event === 'retrying');
    expect(retries.map(({ detail }) => detail['code'])).toEqual(['timeout', 'timeout']);
  },
);

test('a page is not the file that a checksum was given for', async () => {
  const origin = await originForTest();
  origin.serve('/get?id=3', { bytes: Buffer.from('<html>log in'), contentType: 'text/html' });
  const checksum = { algorithm: 'sha256', hex: createHash('sha256').update('file').digest('hex') } as const;
  const outcome = await startBench().download(origin.url('/get?id=3'), { checksum });
  expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'needs-new-link', retry: 'by-hand' } });
  if (outcome.kind === 'failed') expect(outcome.failure.message).toContain(`127.0.0.1:${origin.port}`);
});
