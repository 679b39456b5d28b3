// Lists from files: encodings, formats, and things that are no list.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import iconv from 'iconv-lite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { understand } from '../../../main/engine/intake/intake.ts';
import { readList } from '../../../main/engine/intake/source.ts';
import { expectSaid } from '../../support/said.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-intake-'));
});
afterAll(() => rm(dir, { recursive: true }));

async function ofFile(name: string, content: string | Uint8Array) {
  const path = join(dir, name);
  await writeFile(path, content);
  return understand(await readList(path), { known: () => false });
}
const urlsOf = async (name: string, content: string | Uint8Array) =>
  (await ofFile(name, content)).downloads.map(({ url }) => url);

describe('a list in', () => {
  const text = 'https://example.org/下载.zip\r\nhttps://example.org/second\r\n';
  const wanted = ['https://example.org/%E4%B8%8B%E8%BD%BD.zip', 'https://example.org/second'];

  test.each([
    ['UTF-8', Buffer.from(text)],
    ['UTF-8 with a mark', iconv.encode(text, 'utf8', { addBOM: true })],
    ['UTF-16 LE with a mark', iconv.encode(text, 'utf16le', { addBOM: true })],
    ['UTF-16 BE with a mark', iconv.encode(text, 'utf16be', { addBOM: true })],
    ['UTF-16 LE without a mark', iconv.encode(text, 'utf16le')],
    ['UTF-16 BE without a mark', iconv.encode(text, 'utf16be')],
    ['GB18030', iconv.encode(text, 'gb18030')],
  ])('%s is read', async (_, content) => {
    expect(await urlsOf('list.txt', content)).toEqual(wanted);
  });

  test('Windows-1252 is read', async () => {
    expect(await urlsOf('list.txt', iconv.encode('https://example.org/café.zip\n', 'win1252'))).toEqual([
      'https://example.org/caf%C3%A9.zip',
    ]);
  });
});

const unix = test.skipIf(process.platform === 'win32');

describe('what is no list is refused, in words:', () => {
  const refused = async (path: string) => {
    const { downloads, verdicts } = understand(await readList(path), { known: () => false });
    expect(downloads).toEqual([]);
    expect(verdicts).toHaveLength(1);
    expectSaid(verdicts[0]!);
    return verdicts[0];
  };

  test('a folder', async () => {
    expect(await refused(dir)).toMatchObject({ kind: 'rejected', reason: 'not-a-file', message: /folder/ });
  });
  unix('a pipe nobody writes to', async () => {
    execFileSync('sh', ['-c', 'mkfifo "$0"', join(dir, 'pipe')]);
    expect(await refused(join(dir, 'pipe'))).toMatchObject({ text: 'pipe', reason: 'not-a-file' });
  });
  unix('a device', async () => {
    expect(await refused('/dev/zero')).toMatchObject({ reason: 'not-a-file' });
  });
  unix('a socket', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(dir, 'socket'), resolve));
    expect(await refused(join(dir, 'socket'))).toMatchObject({ reason: 'not-a-file' });
    await new Promise((resolve) => server.close(resolve));
  });
  test('a file that is not there', async () => {
    expect(await refused(join(dir, 'nothing.txt'))).toMatchObject({ text: 'nothing.txt', reason: 'no-such-file' });
  });
  test('a picture', async () => {
    await writeFile(join(dir, 'a.png'), Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0', 'latin1'));
    expect(await refused(join(dir, 'a.png'))).toMatchObject({ text: 'a.png', reason: 'binary' });
  });
  test('a file as large as a film', async () => {
    const path = join(dir, 'film.txt');
    await writeFile(path, '');
    await truncate(path, 65 << 20);
    expect(await refused(path)).toMatchObject({ reason: 'too-large' });
  });
  test('a page without links', async () => {
    await writeFile(join(dir, 'empty.html'), '<p>Nothing');
    expect(await refused(join(dir, 'empty.html'))).toMatchObject({ text: 'empty.html', reason: 'no-links' });
  });
});

test('one bad file does not keep the others out', async () => {
  await writeFile(join(dir, 'good.urls'), 'https://example.org/a');
  const sources = await Promise.all([dir, join(dir, 'good.urls')].map(readList));
  const { downloads, verdicts } = understand(sources, { known: () => false });
  expect(downloads).toEqual([{ url: 'https://example.org/a' }]);
  expect(verdicts.map(({ kind }) => kind)).toEqual(['rejected', 'url']);
});

