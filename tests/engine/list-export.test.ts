// Lists that go out and come back: nothing is lost that the form has a place for.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { understand } from '../../main/engine/intake/intake.ts';
import { listAsJson, listAsText, withLogin, withoutSecrets } from '../../main/engine/list-export.ts';
import { safeName } from '../../main/engine/names.ts';
import { type NewDownload } from '../../shared/download.ts';
import { expectSaid } from '../support/said.ts';

const read = (text: string) => understand({ text }, { known: () => false });

const piece = fc.constantFrom(
  'a',
  '.zip',
  '[1-3]',
  '{a,b}',
  '(x)',
  '%20',
  '|',
  '?',
  ',https://',
  '.',
  '!',
  "'",
  '`',
  ']',
  ':',
  '/',
);
const url = fc
  .tuple(fc.webUrl(), fc.array(piece, { maxLength: 6 }))
  .map(([start, end]) => new URL(`${start}/${end.join('')}`).href);
const name = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('sha256=abc.zip', 'a # b')).map(safeName);
const checksum = fc.constantFrom(
  { algorithm: 'md5' as const, hex: '0a'.repeat(16) },
  { algorithm: 'sha512' as const, hex: '0b'.repeat(64) },
);
const simple = fc.record({ url, name, checksum }, { requiredKeys: ['url'] });
const listOf = (download: fc.Arbitrary<NewDownload>) =>
  fc.uniqueArray(download, { selector: (each) => each.url, maxLength: 8 });

test('as text, addresses, names and checksums come back', () => {
  fc.assert(
    fc.property(listOf(simple), (downloads) => {
      const back = read(listAsText(downloads)).downloads;
      const decoded = (each: NewDownload) => ({
        ...each,
        url: each.url.replace(/%([2-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
      });
      expect(back.map(decoded)).toEqual(downloads.map(decoded));
    }),
  );
});

test('as JSON, everything comes back as it was', () => {
  const full: NewDownload[] = [
    {
      url: 'https://me:secret@example.org/[1-3]?x=1,2',
      mirrors: ['https://b.example/x'],
      name: 'sha256=abc.zip',
      checksum: {
        algorithm: 'sha256',
        hex: 'ab'.repeat(32),
        pieces: { algorithm: 'sha1', pieceBytes: 10, hex: ['c'.repeat(40)] },
      },
      headers: { Referer: 'https://example.org/' },
    },
    { url: 'https://example.org/2' },
  ];
  const { downloads, verdicts } = read(listAsJson(full));
  expect(downloads).toEqual(full);
  expect(verdicts.map(({ line, text }) => [line, text])).toEqual([
    [2, 'https://***@example.org/[1-3]?x=1,2'],
    [3, 'https://example.org/2'],
  ]);
});

test('a bad entry is named by its line and costs no other, a list cut off in the middle neither', () => {
  const text = listAsJson(['a', 'b', 'c'].map((one) => ({ url: `https://me:pw@example.org/${one}` })));
  const damaged = read(text.replace('"url":"https://me:pw@example.org/b"', '"uri":"https://me:pw@example.org/b"'));
  expect(damaged.downloads.map(({ url }) => url.at(-1))).toEqual(['a', 'c']);
  expect(damaged.verdicts[1]).toMatchObject({ line: 3, reason: 'unreadable', message: /^This entry is damaged: / });
  const secret = read(listAsJson([{ url: 'x', headers: { Cookie: 'id=1' } }]).replace('"url"', '"uri"'));
  expect(JSON.stringify([damaged.verdicts, secret.verdicts])).not.toMatch(/pw@|id=1/);
  for (const verdict of [damaged.verdicts[1]!, secret.verdicts[0]!]) expectSaid(verdict);
  const cut = read(text.slice(0, -20));
  expectSaid(cut.verdicts[3]!);
  expect(cut.downloads.map(({ url }) => url.at(-1))).toEqual(['a', 'b']);
  expect(cut.verdicts.map(({ line, reason }) => [line, reason])).toEqual([
    [2, undefined],
    [3, undefined],
    [4, 'unreadable'],
    [4, 'unreadable'],
  ]);
  expect(read(JSON.stringify(JSON.parse(text), null, 2)).downloads, 'written anew by another program').toHaveLength(3);
});

test('what is no list of this form is refused in words', () => {
  for (const text of ['{"sluice":"list","version":2,"downloads":[]}', '{"sluice":"list"', '{"sluice": 5}']) {
    expect(read(text)).toMatchObject({
      downloads: [],
      verdicts: [{ reason: 'unreadable', message: /^The list is damaged: / }],
    });
  }
  expect(read(listAsJson([{ url: 'ftp://example.org/a', mirrors: ['no'] }])).verdicts).toMatchObject([
    { reason: 'unsupported-scheme' },
  ]);
});

test('a login that has become a header goes into a text as part of its address', () => {
  const headers = { authorization: `Basic ${Buffer.from('me:p w').toString('base64')}` };
  expect(withLogin({ url: 'https://example.org/a', headers }).url).toBe('https://me:p%20w@example.org/a');
  expect(withLogin({ url: 'https://example.org/a' }).url).toBe('https://example.org/a');
});

test('without secrets an address has no login and only harmless headers go along', () => {
  expect(
    withoutSecrets({
      url: 'https://me:secret@example.org/a?b=1',
      mirrors: ['https://you:too@b.example/a'],
      headers: { Referer: 'https://example.org/', Cookie: 'id=1', Authorization: 'Bearer x', 'X-Api-Key': 'y' },
    }),
  ).toEqual({
    url: 'https://example.org/a?b=1',
    mirrors: ['https://b.example/a'],
    headers: { Referer: 'https://example.org/' },
  });
});
