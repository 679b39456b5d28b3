// A disk that takes its time to flush: what is claimed meanwhile is still no more than what it has, and not much less.
import type * as Fs from 'node:fs';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { PartFile } from '../../main/download/disk/part-file.ts';
import { lanes } from '../support/lanes.ts';
import { startBench } from '../support/lease.ts';
import { contentBytes, seededContent } from '../support/origin.ts';
import { originForTest } from '../support/start.ts';
import { tempDir } from '../support/temp-dir.ts';

const FLUSH_MS = 100;
const SIZE = 3_000_000;
const NEW = contentBytes(seededContent(SIZE, 2));

vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof Fs>();
  const fdatasync: typeof fs.fdatasync = Object.assign(
    (fd: number, done: (error: Error | null) => void) => void setTimeout(() => fs.fdatasync(fd, done), FLUSH_MS),
    { __promisify__: fs.fdatasync.__promisify__ },
  );
  return { ...fs, fdatasync };
});

test('what is written is claimed within a second, however rarely it is flushed', async () => {
  const part = (await PartFile.create(join(tempDir(), 'f'), true))!;
  onTestFinished(() => part.close());
  for (const at of [0, 3, 6]) {
    const claimed = new Promise((resolve) => (part.onDurable = resolve));
    const writtenAt = performance.now();
    await part.write([Buffer.from('abc')], 3, at);
    expect(await claimed).toEqual([[0, at + 3]]);
    expect(performance.now() - writtenAt).toBeLessThan(1200);
  }
});

describe.each(lanes)('on the %s lane', (lane) => {
  test('bytes of two contents, because their tags were equal, are claimed no more, nor by a flush under way', async () => {
    const origin = await originForTest();
    origin.serve('/f', ({ count }) => ({
      sizeBytes: SIZE,
      etag: 'W/"the same"',
      lastModified: 'Mon, 01 Jan 2024 00:00:00 GMT',
      bytesPerS: 2_000_000,
      ...(count === 1 ? { cutAfterBytes: 800_000, cut: 'reset' } : { seed: 2 }),
    }));
    const bench = startBench({ settings: { lane } });
    const ended = bench.download(origin.url('/f'));
    await bench.until((message) => message.kind === 'event' && message.event === 'restarted-from-zero');
    const saved = bench.of('saved').length;
    bench.send({ kind: 'cancel', id: 1, epoch: 1 });
    const outcome = await ended;
    if (outcome.kind !== 'released') throw new Error('It ended before it was paused');
    const part = readFileSync(join(bench.dir, 'file-1.part'));
    for (const { extents } of [outcome, ...bench.of('saved').slice(saved)]) {
      for (const [start, end] of extents) {
        expect(part.subarray(start, end).equals(NEW.subarray(start, end))).toBe(true);
      }
    }
  });
});
