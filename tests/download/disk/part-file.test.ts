// The part file: what it claims is there, what it is told is not lost, and links lead nowhere.
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { bytesIn } from '../../../main/download/extents.ts';
import { FailureError, failureOf } from '../../../main/download/failures.ts';
import { PartFile } from '../../../main/download/disk/part-file.ts';
import { folderOf } from '../../../main/download/disk/folder.ts';
import { DirectorySyncs, isSameFile, place } from '../../../main/download/disk/placing.ts';
import { fail } from '../../../shared/failure.ts';
import { because } from '../../../shared/why.ts';
import { tempDir } from '../../support/temp-dir.ts';

async function create(path: string): Promise<PartFile> {
  const part = await PartFile.create(path, true);
  if (!part) throw new Error('Not created');
  onTestFinished(() => part.close());
  return part;
}

test('nothing is claimed before a flush, and then all that was written before it', async () => {
  const part = await create(join(tempDir(), 'f'));
  const told: unknown[] = [];
  part.onDurable = (extents) => told.push(extents);
  await part.write([Buffer.from('abc'), Buffer.from('de')], 5, 10);
  expect(part.durable).toEqual([]);
  expect(told).toEqual([]);
  await part.flush();
  expect(told).toEqual([[[10, 15]]]);
  expect(part.durable).toEqual([[10, 15]]);
  expect(readFileSync(part.path).subarray(10).toString()).toBe('abcde');
});

test('what is written is claimed within a second without being asked for', async () => {
  const part = await create(join(tempDir(), 'f'));
  const claimed = new Promise((resolve) => (part.onDurable = resolve));
  const at = performance.now();
  await part.write([Buffer.from('abc')], 3, 0);
  expect(await claimed).toEqual([[0, 3]]);
  expect(performance.now() - at).toBeLessThan(1100);
});

test('no more than 32 MiB are ever unclaimed', async () => {
  const part = await create(join(tempDir(), 'f'));
  let claimed = 0;
  part.onDurable = ([extent]) => (claimed = extent![1]);
  const mebibyte = Buffer.alloc(1 << 20);
  for (let i = 1; i <= 100; i += 1) {
    await part.write([mebibyte], mebibyte.length, (i - 1) * mebibyte.length);
    expect(i * mebibyte.length - claimed).toBeLessThanOrEqual(32 << 20);
  }
});

test('no more than 32 MiB are ever unclaimed, also of writes at once', async () => {
  const part = await create(join(tempDir(), 'f'));
  let most = 0;
  part.onWritten = (extents) => (most = Math.max(most, bytesIn(extents) - bytesIn(part.durable)));
  const mebibyte = Buffer.alloc(1 << 20);
  await Promise.all(Array.from({ length: 100 }, (_, i) => part.write([mebibyte], 1 << 20, i << 20)));
  expect(bytesIn(part.written)).toBe(100 << 20);
  expect(most).toBeLessThanOrEqual(32 << 20);
});

test('the first write and a loss tell of something else than what an earlier note says', async () => {
  const part = await create(join(tempDir(), 'f'));
  const told: boolean[] = [];
  part.onWritten = (_, __, anew) => told.push(anew);
  await part.write([Buffer.from('ab')], 2, 0);
  await part.write([Buffer.from('cd')], 2, 2);
  part.keepOnly([[0, 2]]);
  expect(told).toEqual([true, false, true]);
});

test('several writes at once and out of order end where they belong', async () => {
  const part = await create(join(tempDir(), 'f'));
  await Promise.all([5, 0, 9, 2].map((at) => part.write([Buffer.from(`${at}${at}`)], 2, at)));
  expect(part.written).toEqual([
    [0, 4],
    [5, 7],
    [9, 11],
  ]);
  expect(readFileSync(part.path, 'latin1')).toBe('0022\x0055\0\x0099');
});

