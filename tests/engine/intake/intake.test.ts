// Understanding a list: every line has its verdict, and no line takes long.
import { describe, expect, test } from 'vitest';
import { understand } from '../../../main/engine/intake/intake.ts';
import { type ListSource } from '../../../main/engine/intake/source.ts';
import { expectSaid } from '../../support/said.ts';

const none = { known: () => false };
const ofText = (text: string) => understand({ text }, none);
const urls = (source: ListSource): string[] => understand(source, none).downloads.map(({ url }) => url);
const reason = (text: string): string | undefined => ofText(text).verdicts[0]?.reason;
const sha256 = 'c0ffee'.padEnd(64, '0');
const md5 = 'c0ffee'.padEnd(32, '0');

describe('a line', () => {
  test.each([
    ['https://example.org/a.zip', 'https://example.org/a.zip'],
    ['  HTTPS://Example.ORG:443/a/../b.zip#top  ', 'https://example.org/b.zip'],
    ['http://example.org', 'http://example.org/'],
    ['https://example.org/a.zip#', 'https://example.org/a.zip'],
    ['http:\\\\example.org\\a.zip', 'http://example.org/a.zip'],
    ['http:/example.org/a.zip', 'http://example.org/a.zip'],
    ['//example.org/a.zip', 'https://example.org/a.zip'],
    ['www.example.org', 'https://www.example.org/'],
    ['example.org/file.zip', 'https://example.org/file.zip'],
    ['example.org:8443/file.zip', 'https://example.org:8443/file.zip'],
    ['localhost:8080/x', 'http://localhost:8080/x'],
    ['192.168.1.5/x.iso', 'http://192.168.1.5/x.iso'],
    ['http://[::1]:8080/x', 'http://[::1]:8080/x'],
    ['https://bücher.example/straße.pdf', 'https://xn--bcher-kva.example/stra%C3%9Fe.pdf'],
    ['https://example.org/my file.zip', 'https://example.org/my%20file.zip'],
    ['https://example.org/文件（1）', 'https://example.org/%E6%96%87%E4%BB%B6%EF%BC%881%EF%BC%89'],
    ['https://example.org/get?u=https://other.example/x', 'https://example.org/get?u=https://other.example/x'],
    ['https://web.example/2020/http://other.example/', 'https://web.example/2020/http://other.example/'],
    ['https://user:p%40ss@example.org/x', 'https://user:p%40ss@example.org/x'],
    ['https://example.org/a_(b).zip', 'https://example.org/a_(b).zip'],
    ['https://example.org/a.zip\u200b', 'https://example.org/a.zip'],
    ['https://example.org/x[a]', 'https://example.org/x[a]'],
  ])('%s is %s', (text, url) => {
    expect(urls({ text })).toEqual([url]);
  });

  test.each([
    ['<https://example.org/a b.zip>', 'https://example.org/a%20b.zip'],
    ['"https://example.org/a b.zip",', 'https://example.org/a%20b.zip'],
    ['see (https://example.org/a_(b)).', 'https://example.org/a_(b)'],
    ['[a title](https://example.org/a.zip)', 'https://example.org/a.zip'],
    ['![](https://example.org/a.png "A picture")', 'https://example.org/a.png'],
    ['- **https://example.org/a.zip**', 'https://example.org/a.zip'],
    ['Get https://example.org/a.zip, then run it!', 'https://example.org/a.zip'],
    ['https://example.org/a.zip is a nice thing.', 'https://example.org/a.zip'],
    ['Is it https://example.org/a.zip?', 'https://example.org/a.zip'],
    ['URL=https://example.org/a.zip;', 'https://example.org/a.zip'],
    ['请下载https://example.org/文件.zip，谢谢', 'https://example.org/%E6%96%87%E4%BB%B6.zip'],
    ['「https://example.org/a.zip」', 'https://example.org/a.zip'],
    ['| https://example.org/a.zip | 12 MB |', 'https://example.org/a.zip'],
    ['look at www.example.org/a.zip', 'https://www.example.org/a.zip'],
  ])('%s has %s in it', (text, url) => {
    expect(urls({ text })).toEqual([url]);
  });

  const rejected: [text: string, reason: string][] = [
    ['hello world', 'not-a-url'],
    ['Note: nothing here', 'not-a-url'],
    ['and/or', 'not-a-url'],
    ['file.txt', 'not-a-url'],
    ['C:\\dir\\file.txt', 'not-a-url'],
    ['/home/me/list.txt', 'not-a-url'],
    ['https://exa%mple/', 'not-a-url'],
    ['https://a^b/', 'not-a-url'],
    ['ftp://example.org/a.zip', 'unsupported-scheme'],
    ['file:///etc/passwd', 'unsupported-scheme'],
    ['javascript:location="https://example.org/"', 'unsupported-scheme'],
    ['data:text/plain,https://example.org/', 'unsupported-scheme'],
    ['magnet:?xt=urn:btih:0&tr=http://tracker.example/announce', 'unsupported-scheme'],
    ['blob:https://example.org/2f5b', 'unsupported-scheme'],
    ['hxxps://example.org/a.zip', 'unsupported-scheme'],
    ['https://', 'no-host'],
    ['http://?', 'no-host'],
    ['http://:80/', 'no-host'],
    ['https://user@/x', 'no-host'],
    ['http://example.org:99999/', 'bad-port'],
    ['http://example.org:http/', 'bad-port'],
    [`https://example.org/a-long-enough-address-that-has-only-one-odd-sign-in-it\0`, 'binary'],
    [`https://example.org/${'x'.repeat(70_000)}`, 'too-long'],
    [`https://example.org/${'ü'.repeat(30_000)}`, 'too-long'],
    ['x'.repeat(5_000_000), 'too-long'],
    ['https://example.org/a[3-1].zip', 'empty-pattern'],
    ['https://example.org/[0-999][0-999].zip', 'too-many'],
    ['https://example.org/a.zip sha256=abc', 'bad-checksum'],
  ];
  test.each(rejected.map(([text, why]) => [text.slice(0, 60), why, text]))('%j is rejected: %s', (_, why, text) => {
    const { downloads, verdicts } = ofText(text);
    expect(downloads).toEqual([]);
    expect(verdicts).toMatchObject([{ line: 1, kind: 'rejected', reason: why }]);
    expect(verdicts[0]?.message).toMatch(/^\S.*\.$/);
    expectSaid(verdicts[0]!);
    expect(verdicts[0]?.text.length).toBeLessThanOrEqual(300);
  });

  test('may have several addresses, each with its verdict', () => {
    const { verdicts } = ofText('https://a.example/1,https://b.example/2 and ftp://c.example/3 (https://a.example/1)');
    expect(verdicts.map(({ line, kind, text }) => [line, kind, text])).toEqual([
      [1, 'url', 'https://a.example/1'],
      [1, 'url', 'https://b.example/2'],
      [1, 'rejected', 'ftp://c.example/3'],
    ]);
  });

  test.each([
    [`https://example.org/a.iso sha256=${sha256}`, { checksum: { algorithm: 'sha256', hex: sha256 } }],
    [`https://example.org/a.iso\tSHA-256: ${sha256.toUpperCase()}`, { checksum: { algorithm: 'sha256', hex: sha256 } }],
    [
      `https://example.org/a.iso | my disk.iso | md5=${md5}`,
      { name: 'my disk.iso', checksum: { algorithm: 'md5', hex: md5 } },
    ],
    [`https://example.org/a.iso\tdisk.iso`, { name: 'disk.iso' }],
    [`https://example.org/a.iso\t../../disk?.iso`, { name: 'disk_.iso' }],
    [`https://example.org/a.iso#sha256=${sha256}`, { checksum: { algorithm: 'sha256', hex: sha256 } }],
    ['https://example.org/a.iso#md5=section', {}],
    [`${sha256} *https://example.org/a.iso`, { checksum: { algorithm: 'sha256', hex: sha256 } }],
  ])('%s says more than the address', (text, more) => {
    expect(ofText(text).downloads).toEqual([{ url: 'https://example.org/a.iso', ...more }]);
  });

  test('shows credentials to nobody but the server', () => {
    const { downloads, verdicts } = ofText('https://me:secret@example.org/x\nhttp://me:secret@example.org:port/');
    expect(downloads).toEqual([{ url: 'https://me:secret@example.org/x' }]);
    expect(verdicts.map(({ text }) => text)).toEqual(['https://***@example.org/x', 'http://***@example.org:port/']);
    const cut = ofText(`${'x'.repeat(280)} https://me:${'secret'.repeat(20)}@example.org/`).verdicts[0];
    expect(cut?.text).toMatch(/x https:\/\/\*\*\*$/);
  });
});

