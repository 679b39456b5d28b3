// Addresses for people: hosts, and nobody's password.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hostOf, maskCredentials } from '../../shared/url.ts';

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
