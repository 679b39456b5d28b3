// How requests are made, as the command line says it: secrets come from files or the environment.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { help, parseCommand } from '../../main/cli/options.ts';
import { headersOf, requestOptions } from '../../main/cli/request-options.ts';
import { certificate } from '../support/certificate.ts';
import { tempDir } from '../support/temp-dir.ts';

function file(text: string): string {
  const path = join(tempDir(), 'file');
  writeFileSync(path, text);
  return path;
}
function parsed(...args: string[]) {
  const command = parseCommand([...args, 'http://a.test/']);
  if (command.kind !== 'download') throw new Error(command.kind);
  return command.run;
}
const headers = (args: string[], env: NodeJS.ProcessEnv = {}) => headersOf(parsed(...args).ways.request, env);

test('headers, cookies and a referrer go along; what is no header is refused without its value', async () => {
  expect(
    await headers(['--header', 'X-A: b: c', '--header', 'x-d:', '--cookie', 'e=f', '--referer', 'http://r/']),
  ).toEqual({
    'x-a': 'b: c',
    'x-d': '',
    cookie: 'e=f',
    referer: 'http://r/',
  });
  for (const wrong of ['s3cret', 'X A: s3cret', 'X-A: s3cret\r\nHost: evil', ': s3cret']) {
    expect(() => parsed('--header', wrong)).toThrow(/Name: value/);
    expect(() => parsed('--header', wrong)).not.toThrow(/s3cret/);
  }
});

test('a login comes from its file or the environment, the file first', async () => {
  const basic = (pair: string) => ({ authorization: `Basic ${Buffer.from(pair).toString('base64')}` });
  expect(await headers(['--user-file', file('me:pä:ss\n')], { SLUICE_USER: 'other:x' })).toEqual(basic('me:pä:ss'));
  expect(await headers([], { SLUICE_USER: 'other:x' })).toEqual(basic('other:x'));
  expect(await headers(['--bearer-file', file('t0ken\r\n')])).toEqual({ authorization: 'Bearer t0ken' });
  expect(await headers([], { SLUICE_BEARER: 'env' })).toEqual({ authorization: 'Bearer env' });
  await expect(headers(['--user-file', '/nowhere'])).rejects.toThrow('/nowhere');
});

test('the rest are settings of this run, and a wrong file is said at once', () => {
  const ca = file(certificate.cert);
  const cookies = file('a.test\tTRUE\t/\tFALSE\t0\ta\tb\n');
  const args = [
    '--ca',
    ca,
    '--cookies',
    cookies,
    '--proxy',
    'socks5://me:pw@p:1',
    '--no-proxy',
    '*',
    '--user-agent',
    'Me/1',
  ];
  expect(parsed(...args).settings).toMatchObject({
    extraCaFile: ca,
    cookiesFile: cookies,
    proxy: 'socks5://me:pw@p:1',
    noProxy: '*',
    userAgent: 'Me/1',
  });
  expect(() => parsed('--ca', cookies)).toThrow(/certificate/);
  expect(() => parsed('--cookies', '/nowhere')).toThrow('/nowhere');
  expect(() => parsed('--proxy', 'ftp://p:1')).toThrow('A proxy is written host:port');
  expect(() => parsed('--user-agent', 'a\nb')).toThrow('no line breaks');
});

test('each download can have its own limit, and the timetable be left aside', () => {
  expect(parsed('--limit-each', '1.5M').ways.limitEach).toBe(1_572_864);
  expect(() => parsed('--limit-each', 'fast')).toThrow('--limit-each');
  expect(parsed('--no-timetable').settings.scheduleOn).toBe(false);
});

test('what is added can go before all others or after them', () => {
  for (const priority of ['high', 'normal', 'low'])
    expect(parsed('--priority', priority).ways).toMatchObject({ priority });
  expect(parsed().ways).not.toHaveProperty('priority');
  expect(() => parsed('--priority', 'urgent')).toThrow('--priority takes high, normal or low');
});

test('the help names them all', () => {
  for (const option of [...Object.keys(requestOptions), 'limit-each', 'no-timetable', 'priority'])
    expect(help).toContain(`--${option}`);
});
