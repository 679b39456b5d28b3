// Whatever a server does, in any order, with pauses in between: the file is exactly what it serves, or there is none.
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Extent, Validators } from '../../shared/download.ts';
import { lanes } from '../support/lanes.ts';
import { startBench, type Bench } from '../support/lease.ts';
import { contentBytes, seededContent, type Behaviour, type Origin } from '../support/origin.ts';
import { originForTest } from '../support/start.ts';

const SIZE = 5_000_000;
const FILES = [1, 2].map((seed) => contentBytes(seededContent(SIZE, seed)));

/** What one request meets. The content changes for good at a request's number, so that both contents are never served in turn. */
const fault: fc.Arbitrary<Behaviour> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Behaviour>({}) },
  fc.record({
    cutAfterBytes: fc.nat(2_000_000),
    cut: fc.constantFrom('close', 'reset', 'stall'),
  }),
  fc.record({
    partial: fc.constantFrom(
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
    ),
  }),
  fc.constantFrom(
    { ranges: 'ignore' },
    { ranges: 'blind' },
    { status: 503, bytes: Buffer.from('busy') },
    { status: 500, bytes: Buffer.from('an error page') },
    { status: 416, bytes: Buffer.alloc(0) },
    { framing: 'chunked' },
    { framing: 'close', ranges: 'ignore' },
    { encoding: 'gzip', ranges: 'ignore' },
    { bytesPerS: 10_000_000 },
    { headDelayMs: 30 },
    { maxActive: 1 },
  ),
);
const story = fc.record({
  faults: fc.array(fault, { minLength: 1, maxLength: 12 }),
  changesAt: fc.option(fc.integer({ min: 1, max: 10 }), { nil: 1000 }),
  etags: fc.constantFrom<('strong' | 'weak' | 'none')[]>('strong', 'strong', 'weak', 'none'),
  /** Pauses after so many bytes served, each followed by a resume. */
  pausesAt: fc.array(fc.nat(SIZE), { maxLength: 2 }),
  connections: fc.integer({ min: 1, max: 4 }),
});
type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;

async function tell(origin: Origin, bench: Bench, id: number, told: Story): Promise<void> {
  const path = `/${id}`;
  origin.serve(path, ({ count }) => {
    const seed = count >= told.changesAt ? 2 : 1;
    const etag = { strong: `"${seed}"`, weak: `W/"${seed}"`, none: null }[told.etags];
    return { sizeBytes: SIZE, seed, etag, ...(told.faults[count - 1] ?? {}) };
  });
  let extents: Extent[] = [];
  let validators: Validators | null = null;
  for (let epoch = 1; ; epoch += 1) {
    const ended = bench.download(origin.url(path), { id, epoch, extents, validators, connections: told.connections });
    const pauseAt = told.pausesAt[epoch - 1];
    if (pauseAt !== undefined) {
      await Promise.race([origin.served(path, origin.bytesServed(path) + pauseAt), ended]);
      bench.send({ kind: 'cancel', id, epoch });
    }
    const outcome = await ended;
    validators = bench.of('probed', id).at(-1)?.validators ?? validators;
    if (outcome.kind === 'done') {
      const file = bench.read(outcome);
      const which = FILES.findIndex((content) => content.equals(file));
      // Without any validator a change that no comparison meets cannot be seen; then only mixing is excluded.
      expect(which).toBeGreaterThanOrEqual(0);
      rmSync(outcome.path, { force: true });
      return;
    }
    extents = outcome.extents;
    if (outcome.kind === 'released') continue;
    expect(outcome.failure.code).not.toBe('internal');
    expect(existsSync(join(bench.dir, `file-${id}`))).toBe(false);
    return;
  }
}

describe.each(lanes)('on the %s lane', (lane) => {
  test('the outcome is exact or a failure', { timeout: 120_000 }, async () => {
    const origin = await originForTest();
    const bench = startBench({ settings: { lane, idleTimeoutMs: 300, maxRetries: 1 } });
    let id = 0;
    await fc.assert(
      fc.asyncProperty(story, (told) => tell(origin, bench, (id += 1), told)),
      { numRuns: Number(process.env['CHAOS_RUNS'] ?? 25), endOnFailure: true },
    );
  });
});