describe('a list', () => {
  test('counts lines whatever ends them, and is silent about empty ones and comments', () => {
    const { verdicts } = ofText(
      '# list\r\n\r\nhttps://example.org/1\rhttps://example.org/2\n\n  nothing\n#https://x.example/',
    );
    expect(verdicts.map(({ line, kind }) => [line, kind])).toEqual([
      [3, 'url'],
      [4, 'url'],
      [6, 'rejected'],
    ]);
    const spread = ofText('\nhttps://example.org/1\n\r\nhttps://example.org/2\r\rhttps://example.org/3');
    expect(spread.verdicts.map(({ line }) => line)).toEqual([2, 4, 6]);
  });

  test('tells what is in it twice and what is among the downloads already', () => {
    const text = 'https://example.org/a\nHTTPS://EXAMPLE.org/a#x\nhttps://example.org/b\nhttps://example.org/b';
    const { downloads, known, verdicts } = understand({ text }, { known: (url) => url === 'https://example.org/b' });
    expect(verdicts.map(({ kind }) => kind)).toEqual(['url', 'duplicate', 'known', 'duplicate']);
    expect(downloads).toEqual([{ url: 'https://example.org/a' }]);
    expect(known).toEqual([{ url: 'https://example.org/b' }]);
  });

  test('expands batch patterns, each address with its own verdict', () => {
    const { downloads, verdicts } = ofText('https://example.org/{a,b}[08-09].jpg');
    expect(downloads.map(({ url }) => url.slice(20))).toEqual(['a08.jpg', 'a09.jpg', 'b08.jpg', 'b09.jpg']);
    expect(verdicts.map(({ line, text }) => [line, text.slice(20)])).toContainEqual([1, 'a09.jpg']);
  });

  test('stops where a list is too long, and says so', () => {
    const { downloads, verdicts } = ofText(['a', 'b', 'c'].map((x) => `https://example.org/${x}[1-99999]`).join('\n'));
    expect(downloads).toHaveLength(200_000);
    expect(verdicts.at(-1)).toMatchObject({ line: 3, kind: 'rejected', reason: 'too-many' });
  });

  test('several sources are one list', () => {
    const sources = [{ text: 'https://example.org/a' }, { html: '<a href="https://example.org/a">a</a>' }];
    expect(understand(sources, none).verdicts.map(({ kind }) => kind)).toEqual(['url', 'duplicate']);
    expect(understand([], none).verdicts).toEqual([]);
  });

  test('binary rubbish is one verdict', () => {
    const rubbish = Array.from({ length: 5000 }, (_, i) => String.fromCharCode((i * 7919) % 256)).join('');
    expect(ofText(rubbish).verdicts).toMatchObject([{ kind: 'rejected', reason: 'binary' }]);
    expect(reason('\ufffd\ufffd\ufffd https://example.org')).toBe('binary');
  });
});

/** What the work costs this process, in ms of CPU: other programs on the machine do not count. */
function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  return process.cpuUsage(before).user / 1000;
}

test('100,000 lines take less than a second', () => {
  const text = Array.from({ length: 100_000 }, (_, i) => `https://example.org/dir/file-${i}.zip`).join('\r\n');
  const run = () => cpuMs(() => expect(ofText(text).downloads).toHaveLength(100_000));
  expect(Math.min(run(), run(), run())).toBeLessThan(1000);
});

test('no long line takes long', () => {
  const pieces = [
    'a',
    '(',
    'http://',
    'http://a/(',
    '(http://a/',
    '«http://a/ ',
    '"http://a/ ',
    'www.',
    'a.a/',
    '/.',
    '{a,',
    '[1-',
    'a:',
    'a@',
    '\t',
    'é',
    '://',
  ];
  for (const piece of pieces) {
    const long = piece.repeat(1_000_000 / piece.length);
    for (const text of [long, `https://x${long} x.zip`, `https://x/${long}.`]) {
      expect(
        cpuMs(() => void ofText(text)),
        `${piece} again and again`,
      ).toBeLessThan(1500);
    }
  }
});
