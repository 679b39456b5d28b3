import { expect, test } from 'vitest';
import * as v from 'valibot';
import { read } from '../../shared/schema.ts';
import { HostRule, HostRules, maskedRule, ruleFor, unmaskedRules } from '../../shared/host-rules.ts';

const rule = (host: string, more: object = {}) => v.parse(HostRule, { host, ...more });

test.each([
  ['example.org', 'example.org'],
  ['example.org:8080', 'example.org:8080'],
  ['example.org:81', 'example.org'],
  ['a.b.example.org', '*.b.example.org'],
  ['c.example.org', '*.example.org'],
  ['notexample.org', '*'],
  ['example.org.evil.test', '*'],
  ['[::1]:80', '[::1]'],
])('for %s the most exact rule counts: %s', (host, expected) => {
  const rules = ['*', '*.example.org', 'example.org', '*.b.example.org', 'example.org:8080', '[::1]'].map((one) => ({
    host: one,
  }));
  expect(ruleFor(rules, host)?.host).toBe(expected);
});

test('a rule for the usual port is one for the address that does not name it, and a name with a star is for itself too', () => {
  expect(ruleFor([{ host: 'a.test:443' }], 'a.test')).toBeDefined();
  expect(ruleFor([{ host: 'a.test:443' }], 'a.test:8443')).toBeUndefined();
  expect(ruleFor([{ host: '*.a.test' }], 'a.test')).toBeDefined();
});

test('hosts are kept as addresses write them; what is none is refused', () => {
  expect(rule(' Example.ORG ').host).toBe('example.org');
  expect(rule('*.Bücher.example').host).toBe('*.xn--bcher-kva.example');
  for (const wrong of ['', 'a b', 'http://a.test', 'a.test/x', 'a:b', '*a.test', 'me@a.test'])
    expect(read(HostRule, { host: wrong }).success, wrong).toBe(false);
  expect(read(HostRules, [rule('a.test'), rule('A.test')]).success).toBe(false);
});

test('a header that would be two is refused, and so are two logins', () => {
  for (const headers of [{ 'X-A': 'b\r\nX-C: d' }, { 'X A': 'b' }, { '': 'b' }])
    expect(read(HostRule, { host: 'a', headers }).success).toBe(false);
  expect(read(HostRule, { host: 'a', user: 'me', bearer: 't' }).success).toBe(false);
});

test('what is secret is masked, and stays when the rule comes back masked, also under another name', () => {
  const before = [rule('a.test', { user: 'me', password: 's3cret', headers: { 'X-Key': 'k3y' } }), rule('b.test')];
  const shown = before.map(maskedRule);
  expect(JSON.stringify(shown)).not.toMatch(/s3cret|k3y/);
  expect(unmaskedRules(shown, before)).toEqual(before);
  const renamed = [{ ...shown[0]!, host: 'c.test' }, shown[1]!];
  expect(unmaskedRules(renamed, before)[0]).toMatchObject({ host: 'c.test', password: 's3cret' });
  expect(unmaskedRules([{ ...shown[0]!, password: 'new' }], before)[0]?.password).toBe('new');
  // A new host does not get what another one, that is still there, was given.
  expect(unmaskedRules([{ ...shown[0]!, host: 'evil.test' }, shown[0]!], before)[0]?.password).toBeNull();
});
