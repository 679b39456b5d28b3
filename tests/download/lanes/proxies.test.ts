// Proxies: those of the settings and of the environment are used, with their exceptions.
import { expect, test } from 'vitest';
import { proxyFor } from '../../../main/download/lanes/proxies.ts';
import { certificate } from '../../support/certificate.ts';
import { startBench, waysOf } from '../../support/lease.ts';
import { contentBytes, seededContent } from '../../support/origin.ts';
import { httpProxy, socksProxy } from '../../support/proxy.ts';
import { originForTest } from '../../support/start.ts';

test.each([
  ['HTTP', () => httpProxy(), undefined],
  ['HTTP, by a tunnel for https', () => httpProxy(), certificate],
  ['HTTPS', () => httpProxy({ tls: certificate }), undefined],
  ['HTTPS, by a tunnel for https', () => httpProxy({ tls: certificate }), certificate],
  ['SOCKS5', () => socksProxy(), undefined],
  ['SOCKS5 for https', () => socksProxy(), certificate],
])('a download over a proxy: %s', async (_, start, tls) => {
  const proxy = await start();
  const origin = await originForTest(tls ? { tls } : {});
  origin.serve('/f', { sizeBytes: 6_000_000 });
  const bench = startBench({ settings: { proxy: proxy.url, hosts: [waysOf('127.0.0.1', { insecure: true })] } });
  const file = bench.read(await bench.download(origin.url('/f')));
  expect(file.equals(contentBytes(seededContent(6_000_000)))).toBe(true);
  expect(proxy.asked.length).toBe(
    tls || proxy.url.startsWith('socks') ? origin.connections() : origin.requests('/f').length,
  );
  expect(new Set(proxy.asked)).toEqual(new Set([`127.0.0.1:${origin.port}`]));
});

test('a proxy that wants a login is a failure, not a file', async () => {
  const proxy = await httpProxy({ refuse: true });
  const origin = await originForTest({ tls: certificate });
  origin.serve('/f', { sizeBytes: 1000 });
  const bench = startBench({
    settings: { proxy: proxy.url, maxRetries: 0, hosts: [waysOf('127.0.0.1', { insecure: true })] },
  });
  expect(await bench.download(origin.url('/f'))).toMatchObject({ kind: 'failed' });
  expect(origin.requests('/f')).toHaveLength(0);
});

test.each([
  ['HTTP', (login: string) => httpProxy({ login }), undefined],
  ['HTTP, by a tunnel', (login: string) => httpProxy({ login }), certificate],
  ['SOCKS5', (login: string) => socksProxy({ login }), undefined],
])('a proxy gets the login in its address, and the server does not: %s', async (_, start, tls) => {
  const proxy = await start('me:p@ss');
  const origin = await originForTest(tls ? { tls } : {});
  origin.serve('/f', { sizeBytes: 1000 });
  const settings = { maxRetries: 0, hosts: [waysOf('127.0.0.1', { insecure: true })] };
  const bench = startBench({ settings: { ...settings, proxy: proxy.url.replace('://', '://me:p%40ss@') } });
  expect(bench.read(await bench.download(origin.url('/f')))).toHaveLength(1000);
  expect(JSON.stringify(bench.messages)).not.toContain('p%40ss');
  const wrong = startBench({ settings: { ...settings, proxy: proxy.url.replace('://', '://me:no@') } });
  const failed = await wrong.download(origin.url('/f'));
  expect(failed.kind).toBe('failed');
  expect(JSON.stringify(failed)).not.toContain('me:no@');
  expect(origin.requests('/f')).toHaveLength(1);
});

test('an exception for a server’s certificate is none for the proxy before it', async () => {
  const proxy = await httpProxy({ tls: certificate });
  const origin = await originForTest({ tls: certificate });
  origin.serve('/f', { sizeBytes: 1000 });
  const settings = { proxy: proxy.url, maxRetries: 0, hosts: [waysOf(`127.0.0.1:${origin.port}`, { insecure: true })] };
  const bench = startBench({ settings });
  expect((await bench.download(origin.url('/f'))).kind).toBe('failed');
  expect(proxy.asked).toEqual([]);
  bench.configure({ extraCa: certificate.cert });
  expect(bench.read(await bench.download(origin.url('/f')))).toHaveLength(1000);
});

test('a proxy that is none is said', async () => {
  const origin = await originForTest();
  const bench = startBench({ settings: { proxy: 'ftp://127.0.0.1:1' } });
  expect(await bench.download(origin.url('/f'))).toMatchObject({ failure: { code: 'bad-url' } });
});

const p = 'http://proxy:3128';
test.each<[string, string | null, NodeJS.ProcessEnv, string | null]>([
  ['http://h/', null, {}, null],
  ['http://h/', null, { http_proxy: p }, p],
  ['https://h/', null, { http_proxy: p }, null],
  ['https://h/', null, { HTTPS_PROXY: p }, p],
  ['http://h/', null, { HTTP_PROXY: p }, null],
  ['http://h/', null, { all_proxy: p }, p],
  ['http://h/', null, { http_proxy: p, no_proxy: 'h' }, null],
  ['http://a.h/', null, { http_proxy: p, no_proxy: 'x, .h' }, null],
  ['http://ah/', null, { http_proxy: p, no_proxy: 'h' }, p],
  ['http://h:81/', null, { http_proxy: p, no_proxy: 'h:80' }, p],
  ['http://h/', null, { http_proxy: p, no_proxy: 'h:80' }, null],
  ['http://h/', null, { http_proxy: p, no_proxy: '*' }, null],
  ['http://h/', p, { no_proxy: '*' }, p],
  ['http://127.0.0.1/', p, {}, null],
])('%s with setting %s and %j goes through %s', (url, setting, env, expected) => {
  expect(proxyFor(new URL(url), { proxy: setting, noProxy: '' }, env)).toBe(expected);
});

test.each([
  ['http://a.h/', 'h', false],
  ['http://10.1.2.3/', '10.0.0.0/8', false],
  ['http://11.1.2.3/', '10.0.0.0/8', true],
  ['http://[fd00::1]/', 'fd00::/8', false],
  ['http://[fd00::1]:81/', 'fd00::1', false],
  ['http://ten.test/', '10.0.0.0/8 !', true],
  ['http://10.1.2.3/', '10.0.0.0/99', true],
  ['http://h:81/', 'H:81', false],
])('%s with the settings’ exceptions %s goes through the proxy: %s', (url, noProxy, proxied) => {
  expect(proxyFor(new URL(url), { proxy: p, noProxy }, {}) !== null).toBe(proxied);
  expect(proxyFor(new URL(url), { proxy: null, noProxy }, { all_proxy: p }) !== null).toBe(proxied);
});
