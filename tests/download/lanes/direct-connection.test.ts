// Where an answer ends on a kept connection: what follows belongs to nothing, and what came before a break is not lost.
import { describe, expect, test } from 'vitest';
import { bytesIn } from '../../../main/download/extents.ts';
import { lanes } from '../../support/lanes.ts';
import { startBench } from '../../support/lease.ts';
import { certificate } from '../../support/certificate.ts';
import { contentBytes, seededContent, type Behaviour } from '../../support/origin.ts';
import { originForTest } from '../../support/start.ts';

const FILE = contentBytes(seededContent(600_000));
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: "x"\r\n\r\nwrong';

describe.each(lanes)('on the %s lane', (lane) => {
  test('what follows an answer is not the next one', async () => {
    const origin = await originForTest();
    const bytes = Buffer.concat([FILE.subarray(0, 1000), Buffer.from(ANSWER)]);
    origin.serve('/a', { bytes, headers: { 'Content-Length': '1000' } });
    origin.serve('/b', { bytes: FILE });
    const bench = startBench({ settings: { lane } });
    for (const [path, length] of [
      ['/b', FILE.length],
      ['/a', 1000],
      ['/b', FILE.length],
    ] as const) {
      const outcome = await bench.download(origin.url(path), { connections: 1 });
      expect(bench.read(outcome).equals(FILE.subarray(0, length))).toBe(true);
    }
  });

  test.each<[string, Behaviour]>([
    ['a length', {}],
    ['chunks', { framing: 'chunked' }],
  ])('over TLS, too, a body with %s that ends early is asked for again', async (_, framed) => {
    const origin = await originForTest({ tls: certificate });
    origin.serve('/f', ({ count }) => ({
      bytes: FILE,
      ...framed,
      ...(count === 1 && { cutAfterBytes: 200_000, cut: 'close' }),
    }));
    const bench = startBench({ settings: { lane, extraCa: certificate.cert } });
    const outcome = await bench.download(origin.url('/f'), { connections: 1 });
    expect(bench.read(outcome).equals(FILE)).toBe(true);
    expect(origin.requests('/f')).toHaveLength(2);
  });

  test('an answer of two lengths is whole or a failure', async () => {
    const origin = await originForTest();
    origin.serve('/plain', { sizeBytes: 10 });
    const more = { headers: { 'Content-Length': '1000' }, rawHeaders: `Content-Length: ${FILE.length}\r\n` };
    origin.serve('/f', { bytes: FILE, ...more });
    const bench = startBench({ settings: { lane, maxRetries: 0 } });
    bench.read(await bench.download(origin.url('/plain')));
    const outcome = await bench.download(origin.url('/f'), { connections: 1 });
    if (outcome.kind === 'done') expect(bench.read(outcome).equals(FILE)).toBe(true);
    else expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'bad-response' } });
  });
});

test.each(['close', 'reset'] as const)('all that came before a line broke is kept (%s)', async (cut) => {
  const origin = await originForTest();
  origin.serve('/f', ({ count }) =>
    count === 1 ? { bytes: FILE, cutAfterBytes: 500_000, cut } : { status: 404, bytes: Buffer.from('gone') },
  );
  const outcome = await startBench({ settings: { lane: 'direct' } }).download(origin.url('/f'), { connections: 1 });
  if (outcome.kind !== 'failed') throw new Error(outcome.kind);
  expect(bytesIn(outcome.extents)).toBe(500_000);
});
