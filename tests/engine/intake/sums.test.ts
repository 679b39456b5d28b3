// Checksum files beside a list: whose each line is, and which lines are nobody's.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { understand } from '../../../main/engine/intake/intake.ts';
import { readList } from '../../../main/engine/intake/source.ts';
import { expectSaid } from '../../support/said.ts';
import { tempDir } from '../../support/temp-dir.ts';

const sum = (algorithm: string, of: string) => createHash(algorithm).update(of).digest('hex');
const A = { algorithm: 'sha256', hex: sum('sha256', 'a') } as const;
const B = { algorithm: 'sha256', hex: sum('sha256', 'b') } as const;

/** Writes the files, reads them as a drop of all of them does, and understands them. */
async function understood(files: Record<string, string>, known: (url: string) => boolean = () => false) {
  const dir = tempDir();
  const sources = [];
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(dir, name), text);
    sources.push(await readList(join(dir, name)));
  }
  return understand(sources, { known });
}

const list = 'https://h.example/dir/a.iso\nhttps://h.example/dir/b.iso\n';
const rejected = ({ verdicts }: Awaited<ReturnType<typeof understood>>) =>
  verdicts.filter((verdict) => {
    if (verdict.kind === 'rejected') expectSaid(verdict);
    return verdict.kind === 'rejected';
  });

describe('the lines of', () => {
  test.each([
    ['GNU', 'SHA256SUMS', `${A.hex}  a.iso\n${B.hex} *b.iso\n`],
    ['BSD', 'SHA256', `SHA256 (a.iso) = ${A.hex}\nSHA256 (b.iso) = ${B.hex.toUpperCase()}\n`],
    ['OpenSSL', 'SHA256SUMS.txt', `SHA2-256(a.iso)= ${A.hex}\r\nSHA256(b.iso)= ${B.hex}\r\n`],
    ['a folder above', 'sha256sum.txt', `${A.hex}  ./dir/a.iso\n${B.hex}  dir/b.iso\n`],
    [
      'a signed file with comments',
      'Distribution-9-CHECKSUM',
      `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n# a.iso: 1 byte\nSHA256 (a.iso) = ${A.hex}\nSHA256 (b.iso) = ${B.hex}\n-----BEGIN PGP SIGNATURE-----\n\niQIzBAEB\n-----END PGP SIGNATURE-----\n`,
    ],
  ])('%s are of the downloads of those names', async (_, name, text) => {
    const all = await understood({ 'list.txt': list, [name]: text });
    expect(all.downloads).toEqual([
      { url: 'https://h.example/dir/a.iso', checksum: A },
      { url: 'https://h.example/dir/b.iso', checksum: B },
    ]);
    expect(all.checksums).toBe(2);
    expect(rejected(all)).toEqual([]);
  });

  test.each([
    ['a bare value', `${A.hex}\n`],
    ['what came through a pipe', `${A.hex}  -\n`],
    ['another folder of its maker', `${A.hex}  /build/out/a.iso\n`],
  ])('FILE.sha256 with %s are of that file', async (_, text) => {
    const all = await understood({ 'a.iso.sha256': text, 'list.txt': list });
    expect(all.downloads.map(({ checksum }) => checksum)).toEqual([A, undefined]);
    expect(all.checksums).toBe(1);
  });
});

test('the name may be escaped in the address, in the file, or be the one that the list chose', async () => {
  const urls = 'https://h.example/my%20file.iso\nhttps://h.example/back%5Cslash\nhttps://h.example/get?id=3\tb.iso\n';
  const sums = `${A.hex}  my file.iso\n\\${A.hex}  back\\\\slash\n${B.hex}  b.iso\n`;
  const { downloads } = await understood({ 'list.txt': urls, SHA256SUMS: sums });
  expect(downloads.map(({ checksum }) => checksum)).toEqual([A, A, B]);
});

test('the strongest of several files counts, and never instead of one that the list gives itself', async () => {
  const own = sum('md5', 'own');
  const { downloads } = await understood({
    'list.txt': `https://h.example/a.iso\nhttps://h.example/b.iso md5=${own}\n`,
    SHA256SUMS: `${A.hex}  a.iso\n${B.hex}  b.iso\n`,
    MD5SUMS: `${sum('md5', 'a')}  a.iso\n`,
    'a.iso.sha512': `${sum('sha512', 'a')}  a.iso`,
  });
  expect(downloads.map(({ checksum }) => checksum)).toEqual([
    { algorithm: 'sha512', hex: sum('sha512', 'a') },
    { algorithm: 'md5', hex: own },
  ]);
});

test('lines that are no checksum are named with their number', async () => {
  const all = await understood({
    'list.txt': list,
    SHA256SUMS: `${A.hex}  a.iso\nnonsense\n${'f'.repeat(50)}  b.iso\nCRC32 (b.iso) = ${'f'.repeat(32)}\n${B.hex}\n`,
  });
  expect(all.checksums).toBe(1);
  expect(rejected(all).map(({ line, reason }) => [line, reason])).toEqual([2, 3, 4, 5].map((n) => [n, 'no-checksum']));
});

test('a value that may be of either of two files is given to neither, and said', async () => {
  const all = await understood({
    'list.txt': 'https://h.example/1/a.iso\nhttps://h.example/2/a.iso\nhttps://h.example/1/b.iso\n',
    SHA256SUMS: `${A.hex}  a.iso\n${B.hex}  1/b.iso\n`,
    'b.sha256': `${A.hex}  1/b.iso\n`,
  });
  expect(all.downloads.map(({ checksum }) => checksum)).toEqual([undefined, undefined, undefined]);
  expect(rejected(all)).toMatchObject([
    { line: 1, text: `${A.hex}  1/b.iso`, reason: 'unclear-checksum' },
    { line: 1, text: `${A.hex}  a.iso`, reason: 'unclear-checksum' },
  ]);
});

test('folders in the names tell files of one name apart', async () => {
  const { downloads } = await understood({
    'list.txt': 'https://h.example/1/a.iso\nhttps://h.example/2/a.iso\n',
    SHA256SUMS: `${A.hex}  1/a.iso\n${B.hex}  2/a.iso\n`,
  });
  expect(downloads.map(({ checksum }) => checksum)).toEqual([A, B]);
});

test('checksums of nothing in the list are said, by the name of their file', async () => {
  const all = await understood({ 'list.txt': list, 'c.iso.sha256': A.hex });
  expect(rejected(all)).toMatchObject([{ line: 0, text: 'c.iso.sha256', reason: 'no-checksum' }]);
});

test('a list stays a list, whatever it is called', async () => {
  const all = await understood({ SHA256SUMS: `${A.hex}  https://h.example/dir/a.iso\n` });
  expect(all.downloads).toEqual([{ url: 'https://h.example/dir/a.iso', checksum: A }]);
});

test('what is among the downloads already has them too, for whoever adds it once more', async () => {
  const all = await understood({ 'list.txt': list, SHA256SUMS: `${A.hex}  a.iso\n` }, () => true);
  expect(all.known[0]).toEqual({ url: 'https://h.example/dir/a.iso', checksum: A });
  expect(all.downloads).toEqual([]);
});

test('twenty thousand names meet twenty thousand downloads', async () => {
  const count = 20_000;
  const names = Array.from({ length: count }, (_, n) => `f${n}.bin`);
  const all = await understood({
    'list.txt': names.map((name) => `https://h.example/${'d/'.repeat(3)}${name}`).join('\n'),
    SHA256SUMS: names.map((name) => `${A.hex}  ${name}`).join('\n'),
  });
  expect(all.checksums).toBe(count);
});
