// Mirrors: when the first URL fails another one goes on with the same file, and a bad one is dropped.
import { expect, test } from 'vitest';
import { bytesIn } from '../../main/download/extents.ts';
import { startBench } from '../support/lease.ts';
import { contentBytes, seededContent } from '../support/origin.ts';
import { originForTest } from '../support/start.ts';

const SIZE = 3_000_000;
const FILE = contentBytes(seededContent(SIZE));

test('a first URL that has nothing is replaced by a mirror, which gets none of its secrets', async () => {
  const origin = await originForTest();
  const mirror = await originForTest();
  mirror.serve('/m', { sizeBytes: SIZE });
  const bench = startBench();
  const outcome = await bench.download(origin.url('/gone'), {
    mirrors: [mirror.url('/m')],
    headers: { Cookie: 'a=b' },
  });
  expect(bench.read(outcome).equals(FILE)).toBe(true);
  expect(bench.events()).toContain('mirror-dropped');
  expect(mirror.requests('/m')[0]?.headers['cookie']).toBeUndefined();
});

test('a mirror goes on where the first URL broke off, after comparing', async () => {
  const origin = await originForTest();
  origin.serve('/f', (seen) =>
    seen.count === 1
      ? { sizeBytes: SIZE, cutAfterBytes: 2_000_000, cut: 'close' }
      : { status: 404, bytes: Buffer.from('gone') },
  );
  origin.serve('/m', { sizeBytes: SIZE, etag: '"another server"' });
  const bench = startBench();
  const outcome = await bench.download(origin.url('/f'), { mirrors: [origin.url('/m')], connections: 1 });
  expect(bench.read(outcome).equals(FILE)).toBe(true);
  expect(bench.events()).toContain('overlap-compared');
  expect(origin.bytesServed('/m')).toBeLessThan(SIZE - 1_700_000 + 65_536);
});

test.each([
  ['another length', { sizeBytes: SIZE + 5 }],
  ['other bytes', { sizeBytes: SIZE, seed: 2 }],
  ['nothing', { status: 500, bytes: Buffer.from('no') }],
])('a mirror with %s is dropped and the next one used', async (_, bad) => {
  const origin = await originForTest();
  origin.serve('/f', (seen) =>
    seen.count === 1
      ? { sizeBytes: SIZE, cutAfterBytes: 2_000_000, cut: 'close' }
      : { status: 404, bytes: Buffer.from('gone') },
  );
  origin.serve('/bad', bad);
  origin.serve('/good', { sizeBytes: SIZE });
  const bench = startBench({ settings: { maxRetries: 1 } });
  const mirrors = [origin.url('/bad'), origin.url('/good')];
  const outcome = await bench.download(origin.url('/f'), { mirrors, connections: 1 });
  expect(bench.read(outcome).equals(FILE)).toBe(true);
  expect(bench.events().filter((kind) => kind === 'mirror-dropped')).toHaveLength(2);
});

test('when all fail the first failure is told and the bytes stay', async () => {
  const origin = await originForTest();
  origin.serve('/f', (seen) =>
    seen.count === 1
      ? { sizeBytes: SIZE, cutAfterBytes: 2_000_000, cut: 'close' }
      : { status: 410, bytes: Buffer.from('gone') },
  );
  const bench = startBench();
  const outcome = await bench.download(origin.url('/f'), { mirrors: [origin.url('/none')], connections: 1 });
  expect(outcome).toMatchObject({ kind: 'failed', failure: { httpStatus: 410 } });
  // Node drops what its own buffers held when the line broke; the rest stays.
  if (outcome.kind === 'failed') expect(bytesIn(outcome.extents)).toBeGreaterThan(1_700_000);
});
