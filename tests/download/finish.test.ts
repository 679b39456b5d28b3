// The end of a download: verified, under a name that was free, with nothing else touched.
import { createHash } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hashHere, HashThreads } from '../../main/download/disk/hashing.ts';
import type { Checksum } from '../../shared/download.ts';
import { startBench } from '../support/lease.ts';
import { contentBytes, contentSha256, seededContent } from '../support/origin.ts';
import { originForTest } from '../support/start.ts';
import { tempDir } from '../support/temp-dir.ts';

const SIZE = 200_000;
const FILE = contentBytes(seededContent(SIZE));
const hex = (algorithm: string): string => createHash(algorithm).update(FILE).digest('hex');

describe('the name', () => {
  test('a file that is there already is never overwritten', async () => {
    const origin = await originForTest();
    origin.serve('/f', { sizeBytes: SIZE });
    const bench = startBench();
    writeFileSync(join(bench.dir, 'file-1'), 'mine');
    const outcome = await bench.download(origin.url('/f'));
    expect(bench.read(outcome).equals(FILE)).toBe(true);
    expect(outcome).toMatchObject({ path: join(bench.dir, 'file-1 (1)') });
    expect(readFileSync(join(bench.dir, 'file-1'), 'utf8')).toBe('mine');
    expect(bench.of('target-taken')).toHaveLength(1);
  });

  test('the name that the engine answers is taken', async () => {
    const origin = await originForTest();
    origin.serve('/f', { sizeBytes: SIZE, headers: { 'Content-Disposition': 'attachment; filename="x.zip"' } });
    const dir = tempDir();
    const bench = startBench({ target: () => join(dir, 'x.zip') });
    const outcome = await bench.download(origin.url('/f'), { partPath: join(dir, 'x.part') });
    expect(outcome).toMatchObject({ kind: 'done', path: join(dir, 'x.zip') });
    expect(bench.of('probed')[0]).toMatchObject({ contentDisposition: 'attachment; filename="x.zip"' });
  });

  test('a link in place of the part file leads nowhere', async () => {
    const origin = await originForTest();
    origin.serve('/f', { sizeBytes: SIZE });
    const bench = startBench();
    const victim = join(tempDir(), 'victim');
    writeFileSync(victim, 'mine');
    symlinkSync(victim, join(bench.dir, 'file-1.part'));
    const fresh = await bench.download(origin.url('/f'));
    expect(bench.read(fresh).equals(FILE)).toBe(true);
    symlinkSync(victim, join(bench.dir, 'file-2.part'));
    const validators = bench.of('probed')[0]!.validators;
    const resumed = await bench.download(origin.url('/f'), { id: 2, extents: [[0, 4]], validators });
    expect(bench.read(resumed).equals(FILE)).toBe(true);
    expect(bench.events(2)).toContain('part-file-lost');
    expect(readFileSync(victim, 'utf8')).toBe('mine');
  });

  test('a link to the unfinished file under the final name is not the finished one', async () => {
    const origin = await originForTest();
    origin.serve('/f', { sizeBytes: SIZE });
    const bench = startBench();
    symlinkSync(join(bench.dir, 'file-1.part'), join(bench.dir, 'file-1'));
    const outcome = await bench.download(origin.url('/f'));
    expect(outcome).toMatchObject({ path: join(bench.dir, 'file-1 (1)') });
    await bench.stop();
    expect(bench.read(outcome).equals(FILE)).toBe(true);
    // The same before anything is fetched, as after a crash.
    writeFileSync(join(bench.dir, 'file-2.part'), 'another');
    symlinkSync(join(bench.dir, 'file-2.part'), join(bench.dir, 'file-2'));
    const again = startBench();
    const paths = { partPath: join(bench.dir, 'file-2.part'), targetPath: join(bench.dir, 'file-2') };
    expect(again.read(await again.download(origin.url('/f'), { id: 2, ...paths })).equals(FILE)).toBe(true);
  });

  test('what another program put in place of the part file never gets the name', async () => {
    const origin = await originForTest();
    origin.serve('/f', { sizeBytes: SIZE, bytesPerS: SIZE });
    const bench = startBench();
    const ended = bench.download(origin.url('/f'), { connections: 1 });
    await origin.served('/f', SIZE / 2);
    const partPath = join(bench.dir, 'file-1.part');
    await bench.until(({ kind }) => kind === 'saved');
    rmSync(partPath);
    writeFileSync(partPath, Buffer.alloc(SIZE));
    expect(await ended).toMatchObject({ kind: 'failed', failure: { code: 'part-file-lost' }, extents: [] });
    expect(existsSync(join(bench.dir, 'file-1'))).toBe(false);
  });

  test('a file that got its name just before a crash is found again, not fetched again', async () => {
    const origin = await originForTest();
    origin.serve('/f', { sizeBytes: SIZE });
    const bench = startBench();
    writeFileSync(join(bench.dir, 'file-1.part'), FILE);
    linkSync(join(bench.dir, 'file-1.part'), join(bench.dir, 'file-1'));
    const outcome = await bench.download(origin.url('/f'), { hash: true });
    expect(outcome).toMatchObject({ kind: 'done', sizeBytes: SIZE, sha256: hex('sha256') });
    expect(origin.requests('/f')).toHaveLength(0);
  });

  test('a folder that may not be written, or is none, is said', async () => {
    const origin = await originForTest();
    origin.serve('/f', { sizeBytes: SIZE });
    const bench = startBench();
    writeFileSync(join(bench.dir, 'file'), '');
    const outcome = await bench.download(origin.url('/f'), { partPath: join(bench.dir, 'file', 'x.part') });
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'disk-error' } });
    const tooLong = await bench.download(origin.url('/f'), { partPath: join(bench.dir, 'x'.repeat(300)) });
    expect(tooLong).toMatchObject({ kind: 'failed', failure: { code: 'path-too-long' } });
    mkdirSync(join(bench.dir, 'a-folder'));
  });
});

