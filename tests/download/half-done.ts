// A download that has the half of its file already, of a time when the server had the old content.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Extent, Validators } from '../../shared/download.ts';
import type { Task } from '../../shared/protocol.ts';
import type { lanes } from '../support/lanes.ts';
import { startBench, type Bench } from '../support/lease.ts';
import { contentBytes, seededContent, type Behaviour, type Origin } from '../support/origin.ts';
import { originForTest } from '../support/start.ts';

export const SIZE = 3_000_000;
export const HALF = 1_500_000;
export const OLD = contentBytes(seededContent(SIZE, 1));
export const NEW = contentBytes(seededContent(SIZE, 2));

/** A part file that holds the first half of the old content, and the task that claims so. */
export function halfDone(
  bench: Bench,
  validators: Partial<Validators>,
  extents: Extent[] = [[0, HALF]],
): Partial<Task> {
  const partPath = join(bench.dir, 'half.part');
  const part = Buffer.alloc(extents.at(-1)![1]);
  for (const [start, end] of extents) OLD.copy(part, start, start, end);
  writeFileSync(partPath, part);
  const kept: Validators = {
    etag: null,
    lastModified: null,
    date: null,
    totalBytes: SIZE,
    finalUrl: 'http://127.0.0.1/',
    contentType: 'application/octet-stream',
    ranges: true,
    ...validators,
  };
  return { partPath, extents, validators: kept };
}

/** Goes on with it, from a server that behaves as a test says. */
export async function resume(
  lane: (typeof lanes)[number],
  behaviour: Behaviour | Parameters<Origin['serve']>[1],
  validators: Partial<Validators>,
  extents?: Extent[],
) {
  const origin = await originForTest();
  origin.serve('/f', behaviour);
  const bench = startBench({ settings: { lane } });
  const outcome = await bench.download(origin.url('/f'), halfDone(bench, validators, extents));
  return { origin, bench, outcome, file: bench.read(outcome) };
}