describe('the form', () => {
  test('.url of Windows', async () => {
    const text =
      '[{000214A0-0000-0000-C000-000000000046}]\r\nProp3=19,11\r\n[InternetShortcut]\r\nIDList=\r\nURL=https://example.org/a?b=1\r\nIconFile=https://example.org/favicon.ico\r\n';
    expect(await urlsOf('a.url', text)).toEqual(['https://example.org/a?b=1']);
  });

  test('.desktop link', async () => {
    expect(await urlsOf('a.desktop', '[Desktop Entry]\nType=Link\nURL=https://example.org/a\n')).toEqual([
      'https://example.org/a',
    ]);
  });

  test('.webloc of macOS, as text and binary', async () => {
    const xml =
      '<?xml version="1.0"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist version="1.0"><dict><key>URL</key>\n<string>https://example.org/?a=1&amp;b=2</string></dict></plist>';
    expect(await urlsOf('a.webloc', xml)).toEqual(['https://example.org/?a=1&b=2']);
    const url = `https://example.org/${'x'.repeat(130)}`;
    const binary = `bplist00\xd1\x01\x02SURL_\x10${String.fromCharCode(url.length)}${url}\x08\x0b\x0f\0\0\0\0\0\0\x01\x01`;
    expect(await urlsOf('b.webloc', Buffer.from(binary, 'latin1'))).toEqual([url]);
  });

  test('.html, with a base and entities', async () => {
    const html = `<!doctype html>
<base href="https://example.org/dir/">
<a href="a.zip?x=1&amp;y=2">A</a> <a href=#top>Top</a> <a name=x>x</a>
<a href='/b.zip' download='bee.zip'>B</a><img src=//cdn.example.org/c.png>
<video><source src="d.mp4"></video><script src="no.js"></script><a href="mailto:x@example.org">
<!-- <a href="not.zip"> -->`;
    const { downloads, verdicts } = await ofFile('page.html', html);
    expect(downloads).toEqual([
      { url: 'https://example.org/dir/a.zip?x=1&y=2' },
      { url: 'https://example.org/b.zip', name: 'bee.zip' },
      { url: 'https://cdn.example.org/c.png' },
      { url: 'https://example.org/dir/d.mp4' },
    ]);
    expect(verdicts.map(({ line, kind }) => [line, kind])).toEqual([
      [3, 'url'],
      [4, 'url'],
      [4, 'url'],
      [5, 'url'],
      [5, 'rejected'],
    ]);
  });

  test('a piece of a page that does not say where it is from', () => {
    const html = '<a href="a.zip">A</a><a href="https://example.org/b.zip">B</a>';
    expect(understand({ html }, { known: () => false }).verdicts.map(({ kind }) => kind)).toEqual(['rejected', 'url']);
    expect(understand({ html, base: 'https://example.org/x/' }, { known: () => false }).downloads[0]?.url).toBe(
      'https://example.org/x/a.zip',
    );
  });

  test('.csv, with titles and quotes', async () => {
    const hex = 'ab'.repeat(32);
    const csv = `"File name",Size,URL,sha256\n"a, b.zip",12,"https://example.org/a,b",${hex}\nc.zip,3,https://example.org/c,\n,,nonsense,\n\n`;
    const { downloads, verdicts } = await ofFile('list.csv', csv);
    expect(downloads).toEqual([
      { url: 'https://example.org/a,b', name: 'a, b.zip', checksum: { algorithm: 'sha256', hex } },
      { url: 'https://example.org/c', name: 'c.zip' },
    ]);
    expect(verdicts.map(({ line, kind }) => [line, kind])).toEqual([
      [2, 'url'],
      [3, 'url'],
      [4, 'rejected'],
    ]);
  });

  test('.csv with semicolons and without titles', async () => {
    expect(
      await urlsOf('list.csv', '1;https://example.org/a;https://example.org/b\n2;https://example.org/c;\n'),
    ).toEqual(['https://example.org/a', 'https://example.org/b', 'https://example.org/c']);
  });

  test('.meta4: mirrors in order, the strongest checksum, pieces', async () => {
    const piece = '1'.repeat(40);
    const xml = `<?xml version="1.0" encoding="UTF-8"?>
<metalink xmlns="urn:ietf:params:xml:ns:metalink">
  <file name="../dir/a&amp;b.iso">
    <size>20</size>
    <hash type="md5">${'2'.repeat(32)}</hash>
    <hash type="sha-256">${'AB'.repeat(32)}</hash>
    <pieces length="10" type="sha-1"><hash>${piece}</hash><hash>${piece}</hash></pieces>
    <url priority="20" location="de">https://b.example/a.iso</url>
    <url>https://d.example/a.iso</url>
    <url priority="1">https://a.example/a.iso</url>
    <url priority="2">ftp://c.example/a.iso</url>
    <metaurl mediatype="torrent">https://example.org/a.torrent</metaurl>
  </file>
  <file name="only-ftp"><url>ftp://c.example/x</url></file>
  <file name="nothing"/>
</metalink>`;
    const { downloads, verdicts } = await ofFile('list.meta4', xml);
    expect(downloads).toEqual([
      {
        url: 'https://a.example/a.iso',
        mirrors: ['https://b.example/a.iso', 'https://d.example/a.iso'],
        name: 'a&b.iso',
        checksum: {
          algorithm: 'sha256',
          hex: 'ab'.repeat(32),
          pieces: { algorithm: 'sha1', pieceBytes: 10, hex: [piece, piece] },
        },
      },
    ]);
    expect(verdicts.map(({ line, reason }) => [line, reason])).toEqual([
      [3, undefined],
      [14, 'unsupported-scheme'],
      [15, 'no-links'],
    ]);
  });

  test('.meta4 with hashes of the pieces alone', async () => {
    const piece = 'b'.repeat(64);
    const xml = `<metalink xmlns="urn:ietf:params:xml:ns:metalink"><file name="a.iso"><url>https://example.org/a.iso</url>
      <pieces length="10" type="sha-256"><hash>${piece}</hash></pieces></file></metalink>`;
    expect((await ofFile('pieces.meta4', xml)).downloads[0]?.checksum).toEqual({
      algorithm: 'sha256',
      pieces: { algorithm: 'sha256', pieceBytes: 10, hex: [piece] },
    });
  });

  test('.metalink of version 3', async () => {
    const xml = `<metalink version="3.0"><files><file name="a.iso"><verification><hash type="sha1">${'3'.repeat(40)}</hash></verification>
      <resources><url type="http" preference="10">http://b.example/a.iso</url><url type="http" preference="100">http://a.example/a.iso</url>
      <url type="bittorrent" preference="100">http://a.example/a.torrent</url></resources></file></files></metalink>`;
    expect((await ofFile('list.metalink', xml)).downloads).toEqual([
      {
        url: 'http://a.example/a.iso',
        mirrors: ['http://b.example/a.iso'],
        name: 'a.iso',
        checksum: { algorithm: 'sha1', hex: '3'.repeat(40) },
      },
    ]);
  });

  test('no page takes long, and what was left out is said', () => {
    for (const piece of [
      '<a href=x>',
      '<div>',
      '<div></p>',
      '</x>',
      '<',
      '<a href="',
      '<a href="https://example.org/1">',
    ]) {
      for (const text of [`<html>${piece.repeat(100_000)}`, `<metalink>${piece.repeat(100_000)}`]) {
        const before = process.cpuUsage();
        const { verdicts } = understand({ text }, { known: () => false });
        expect(process.cpuUsage(before).user / 1000, `${piece} again and again`).toBeLessThan(2000);
        expect(verdicts).not.toEqual([]);
      }
    }
    const deep = `${'<div>'.repeat(3000)}<a href="https://example.org/a">`;
    expect(understand({ html: deep }, { known: () => false }).verdicts).toMatchObject([{ reason: 'too-many' }]);
  });

  test('is seen in the text when the file is called something else', async () => {
    expect(await urlsOf('list.txt', '<html><a href="https://example.org/?a&amp;b">x</a>')).toEqual([
      'https://example.org/?a&b',
    ]);
  });

  test('.urls is a list like any text, named or not', async () => {
    expect(await urlsOf('LIST.URLS', '# mine\nhttps://example.org/a\n')).toEqual(['https://example.org/a']);
    expect(await urlsOf('list', 'https://example.org/a')).toEqual(['https://example.org/a']);
    expect(await ofFile('empty.txt', '')).toMatchObject({ downloads: [], known: [], verdicts: [] });
  });
});
