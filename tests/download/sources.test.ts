// Who brought which bytes is known over pauses and restarts: what a bad mirror brought goes with it, and nothing else.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Brought, Checksum, Extent } from '../../shared/download.ts';
import type { Task } from '../../shared/protocol.ts';
import { lanes } from '../support/lanes.ts';
import { startBench, type Bench } from '../support/lease.ts';
import { contentBytes, seededContent, type Behaviour, type Origin } from '../support/origin.ts';
import { originForTest } from '../support/start.ts';

const MB = 1_000_000;
const SIZE = 16 * MB;
const FILE = contentBytes(seededContent(SIZE));
const OTHER = contentBytes(seededContent(SIZE, 2));
const PACE = { sizeBytes: SIZE, bytesPerS: 3 * MB };

async function serve(...behaviours: Behaviour[]): Promise<Origin[]> {
  const origins = await Promise.all(behaviours.map(() => originForTest()));
  for (const [index, origin] of origins.entries()) origin.serve('/f', { etag: `"${index}"`, ...behaviours[index] });
  return origins;
}

const urlsOf = (origins: Origin[]): string[] => origins.map((origin) => origin.url('/f'));

/** A part file to which the first URL brought the first 4 MB, and the two mirrors 2 MB each further on. */
function begun(bench: Bench, [url, ...mirrors]: string[], second = OTHER): Partial<Task> {
  const partPath = join(bench.dir, 'begun.part');
  const part = Buffer.alloc(14 * MB);
  FILE.copy(part, 0, 0, 4 * MB);
  second.copy(part, 6 * MB, 6 * MB, 8 * MB);
  FILE.copy(part, 12 * MB, 12 * MB, 14 * MB);
  writeFileSync(partPath, part);
  const extents: Extent[] = [
    [0, 4 * MB],
    [6 * MB, 8 * MB],
    [12 * MB, 14 * MB],
  ];
  const brought: Brought[] = extents.map(([start, end], index) => [index, start, end]);
  const validators = {
    ...{ etag: '"0"', lastModified: null, date: null, contentType: null, ranges: true },
    ...{ totalBytes: SIZE, finalUrl: url! },
  };
  return { partPath, extents, brought, validators, mirrors };
}

describe.each(lanes)('on the %s lane', (lane) => {
  test('what a mirror brought before a pause is thrown away when it turns out after it that it has other content', async () => {
    const origins = await serve(PACE, { ...PACE, seed: 2 }, PACE);
    const bench = startBench({ settings: { lane } });
    const urls = urlsOf(origins);
    const outcome = await bench.download(urls[0]!, begun(bench, urls));
    expect(bench.read(outcome).equals(FILE)).toBe(true);
    const dropped = bench.of('event').filter(({ event }) => event === 'mirror-dropped');
    expect(dropped.map(({ detail }) => detail['host'])).toEqual([`127.0.0.1:${origins[1]!.port}`]);
    // The other mirror's bytes, and the first URL's, were not fetched once more.
    expect(origins.reduce((sum, origin) => sum + origin.bytesServed('/f'), 0)).toBeLessThan(12 * MB);
    expect(bench.events()).not.toContain('restarted-from-zero');
  });

  test('a wrong checksum throws away what the mirrors brought before, and the rest is kept', async () => {
    const origins = await serve(PACE, { status: 404, bytes: Buffer.from('gone') }, PACE);
    const bench = startBench({ settings: { lane } });
    const urls = urlsOf(origins);
    const checksum: Checksum = { algorithm: 'sha256', hex: createHash('sha256').update(FILE).digest('hex') };
    const outcome = await bench.download(urls[0]!, { ...begun(bench, urls), checksum });
    expect(bench.read(outcome).equals(FILE)).toBe(true);
    expect(outcome).toMatchObject({ verified: true });
  });
});

test('who brought what is told with what is durable', async () => {
  const origins = await serve(PACE, PACE);
  const bench = startBench();
  const [url, mirror] = urlsOf(origins) as [string, string];
  const ended = bench.download(url, { mirrors: [mirror] });
  await origins[1]!.served('/f', 2 * MB);
  bench.send({ kind: 'cancel', id: 1, epoch: 1 });
  const released = await ended;
  if (released.kind !== 'released') throw new Error('It ended before it was paused');
  const { extents, brought } = bench.of('saved').at(-1)!;
  expect(extents).toEqual(released.extents);
  const bytesOf = (which: number) =>
    brought!.reduce((sum, [index, start, end]) => sum + (index === which ? end - start : 0), 0);
  expect(bytesOf(1)).toBeGreaterThan(MB);
  expect(bytesOf(0) + bytesOf(1)).toBeGreaterThanOrEqual(extents.reduce((sum, [start, end]) => sum + end - start, 0));
  const alone = await bench.download(url, { id: 2 });
  expect(alone.kind).toBe('done');
  for (const saved of bench.of('saved', 2)) expect(saved.brought).toBeUndefined();
});
