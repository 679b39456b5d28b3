// Names: never outside the folder, never too long, never a device, and as people expect them.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PART_SUFFIX, RIVAL_SUFFIX } from '../../shared/protocol.ts';
import { chooseName, foldName, numbered, partName, safeName } from '../../main/engine/names.ts';

const bytes = (name: string): number => Buffer.byteLength(name);
const device = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(?:\.|$)/i;

describe('a safe name', () => {
  test.each([
    ['report.pdf', 'report.pdf'],
    ['../../etc/passwd', 'passwd'],
    ['..\\..\\boot.ini', 'boot.ini'],
    ['a/b\\c.txt', 'c.txt'],
    ['/', 'download'],
    ['..', 'download'],
    ['', 'download'],
    ['...hidden', 'hidden'],
    ['.htaccess', 'htaccess'],
    ['  name.txt. . ', 'name.txt'],
    ['what?.txt', 'what_.txt'],
    ['<>:"|?*.txt', '_______.txt'],
    ['photo\u202egnp.exe', 'photognp.exe'],
    ['a\u0000b\nc\u007f.txt', 'abc.txt'],
    ['\ufeffname\u2028.txt', 'name.txt'],
    ['cafe\u0301.txt', 'café.txt'],
    ['\ud800.txt', '_.txt'],
    ['CON', '_CON'],
    ['con.txt', '_con.txt'],
    ['Nul .tar.gz', '_Nul .tar.gz'],
    ['COM¹', '_COM¹'],
    ['lpt9.log.txt', '_lpt9.log.txt'],
    ['CONOUT$', '_CONOUT$'],
    ['console.log', 'console.log'],
    ['com10.txt', 'com10.txt'],
    ['👨‍👩‍👧 familie.jpg', '👨‍👩‍👧 familie.jpg'],
    ['c++ & 100% #1.zip', 'c++ & 100% #1.zip'],
  ])('%j becomes %j', (raw, name) => {
    expect(safeName(raw)).toBe(name);
  });

  test('keeps the extension when it is cut, and cuts between characters', () => {
    expect(safeName(`${'x'.repeat(400)}.tar.gz`)).toBe(`${'x'.repeat(255 - PART_SUFFIX.length - 7)}.tar.gz`);
    expect(safeName(`${'文'.repeat(200)}.zip`)).toMatch(/^文{70,80}\.zip$/);
    expect(safeName('😀'.repeat(100))).toMatch(/^(?:😀){60}$/u);
  });

  test('does not become a device by being cut', () => {
    expect(safeName(`con${' '.repeat(300)}x.txt`)).toBe('_con.txt');
  });
});

// A sample of the big list of naughty strings, as names.
const naughty = [
  'undefined', 'null', 'NaN', 'true', '\\', '\\\\', '0', '-1', '0xffffffff', '0,0/0.0', '1/0', '--', '-rf', '~', '$HOME', '%s%s%s%n', '%00',
  ",./;'[]\\-=", '<>?:"{}|_+', '!@#$%^&*()`~', '\x01\x02\x03\x04\x1b\x7f', '\x80\x85\x9f', '\t\v\f \u0085\u00a0\u1680\u2000\u200b\u2028\u2029\u3000',
  '\u00ad\u0600\u061c\u06dd\u180e\u200e\u202a\u2060\u2066\ufeff', '\ufffe', 'Ω≈ç√∫˜µ≤≥÷', '田中さんにあげて下さい', '𠜎𠜱𠝹𠱓', 'Ⱥ', 'İıſK', 'ヽ༼ຈل͜ຈ༽ﾉ',
  '👾 🙇 💁 🙅', '🇺🇸🇷🇺🇸', '１２３', '١٢٣', 'ثم نفس سقطت', 'בְּרֵאשִׁית', '\u202atest\u202a', '\u2066test\u2067', 'T̫̺̳o̬̜ ì̬͎̲n̖v͍̥̩o̖͈k̬e͚̮',
  '<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "1;DROP TABLE users", '$(touch /tmp/x)', '`ls`', '; rm -rf /', '| cat', '../../../../etc/passwd%00',
  'C:\\Windows\\System32\\con', '\\\\?\\C:\\x', '\\\\server\\share\\x', '/dev/null; touch /tmp/x', 'file:///etc/passwd', 'CON', 'PRN', 'AUX', 'CLOCK$', 'NUL', 'A:', 'ZZ:',
  'COM1', 'LPT1', 'LPT2', 'COM4', 'desktop.ini', 'Thumbs.db', '.', '..', '. .', ' .', '. ', 'a.', 'a ', 'a..', '\ud83d', '\udc00x', 'x\u0338<\u0338', ';\u037e', 'e\ufeff\u0301',
]; // prettier-ignore