test('what is written while a flush runs may have missed it, and is claimed by the next one', async () => {
  const part = await create(join(tempDir(), 'f'));
  const told: unknown[] = [];
  part.onDurable = (extents) => told.push(extents);
  await part.write([Buffer.from('abc')], 3, 0);
  const flush = part.flush();
  await part.write([Buffer.from('def')], 3, 3);
  await flush;
  expect(told[0]).toEqual([[0, 3]]);
  await part.flush();
  expect(told.at(-1)).toEqual([[0, 6]]);
});

test('what is dropped while a flush runs is not claimed by it, and what is kept only once it is durable', async () => {
  const part = await create(join(tempDir(), 'f'));
  let claimed: unknown;
  part.onDurable = (extents) => (claimed = extents);
  await part.write([Buffer.from('abcdef')], 6, 0);
  const flush = part.flush();
  part.keepOnly([[0, 2]]);
  expect(claimed).toEqual([]);
  await flush;
  expect(claimed).toEqual([]);
  await part.flush();
  expect(claimed).toEqual([[0, 2]]);
  expect(part.durable).toEqual([[0, 2]]);
});

test('a part file is opened only when it holds what is claimed', async () => {
  const dir = tempDir();
  const path = join(dir, 'f');
  writeFileSync(path, 'abc');
  expect(await PartFile.open(path, [[0, 4]])).toBe(null);
  expect(await PartFile.open(join(dir, 'none'), [[0, 1]])).toBe(null);
  symlinkSync(path, join(dir, 'link'));
  expect(await PartFile.open(join(dir, 'link'), [[0, 3]])).toBe(null);
  expect(await PartFile.open(dir, [[0, 3]])).toBe(null);
  expect(await PartFile.open(path, [[0, 3]], () => null)).toBe(null);
  const part = await PartFile.open(path, [[0, 3]]);
  expect(part?.receivedBytes).toBe(3);
  await part?.close();
});

test('of what was noted besides only that counts which is there, and it is claimed once it is flushed', async () => {
  const path = join(tempDir(), 'f');
  writeFileSync(path, 'abcdef');
  const part = (await PartFile.open(path, [[0, 2]], () => [
    [3, 5],
    [5, 7],
  ]))!;
  onTestFinished(() => part.close());
  expect(part.written).toEqual([
    [0, 2],
    [3, 5],
  ]);
  expect(part.durable).toEqual([[0, 2]]);
  await part.flush();
  expect(part.durable).toEqual(part.written);
});

test('making one in place of another leaves alone what the other name of it shows', async () => {
  const dir = tempDir();
  writeFileSync(join(dir, 'finished'), 'finished');
  linkSync(join(dir, 'finished'), join(dir, 'f'));
  expect(await PartFile.create(join(dir, 'f'), false)).toBe(null);
  await create(join(dir, 'f'));
  expect(readFileSync(join(dir, 'finished'), 'utf8')).toBe('finished');
  expect(statSync(join(dir, 'f')).size).toBe(0);
});

test('sealing cuts what is too long and refuses what is too short', async () => {
  const part = await create(join(tempDir(), 'f'));
  await part.write([Buffer.from('abcdef')], 6, 0);
  expect(await part.seal(7)).toBe(false);
  expect(await part.seal(4)).toBe(true);
  expect(readFileSync(part.path, 'utf8')).toBe('abcd');
});

test.each([
  ['another file', (path: string) => writeFileSync(path, 'abcdef')],
  ['a link to a file', (path: string) => symlinkSync(`${path}.moved`, path)],
  ['nothing', () => {}],
])('where %s stands in its place that is seen', async (_, stand) => {
  const part = await create(join(tempDir(), 'f'));
  expect(await part.isInPlace()).toBe(true);
  renameSync(part.path, `${part.path}.moved`);
  stand(part.path);
  expect(await part.isInPlace()).toBe(false);
});

/** Places `part` where it was made. */
const placed = async (part: string, target: string) => place(part, target, await folderOf(part));

