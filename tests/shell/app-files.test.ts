import { sep } from 'node:path';
import { expect, test } from 'vitest';
import { contentSecurityPolicy, fileFor } from '../../main/shell/app-files.ts';

const folder = `${sep}app${sep}renderer`;

test('an address names a file of the folder', () => {
  expect(fileFor('app://sluice/index.html', folder)).toBe(`${folder}${sep}index.html`);
  expect(fileFor('app://sluice/assets/a%20b.js?x#y', folder)).toBe(`${folder}${sep}assets${sep}a b.js`);
});

test.each([
  'app://other/index.html',
  'app://sluice/',
  'app://sluice/..%2f..%2fetc/passwd',
  'app://sluice/%2e%2e/main/main.cjs',
  'app://sluice/%2e%2e%2frenderer-other/x',
  'app://sluice/a%00.html',
  'app://sluice/%zz',
])('nothing outside of it is served: %s', (url) => {
  const file = fileFor(url, folder);
  expect(file === null || file.startsWith(`${folder}${sep}`)).toBe(true);
});

test('the policy lets nothing in but our own scripts and styles', () => {
  expect(contentSecurityPolicy).toContain("default-src 'none'");
  expect(contentSecurityPolicy).not.toMatch(/unsafe|http|\*|connect-src|blob/);
});
