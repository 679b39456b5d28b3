// What goes along with requests, and to whom: seen by two origins on loopback, on both lanes.
import { describe, expect, test } from 'vitest';
import { lanes } from '../../support/lanes.ts';
import { startBench, waysOf } from '../../support/lease.ts';
import { certificate } from '../../support/certificate.ts';
import type { Origin } from '../../support/origin.ts';
import { originForTest } from '../../support/start.ts';

const MB = 1_000_000;
const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;

/** Two origins; the first sends on to the second, which is slow enough for several connections. */
async function sendingOn(): Promise<[Origin, Origin]> {
  const [first, second] = [await originForTest(), await originForTest()];
  second.serve('/f', { sizeBytes: 6 * MB, bytesPerS: 20 * MB });
  first.serve('/f', { location: second.url('/f', 'localhost') });
  return [first, second];
}

const sent = (origin: Origin, name: string) => new Set(origin.requests('/f').map(({ headers }) => headers[name]));

describe.each(lanes)('on the %s lane', (lane) => {
  test('a rule says what goes to its host, on every connection, and to no other', async () => {
    const [first, second] = await sendingOn();
    const own = { referer: 'http://page.test/', authorization: 'Bearer t0ken', 'x-key': 'k', 'user-agent': 'Me/1' };
    const hosts = [waysOf('127.0.0.1', { headers: own }), waysOf('localhost', { headers: { 'x-other': 'o' } })];
    const bench = startBench({ settings: { lane, hosts } });
    bench.read(await bench.download(first.url('/f')));
    expect(first.requests('/f')[0]?.headers).toMatchObject(own);
    expect(second.requests('/f').length).toBeGreaterThan(1);
    for (const { headers } of second.requests('/f')) {
      expect(headers).toMatchObject({ 'x-other': 'o', 'user-agent': 'Sluice-test' });
      expect(headers['authorization'] ?? headers['referer'] ?? headers['x-key']).toBeUndefined();
    }
  });

  test('a rule does not break what Sluice itself must say', async () => {
    const origin = await originForTest();
    origin.serve('/f', { sizeBytes: 6 * MB });
    const headers = { Range: 'bytes=5-9', Host: 'evil.test', 'Accept-Encoding': 'gzip', Connection: 'close' };
    const bench = startBench({ settings: { lane, hosts: [waysOf('*', { headers })] } });
    expect(bench.read(await bench.download(origin.url('/f')))).toHaveLength(6 * MB);
    expect(sent(origin, 'host')).toEqual(new Set([`127.0.0.1:${origin.port}`]));
    expect(sent(origin, 'accept-encoding')).toEqual(new Set(['identity']));
  });

  test('the cookies of a file go to the hosts they are of, each hop anew', async () => {
    const [first, second] = await sendingOn();
    const line = (host: string, pair: string, path = '/') => `${host}\tFALSE\t${path}\tFALSE\t0\t${pair}\n`;
    const cookies =
      line('127.0.0.1', 'one\t1') +
      line('127.0.0.1', 'elsewhere\t2', '/other') +
      '#HttpOnly_' +
      line('localhost', 'two\t2');
    const hosts = [waysOf('localhost', { cookies: line('localhost', 'three\t3') })];
    const bench = startBench({ settings: { lane, cookies, hosts } });
    bench.read(await bench.download(first.url('/f'), { headers: { Cookie: 'hand=made; one=mine' } }));
    expect(sent(first, 'cookie')).toEqual(new Set(['hand=made; one=mine']));
    expect(sent(second, 'cookie')).toEqual(new Set(['two=2; three=3']));
  });

  test('credentials in an address go to its origin alone and are in no answer', async () => {
    const [first, second] = await sendingOn();
    const bench = startBench({ settings: { lane } });
    const url = first.url('/f').replace('//', '//me:p%40ss@');
    bench.read(await bench.download(url));
    expect(sent(first, 'authorization')).toEqual(new Set([basic('me:p@ss')]));
    expect(sent(second, 'authorization')).toEqual(new Set([undefined]));
    expect(JSON.stringify(bench.messages)).not.toContain('p%40ss');
  });

  test('another port is another origin', async () => {
    const [first, second] = [await originForTest(), await originForTest()];
    second.serve('/f', { sizeBytes: 6 * MB });
    first.serve('/f', { location: second.url('/f') });
    const bench = startBench({ settings: { lane } });
    const headers = { Authorization: 'Bearer t', Cookie: 'a=b' };
    bench.read(await bench.download(first.url('/f'), { headers }));
    expect(sent(first, 'authorization')).toEqual(new Set(['Bearer t']));
    expect(sent(second, 'authorization')).toEqual(new Set([undefined]));
    expect(sent(second, 'cookie')).toEqual(new Set([undefined]));
  });

  test('a certificate that is not checked, by choice, is said; for another host it is checked', async () => {
    const secure = await originForTest({ tls: certificate });
    secure.serve('/f', { sizeBytes: 3 * MB });
    const bench = startBench({ settings: { lane, hosts: [waysOf('127.0.0.1', { insecure: true })] } });
    bench.read(await bench.download(secure.url('/f')));
    expect(bench.of('event').filter(({ event }) => event === 'certificate-exception')).toMatchObject([
      { detail: { host: `127.0.0.1:${secure.port}` } },
    ]);
    expect(await bench.download(secure.url('/f', 'localhost'))).toMatchObject({ failure: { code: 'tls' } });
  });

  test('changed rules hold for the next request', async () => {
    const origin = await originForTest();
    origin.serve('/f', { sizeBytes: 1000 });
    const bench = startBench({ settings: { lane } });
    await bench.download(origin.url('/f'));
    bench.configure({ lane, hosts: [waysOf('127.0.0.1', { headers: { 'x-new': 'n' } })] });
    await bench.download(origin.url('/f'));
    expect(origin.requests('/f').map(({ headers }) => headers['x-new'])).toEqual([undefined, 'n']);
  });
});