test('placing takes a free name only, and knows the file again', async () => {
  const dir = tempDir();
  const [part, target] = [join(dir, 'p'), join(dir, 't')];
  writeFileSync(part, 'x');
  expect(await placed(part, target)).toBe('placed');
  expect(await isSameFile(part, target)).toBe(true);
  expect(await placed(part, target)).toBe('placed');
  writeFileSync(join(dir, 'other'), 'y');
  expect(await placed(part, join(dir, 'other'))).toBe('taken');
  expect(readFileSync(join(dir, 'other'), 'utf8')).toBe('y');
});

test('what cannot be renamed leaves no empty file under the final name', async () => {
  const dir = tempDir();
  // Neither to be linked nor to be renamed over a file, on any system.
  mkdirSync(join(dir, 'p'));
  await expect(placed(join(dir, 'p'), join(dir, 't'))).rejects.toThrow();
  expect(existsSync(join(dir, 't'))).toBe(false);
});

test('a link that stands where the file would go is somebody’s, wherever it leads', async () => {
  const dir = tempDir();
  const outside = join(tempDir(), 'outside');
  const part = join(dir, 'p');
  writeFileSync(part, 'x');
  for (const name of ['dangling', 'leading']) {
    symlinkSync(outside, join(dir, name));
    expect(await placed(part, join(dir, name))).toBe('taken');
    expect(existsSync(outside)).toBe(name === 'leading');
    writeFileSync(outside, 'mine');
  }
  symlinkSync(part, join(dir, 'back'));
  expect(await placed(part, join(dir, 'back'))).toBe('taken');
  expect(readFileSync(outside, 'utf8')).toBe('mine');
});

test('placing leaves the folder neither by a link on the way nor by a name', async () => {
  const [dir, outside] = [tempDir(), tempDir()];
  mkdirSync(join(dir, 'begun'));
  const part = join(dir, 'begun', 'p');
  writeFileSync(part, 'x');
  const folder = await folderOf(part);
  symlinkSync(outside, join(dir, 'begun', 'sub'));
  symlinkSync(join(dir, 'begun'), join(dir, 'way'));
  for (const target of [join(outside, 't'), join(dir, 't'), join(dir, 'begun', 'sub', 't')]) {
    await expect(place(part, target, folder)).rejects.toThrow(`The folder of ${target} leads to `);
  }
  expect(await place(join(dir, 'way', 'p'), join(dir, 'way', 't'), folder)).toBe('placed');
  expect([readdirSync(outside), readdirSync(dir).sort()]).toEqual([[], ['begun', 'way']]);
});

test('those who want a directory durable share rounds, and each round begins after its call', async () => {
  const syncs = new DirectorySyncs();
  const dir = tempDir();
  const [first, second, third] = [syncs.sync(dir), syncs.sync(dir), syncs.sync(dir)];
  expect(second).not.toBe(first);
  expect(third).toBe(second);
  await Promise.all([first, second, third]);
  await expect(syncs.sync(join(dir, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test.each([
  ['ENOSPC', 'disk-full', 'when-possible'],
  ['EDQUOT', 'disk-full', 'when-possible'],
  ['EIO', 'disk-error', 'by-hand'],
  ['EROFS', 'no-permission', 'by-hand'],
  ['EMFILE', 'too-many-open-files', 'soon'],
  ['ENAMETOOLONG', 'path-too-long', 'by-hand'],
  ['EAI_AGAIN', 'dns', 'soon'],
  ['ECONNRESET', 'reset', 'soon'],
  ['CERT_HAS_EXPIRED', 'tls', 'by-hand'],
  ['HPE_INVALID_CONSTANT', 'bad-response', 'soon'],
])('%s is %s, to be tried again %s', (code, failure, retry) => {
  const error = Object.assign(new Error('x'), { code });
  expect(failureOf(error)).toMatchObject({ code: failure, retry });
  expect(failureOf(new Error('outer', { cause: error }))).toMatchObject({ code: failure });
});

test('a failure thrown through other code comes out as it was', () => {
  const failure = fail('tls', because('tls-failed', { cause: 'x' }), 'by-hand');
  expect(failureOf(new Error('outer', { cause: new FailureError(failure) }))).toBe(failure);
  expect(failureOf('rubbish')).toMatchObject({ code: 'internal' });
});