/** Strings in which everything that matters is frequent. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.string({
    unit: fc.constantFrom(
      ...'conaux1. /\\:\u0000\u0301\u202e\ud800文😀',
      '.tar',
      '.gz',
      ' '.repeat(50),
      'x'.repeat(80),
    ),
    maxLength: 40,
  }),
  fc.constantFrom(...naughty),
);

/** What holds for every name that Sluice gives to a file. */
function expectSafe(name: string): void {
  expect(name).not.toBe('');
  expect(name).toBe(name.normalize('NFC'));
  // eslint-disable-next-line no-control-regex -- the very thing that must not be there
  expect(name).not.toMatch(/[/\\<>:"|?*\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/);
  expect(name).not.toMatch(/^[.\s]|[.\s]$/);
  expect(name).not.toMatch(device);
  expect(Buffer.from(name).toString()).toBe(name);
}

test.each(naughty)('the naughty %j is safe in the end', (raw) => {
  expectSafe(safeName(raw));
});

test('any name is one name in its folder, short enough, no device, and stays when made safe again', () => {
  fc.assert(
    fc.property(text, (raw) => {
      const name = safeName(raw);
      expectSafe(name);
      expect(bytes(name + PART_SUFFIX)).toBeLessThanOrEqual(255);
      expect(safeName(name)).toBe(name);
    }),
    { numRuns: 2000 },
  );
});

test('numbered names are as safe, differ, and keep the extension', () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 99_999 }), (raw, n) => {
      const name = numbered(safeName(raw), n);
      expectSafe(name);
      expect(bytes(name + PART_SUFFIX)).toBeLessThanOrEqual(255);
      expect(name).not.toBe(numbered(safeName(raw), n + 1));
    }),
  );
  expect(numbered('a.tar.gz', 2)).toBe('a (2).tar.gz');
  expect(numbered('v1.2 final', 1)).toBe('v1.2 final (1)');
  expect(numbered('文'.repeat(79) + '.zip', 12)).toMatch(/^文+ \(12\)\.zip$/);
});

test('the name of an unfinished file is its own, and never too long', () => {
  fc.assert(
    fc.property(text, fc.nat(), fc.constantFrom('', '0a1b2c3d'), (raw, id, mark) => {
      const name = partName(safeName(raw), id, mark);
      expectSafe(name);
      expect(bytes(name + RIVAL_SUFFIX)).toBeLessThanOrEqual(255);
      expect(name.endsWith(`.${mark}${mark && '-'}${id}${PART_SUFFIX}`)).toBe(true);
    }),
  );
  expect(partName('a.zip', 7, '')).toBe('a.zip.7.sluice-part');
  expect(partName('a.zip', 7, '0a1b2c3d')).toBe('a.zip.0a1b2c3d-7.sluice-part');
  expect(bytes(partName(safeName('x'.repeat(400)), 123_456, 'f'.repeat(8)) + RIVAL_SUFFIX)).toBe(255);
});

test.each([
  ['README.TXT', 'readme.txt'],
  ['STRASSE', 'Straße'],
  ['ΟΔΟΣ', 'οδος'],
  ['\u212a.txt', 'k.txt'],
  ['É', 'e\u0301'],
])('%j and %j are one file on some system', (a, b) => {
  expect(foldName(a)).toBe(foldName(b));
});

describe('the chosen name', () => {
  const finalUrl = 'https://cdn.example.org/dir/file%20one.zip?sig=a/b.exe#f';
  const contentDisposition = 'attachment; filename="server.zip"';

  test('is the given one, before the server’s, before the one in the address, before the host', () => {
    expect(chooseName({ given: 'mine.zip', contentDisposition, finalUrl })).toBe('mine.zip');
    expect(chooseName({ contentDisposition, finalUrl })).toBe('server.zip');
    expect(chooseName({ finalUrl })).toBe('file one.zip');
    expect(chooseName({ finalUrl: 'https://cdn.example.org/' })).toBe('cdn.example.org');
  });

  test('skips a name of which nothing is left', () => {
    expect(chooseName({ given: ' .. ', contentDisposition: 'attachment; filename="../"', finalUrl })).toBe(
      'file one.zip',
    );
  });

  test.each([
    ['https://h.org/%E4%B8%8B%E8%BD%BD.zip', '下载.zip'],
    ['https://h.org/%CF%C2%D4%D8.zip', '下载.zip'],
    ['https://h.org/caf%E9.zip', 'café.zip'],
    ['https://h.org/a+b%2Bc.zip', 'a+b+c.zip'],
    ['https://h.org/100%.zip', '100%.zip'],
    ['https://h.org/dir/', 'dir'],
    ['https://h.org/..%2F..%2Fetc%2Fpasswd.txt', 'passwd.txt'],
    ['https://h.org/%2e%2e%5cx.txt', 'x.txt'],
    ['https://user:secret@h.org/', 'h.org'],
    ['http://[::1]:8080/', '[__1]'],
  ])('of %s is %j', (url, name) => {
    expect(chooseName({ finalUrl: url })).toBe(name);
  });

  test('takes an extension from the type when it has none, unless somebody chose it', () => {
    const url = 'https://h.org/get';
    expect(chooseName({ finalUrl: url, contentType: 'application/pdf' })).toBe('get.pdf');
    expect(chooseName({ finalUrl: url, contentType: 'application/octet-stream' })).toBe('get');
    expect(chooseName({ finalUrl: 'https://h.org/', contentType: 'Text/HTML; charset=utf-8' })).toBe('h.org.html');
    expect(chooseName({ finalUrl: 'https://h.org/a.php', contentType: 'application/pdf' })).toBe('a.php');
    expect(chooseName({ given: 'notes', finalUrl: url, contentType: 'text/plain' })).toBe('notes');
  });
});

test('a plain address gives the same name as a careful reading of it would', () => {
  const nameOf = (finalUrl: string) => chooseName({ finalUrl });
  expect(nameOf('https://files.example/set/item-1.zip')).toBe('item-1.zip');
  expect(nameOf('https://files.example:8080/con.txt')).toBe('_con.txt');
  expect(nameOf('https://files.example/a.zip?name=/b.iso')).toBe('a.zip');
  expect(nameOf('https://files.example')).toBe('files.example');
  expect(nameOf('https://files.example/folder.d/')).toBe('folder.d');
  expect(foldName('Item-1.zip')).toBe(foldName('ITEM-1.ZIP'));
});
