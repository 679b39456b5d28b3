// A disk that loses what it was to keep: after a failed flush nothing counts any more but what was durable before.
import type * as Fs from 'node:fs';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { bytesIn } from '../../main/download/extents.ts';
import { PartFile } from '../../main/download/disk/part-file.ts';
import { startBench } from '../support/lease.ts';
import { contentBytes, seededContent } from '../support/origin.ts';
import { originForTest } from '../support/start.ts';
import { tempDir } from '../support/temp-dir.ts';

/** How many of the next flushes succeed before one fails; what the end of a big write waits for. */
const disk = vi.hoisted(() => ({ goodFlushes: Infinity, held: Promise.resolve() }));

vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof Fs>();
  const failing = (flush: typeof fs.fsync | typeof fs.fdatasync) =>
    Object.assign(
      (fd: number, done: (error: Error | null) => void) => {
        disk.goodFlushes -= 1;
        // As the system does: the error is told once, and the next flush knows of nothing.
        if (disk.goodFlushes !== -1) return flush(fd, done);
        setTimeout(() => done(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' })), 20);
      },
      { __promisify__: flush.__promisify__ },
    );
  const writev = (fd: number, pieces: Uint8Array[], at: number, done: (error: Error | null, count: number) => void) =>
    fs.writev(fd, pieces, at, (error, count) => void disk.held.then(() => done(error, count)));
  return { ...fs, fsync: failing(fs.fsync), fdatasync: failing(fs.fdatasync), writev };
});

test('what was written before a failed flush is claimed by no later one, and nothing more is written', async () => {
  const part = (await PartFile.create(join(tempDir(), 'f'), true))!;
  onTestFinished(() => part.close());
  const claimed = vi.fn<(extents: unknown) => void>();
  const lost = vi.fn<() => void>();
  part.onDurable = claimed;
  part.onLost = lost;
  disk.goodFlushes = 1;
  await part.write([Buffer.from('abc')], 3, 0);
  await part.flush();
  await part.write([Buffer.from('def')], 3, 3);
  const flush = part.flush();
  const meanwhile = part.write([Buffer.from('ghi')], 3, 6);
  await expect(flush).rejects.toMatchObject({ code: 'EIO' });
  await meanwhile;
  expect(lost).toHaveBeenCalledOnce();
  await expect(part.flush()).rejects.toMatchObject({ code: 'EIO' });
  await expect(part.write([Buffer.from('jkl')], 3, 9)).rejects.toMatchObject({ code: 'EIO' });
  await expect(part.seal(3)).rejects.toMatchObject({ code: 'EIO' });
  expect(part.written).toEqual([[0, 3]]);
  expect(part.receivedBytes).toBe(3);
  expect(claimed.mock.calls).toEqual([[[[0, 3]]]]);
});

test('a write that ends only after a flush has failed counts for nothing', async () => {
  const part = (await PartFile.create(join(tempDir(), 'f'), true))!;
  onTestFinished(() => part.close());
  disk.goodFlushes = 0;
  await part.write([Buffer.from('abc')], 3, 0);
  let letGo = () => {};
  disk.held = new Promise((resolve) => (letGo = resolve));
  const late = expect(part.write([Buffer.alloc(1 << 20)], 1 << 20, 3)).rejects.toMatchObject({ code: 'EIO' });
  await expect(part.flush()).rejects.toMatchObject({ code: 'EIO' });
  letGo();
  await late;
  expect(part.written).toEqual([]);
});

test('a file whose last flush failed is not complete, and no later flush makes it so', async () => {
  const part = (await PartFile.create(join(tempDir(), 'f'), true))!;
  onTestFinished(() => part.close());
  disk.goodFlushes = 0;
  await part.write([Buffer.from('abc')], 3, 0);
  await expect(part.seal(3)).rejects.toMatchObject({ code: 'EIO' });
  expect(part.written).toEqual([]);
  await expect(part.seal(3)).rejects.toMatchObject({ code: 'EIO' });
});

test('those who wait for room before a flush that fails are told of it', async () => {
  const part = (await PartFile.create(join(tempDir(), 'f'), true))!;
  onTestFinished(() => part.close());
  disk.goodFlushes = 0;
  const mebibyte = Buffer.alloc(1 << 20);
  const writes = Array.from({ length: 64 }, (_, i) => part.write([mebibyte], 1 << 20, i << 20));
  const ends = await Promise.allSettled(writes);
  expect(ends.at(-1)).toMatchObject({ status: 'rejected', reason: { code: 'EIO' } });
  expect(part.written).toEqual([]);
});

test('a download whose flush failed keeps what was durable alone, and the next lease fetches the rest again', async () => {
  const sizeBytes = 3_000_000;
  const origin = await originForTest();
  origin.serve('/f', { sizeBytes, bytesPerS: 2_000_000 });
  const bench = startBench();
  disk.goodFlushes = 5;
  const failed = await bench.download(origin.url('/f'), { id: 1, connections: 1 });
  if (failed.kind !== 'failed') throw new Error(failed.kind);
  expect(failed.failure.code).toBe('disk-error');
  expect(failed.extents).toEqual(bench.of('saved').at(-1)?.extents);
  expect(existsSync(join(bench.dir, 'note-1'))).toBe(false);
  const { extents } = failed;
  const { validators } = bench.of('probed')[0]!;
  const done = await bench.download(origin.url('/f'), { id: 1, epoch: 2, extents, validators, connections: 1 });
  expect(bench.read(done).equals(contentBytes(seededContent(sizeBytes)))).toBe(true);
  expect(origin.requests('/f').at(-1)?.headers['range']).toBe(`bytes=${bytesIn(extents)}-${sizeBytes - 1}`);
});