describe('the folder', () => {
  const paths = (dir: string) => ({ partPath: join(dir, 'f.part'), targetPath: join(dir, 'f') });

  test('that was chosen may be a link', async () => {
    const origin = await originForTest();
    origin.serve('/f', { sizeBytes: SIZE });
    const bench = startBench();
    const [dir, link] = [tempDir(), join(bench.dir, 'chosen')];
    symlinkSync(dir, link);
    expect(await bench.download(origin.url('/f'), paths(link))).toMatchObject({ kind: 'done', path: join(link, 'f') });
    await bench.stop();
    expect(readdirSync(dir)).toEqual(['f']);
  });

  test.each([
    ['another one', (_moved: string) => tempDir()],
    ['where it was moved to', (moved: string) => moved],
  ])('is made a link to %s meanwhile: nothing ends there, and what is here stays', async (_, newPlace) => {
    const origin = await originForTest();
    origin.serve('/f', { sizeBytes: SIZE, bytesPerS: SIZE });
    const bench = startBench();
    const [dir, moved] = [join(bench.dir, 'chosen'), join(bench.dir, 'moved')];
    const now = newPlace(moved);
    const ended = bench.download(origin.url('/f'), { ...paths(dir), connections: 1 });
    await bench.until(({ kind }) => kind === 'saved');
    renameSync(dir, moved);
    symlinkSync(now, dir);
    const outcome = await ended;
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'disk-error', retry: 'by-hand' } });
    if (outcome.kind !== 'failed') throw new Error(outcome.kind);
    expect(outcome.failure.message).toContain(`The folder of ${join(dir, 'f')}`);
    expect(outcome.extents).not.toEqual([]);
    expect(readdirSync(now)).not.toContain('f');
    rmSync(dir);
    renameSync(moved, dir);
    const { extents } = outcome;
    const { validators } = bench.of('probed')[0]!;
    const again = await bench.download(origin.url('/f'), { ...paths(dir), epoch: 2, id: 1, extents, validators });
    expect(bench.read(again).equals(FILE)).toBe(true);
    expect(bench.events()).not.toContain('part-file-lost');
  });

  test('is made a link to another one: what changed on the server is not begun anew there', async () => {
    const origin = await originForTest();
    const bench = startBench();
    const [dir, elsewhere] = [join(bench.dir, 'chosen'), tempDir()];
    origin.serve('/f', ({ count }) => {
      if (count === 1) return { sizeBytes: SIZE, cutAfterBytes: SIZE / 2, cut: 'close' };
      renameSync(dir, join(bench.dir, 'moved'));
      symlinkSync(elsewhere, dir);
      return { sizeBytes: SIZE, seed: 2, etag: '"another"' };
    });
    const outcome = await bench.download(origin.url('/f'), { ...paths(dir), connections: 1 });
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'disk-error' } });
    expect(readdirSync(elsewhere)).toEqual([]);
  });

  test('is not left by what the engine answers', async () => {
    const origin = await originForTest();
    origin.serve('/f', { sizeBytes: SIZE });
    const elsewhere = tempDir();
    const bench = startBench({ target: () => join(elsewhere, 'x') });
    const outcome = await bench.download(origin.url('/f'));
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'disk-error' } });
    expect(readdirSync(elsewhere)).toEqual([]);
  });
});

