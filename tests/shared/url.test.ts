// Addresses for people: hosts, and nobody's password.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hostOf, isAsWritten, maskCredentials } from '../../shared/url.ts';

test.each([
  ['https://example.org/x', 'example.org'],
  ['https://u:p@example.org:443/x', 'example.org'],
  ['http://example.org:8080/x', 'example.org:8080'],
  ['http://[::1]:81/', '[::1]:81'],
  ['https://bücher.example/', 'xn--bcher-kva.example'],
  ['no address', ''],
])('the host of %s is %j', (url, host) => {
  expect(hostOf(url)).toBe(host);
});

test.each([
  'https://example.org/set/item-1.tar.gz',
  'http://127.0.0.1:8080/a/b%20c/?q=1&r=/x/../y',
  'http://[::1]:81/~a/(b)',
])('%s is told to be written so without a look at all of it', (url) => {
  expect(isAsWritten(url)).toBe(true);
  expect(new URL(url).href).toBe(url);
});

test('whatever is told to be written as the URL standard writes it is, and has the host that it tells', () => {
  const scheme = fc.constantFrom('http://', 'https://', 'HTTP://', 'http:/', 'ftp://');
  const host = fc.constantFrom(
    'a', 'example.org', 'Example.org', 'a.b:8080', 'a:80', 'a:443', 'a:08', 'a:', '1', '1.2.3.4', '0x7f.1', '01.2.3.4',
    '[::1]', '[0::1]', 'xn--a', 'bücher.de', 'a%41', 'u@a', 'u:p@a', 'a..b', 'a.', 'a b', '', 'a:99999', '999.1.1.1', 'a_b',
  ); // prettier-ignore
  const signs = [
    ...'/.%?#@:;,&=+$!*\'()~-_ \\|^`{}[]<>"aZ0éß文\t',
    '%2e',
    '%2E',
    '%zz',
    '/./',
    '/../',
    '\u200b',
    '\ud800',
  ];
  const path = fc.array(fc.constantFrom(...signs), { maxLength: 8 }).map((parts) => parts.join(''));
  let told = 0;
  fc.assert(
    fc.property(scheme, host, fc.constantFrom('', '/', '/x'), path, (...parts) => {
      const url = parts.join('');
      expect(hostOf(url)).toBe(URL.canParse(url) ? new URL(url).host : '');
      if (!isAsWritten(url)) return;
      told++;
      expect(new URL(url).href).toBe(url);
    }),
    { numRuns: 5000 },
  );
  expect(told).toBeGreaterThan(0);
});

test.each([
  ['https://example.org/@user/x', 'https://example.org/@user/x'],
  ['https://example.org/?mail=a@b.c', 'https://example.org/?mail=a@b.c'],
  ['http://example.org:8080/@x', 'http://example.org:8080/@x'],
  ['https://u:secret@example.org/', 'https://***@example.org/'],
  ['https://token@example.org/', 'https://***@example.org/'],
  ['HTTP://u:se@cret@example.org', 'HTTP://***@example.org'],
  ['http:\\\\u:secret@example.org', 'http:\\\\***@example.org'],
  ['http://u:se/cret@example.org/', 'http://***@example.org/'],
  ['http://u:12/cret#?@example.org/', 'http://u:12/cret#?@example.org/'],
  ['http://u:secret word@example.org/', 'http://***@example.org/'],
  ['see http://u:secret@a/ and ftp://v:secret@b/', 'see http://***@a/ and ftp://***@b/'],
  ['https://user:secretsecr', 'https://***'],
  ['https://example.org:8443', 'https://example.org:8443'],
  ['bob@example.org', 'bob@example.org'],
])('%s is shown as %s', (text, shown) => {
  expect(maskCredentials(text)).toBe(shown);
});

test('what a password may be made of is not shown', () => {
  fc.assert(
    fc.property(
      fc.webUrl(),
      fc.string({ unit: 'grapheme-ascii', minLength: 6 }).map(encodeURIComponent),
      (url, secret) => {
        const shown = maskCredentials(url.replace('://', `://user:!${secret}@`));
        expect(shown).toBe(url.replace('://', '://***@'));
      },
    ),
  );
});

test('no text makes it slow', () => {
  const started = performance.now();
  for (const piece of ['a.', 'a:', '://', 'http://', 'http://a:b', '@', 'http://a@', 'a://b:']) {
    maskCredentials(piece.repeat(65_536 / piece.length));
  }
  expect(performance.now() - started).toBeLessThan(2000);
});
