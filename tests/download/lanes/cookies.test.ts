import { expect, test } from 'vitest';
import { cookiesFor, parseCookies } from '../../../main/download/lanes/cookies.ts';

const file = `# Netscape HTTP Cookie File
.example.org\tTRUE\t/\tFALSE\t0\tall\t1
example.org\tFALSE\t/docs\tFALSE\t4102444800\thostonly\t2
#HttpOnly_.example.org\tTRUE\t/\tTRUE\t4102444800\tsafe\t3
.example.org\tTRUE\t/\tFALSE\t946684800\told\t4
other.test\tFALSE\t/\tFALSE\t0\tother\t5
# a comment\tTRUE\t/\tFALSE\t0\tx\ty
127.0.0.1\tTRUE\t/\tFALSE\t0\taddress\t6

no cookie at all
example.org\tFALSE\t/\tFALSE\tsoon\tbad\tdate
example.org\tFALSE\t/\tFALSE\t0\tbad\ta;b
`.replaceAll('\n', '\r\n');
const now = Date.UTC(2026, 0, 1);
const names = (url: string) => cookiesFor(parseCookies(file), new URL(url), now).map(({ name }) => name);

test.each([
  ['http://example.org/', ['all']],
  ['https://example.org/', ['all', 'safe']],
  ['http://sub.example.org/docs/', ['all']],
  ['http://EXAMPLE.org/docs', ['hostonly', 'all']],
  ['http://example.org/docs/a', ['hostonly', 'all']],
  ['http://example.org/docsets', ['all']],
  ['http://badexample.org/', []],
  ['http://example.org.evil.test/', []],
  ['http://other.test:8080/x', ['other']],
  ['http://sub.other.test/', []],
  ['http://127.0.0.1:1/', ['address']],
  ['http://1.127.0.0.1.test/', []],
])('%s gets %j', (url, expected) => {
  expect(names(url)).toEqual(expected);
});

test('an address is not below another that it ends like', () => {
  const cookies = parseCookies('0.0.1\tTRUE\t/\tFALSE\t0\ta\tb');
  expect(cookiesFor(cookies, new URL('http://127.0.0.1/'), now)).toEqual([]);
});