describe('checksums', () => {
  test.each(['md5', 'sha1', 'sha256', 'sha512'] as const)('a right %s is told as verified', async (algorithm) => {
    const origin = await originForTest();
    origin.serve('/f', { sizeBytes: SIZE });
    const bench = startBench();
    const checksum: Checksum = { algorithm, hex: hex(algorithm) };
    expect(await bench.download(origin.url('/f'), { checksum })).toMatchObject({ kind: 'done', verified: true });
    expect(bench.events()).toContain('verified');
  });

  const base64 = (algorithm: string): string => createHash(algorithm).update(FILE).digest('base64');

  test.each([
    ['Repr-Digest', 'sha256', `sha-256=:${base64('sha256')}:`],
    ['Repr-Digest', 'sha512', `md5=:AAAAAAAAAAAAAAAAAAAAAA==:, sha-512=:${base64('sha512')}:;x=1`],
    ['Content-Digest', 'sha256', `sha-256=:${base64('sha256')}:`],
    ['Digest', 'md5', `unixsum=30637, MD5=${base64('md5')}`],
  ])('a %s of the server is held against the file: %s', async (name, algorithm, value) => {
    const origin = await originForTest();
    origin.serve('/f', { sizeBytes: SIZE, headers: { [name]: value } });
    const bench = startBench();
    expect(await bench.download(origin.url('/f'))).toMatchObject({ kind: 'done', verified: true });
    const [event] = bench.of('event').filter((one) => one.event === 'verified');
    expect(event?.detail).toEqual({ algorithm, hex: hex(algorithm) });
  });

  test('a file that is not what the server promised fails and names both values', async () => {
    const origin = await originForTest();
    const headers = { 'Repr-Digest': `sha-256=:${base64('sha256')}:` };
    origin.serve('/f', { sizeBytes: SIZE, seed: 9, headers });
    const bench = startBench();
    const outcome = await bench.download(origin.url('/f'));
    if (outcome.kind !== 'failed') throw new Error(outcome.kind);
    expect(outcome.failure.message).toContain(hex('sha256'));
    expect(outcome.failure.message).toContain(contentSha256(seededContent(SIZE, 9)));
    expect(readdirSync(bench.dir)).not.toContain('file-1');
  });

  test('a promise that is not well written, or is of an encoded body, is passed over', async () => {
    const origin = await originForTest();
    origin.serve('/odd', {
      sizeBytes: SIZE,
      headers: { 'Repr-Digest': 'sha-256=:AAAA:, sha-512=?, crc32c=:AAAAAA==:' },
    });
    origin.serve('/gzip', { sizeBytes: SIZE, encoding: 'gzip', headers: { Digest: `SHA-256=${base64('md5')}` } });
    const other = createHash('sha256').update('other').digest('base64');
    origin.serve('/encoded', { sizeBytes: SIZE, encoding: 'gzip', headers: { 'Repr-Digest': `sha-256=:${other}:` } });
    const bench = startBench();
    for (const path of ['/odd', '/gzip', '/encoded']) {
      expect(await bench.download(origin.url(path))).toMatchObject({ kind: 'done', verified: false });
    }
  });

  test('another promise on resuming means other content, even where nothing else tells', async () => {
    const origin = await originForTest();
    const size = 3_000_000;
    const promise = (seed: number): Record<string, string> => {
      const sum = createHash('sha256')
        .update(contentBytes(seededContent(size, seed)))
        .digest('base64');
      return { 'Repr-Digest': `sha-256=:${sum}:` };
    };
    origin.serve('/f', ({ count }) =>
      count === 1
        ? { sizeBytes: size, etag: null, headers: promise(1), cutAfterBytes: 2_000_000, cut: 'close' }
        : { sizeBytes: size, seed: 2, etag: null, headers: promise(2) },
    );
    const bench = startBench();
    const outcome = await bench.download(origin.url('/f'), { connections: 1 });
    expect(bench.read(outcome).equals(contentBytes(seededContent(size, 2)))).toBe(true);
    const [event] = bench.of('event').filter((one) => one.event === 'changed-on-server');
    expect(event?.detail).toMatchObject({ why: 'checksum-changed', algorithm: 'sha256' });
  });

  test('a wrong one names both values and no file appears', async () => {
    const origin = await originForTest();
    origin.serve('/f', { sizeBytes: SIZE });
    const bench = startBench();
    const wrong = 'a'.repeat(64);
    const outcome = await bench.download(origin.url('/f'), { checksum: { algorithm: 'sha256', hex: wrong } });
    if (outcome.kind !== 'failed') throw new Error(outcome.kind);
    expect(outcome.failure).toMatchObject({ code: 'wrong-checksum', retry: 'by-hand' });
    expect(outcome.failure.message).toContain(wrong);
    expect(outcome.failure.message).toContain(hex('sha256'));
    expect(readdirSync(bench.dir)).not.toContain('file-1');
  });

  test.each([true, false])(
    'with hashes of the pieces only the bad ones are fetched again; the whole has one: %s',
    async (whole) => {
      const origin = await originForTest();
      const size = 5_000_000;
      const good = contentBytes(seededContent(size));
      const bad = Buffer.from(good);
      bad.fill(7, 2_100_000, 2_100_100);
      origin.serve('/f', (seen) => ({ bytes: seen.count === 1 ? bad : good, etag: '"a"' }));
      const bench = startBench();
      const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
      const pieces = Array.from({ length: 5 }, (_, i) => sha256(good.subarray(i * 1_000_000, (i + 1) * 1_000_000)));
      const outcome = await bench.download(origin.url('/f'), {
        connections: 1,
        checksum: {
          algorithm: 'sha256',
          ...(whole && { hex: sha256(good) }),
          pieces: { algorithm: 'sha256', pieceBytes: 1_000_000, hex: pieces },
        },
      });
      expect(bench.read(outcome).equals(good)).toBe(true);
      expect(outcome).toMatchObject({ verified: true });
      expect(origin.bytesServed('/f')).toBe(size + 1_000_000);
    },
  );

  test('hashes of pieces that are not all of the file, or stay wrong, fail it', async () => {
    const origin = await originForTest();
    origin.serve('/f', { sizeBytes: SIZE });
    const piece = createHash('sha256').update(FILE.subarray(0, 100_000)).digest('hex');
    for (const [id, hex] of [[piece], [piece, piece]].entries()) {
      const checksum: Checksum = { algorithm: 'sha256', pieces: { algorithm: 'sha256', pieceBytes: 100_000, hex } };
      const bench = startBench();
      const outcome = await bench.download(origin.url('/f'), { id: id + 1, checksum });
      expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'wrong-checksum' } });
    }
  });

  test('the SHA-256 of a finished file is told when it was asked for', async () => {
    const origin = await originForTest();
    origin.serve('/f', { sizeBytes: 3_000_000 });
    const bench = startBench();
    const outcome = await bench.download(origin.url('/f'), { hash: true });
    expect(outcome).toMatchObject({ sha256: contentSha256(seededContent(3_000_000)), verified: false });
  });

  test('the thread computes what the loop computes', async () => {
    const path = join(tempDir(), 'f');
    writeFileSync(path, FILE);
    const thread = new HashThreads(new URL('../../main/hash-thread.ts', import.meta.url));
    for (const algorithm of ['md5', 'sha512'] as const) {
      expect(await thread.hashFile(path, algorithm)).toBe(hex(algorithm));
      expect(await thread.hashFile(path, algorithm, 100, 2000)).toBe(await hashHere(path, algorithm, 100, 2000));
    }
    await expect(thread.hashFile(`${path}-not`, 'md5')).rejects.toMatchObject({ code: 'ENOENT' });
    await thread.close();
    expect(existsSync(path)).toBe(true);
  });
});
