// Redirects: followed so far and no farther, and secrets stay where they belong.
import { describe, expect, test } from 'vitest';
import { bytesIn } from '../../main/download/extents.ts';
import { lanes } from '../support/lanes.ts';
import { startBench, waysOf } from '../support/lease.ts';
import { certificate } from '../support/certificate.ts';
import { contentBytes, seededContent } from '../support/origin.ts';
import { originForTest } from '../support/start.ts';

describe.each(lanes)('on the %s lane', (lane) => {
  test('20 redirects are followed, a 21st is not', async () => {
    const origin = await originForTest();
    for (let i = 0; i < 21; i += 1) origin.serve(`/${i}`, { location: `/${i + 1}` });
    origin.serve('/21', { sizeBytes: 1000 });
    const bench = startBench({ settings: { lane } });
    expect(bench.read(await bench.download(origin.url('/1')))).toHaveLength(1000);
    expect(await bench.download(origin.url('/0'))).toMatchObject({ failure: { code: 'too-many-redirects' } });
    expect(bench.of('probed')[0]?.validators.finalUrl).toBe(origin.url('/21'));
  });

  test('a loop ends', async () => {
    const origin = await originForTest();
    origin.serve('/a', { location: '/b' });
    origin.serve('/b', { location: '/a' });
    const bench = startBench({ settings: { lane } });
    expect(await bench.download(origin.url('/a'))).toMatchObject({ failure: { code: 'too-many-redirects' } });
  });

  test('never from https to http, unless the settings say so', async () => {
    const plain = await originForTest();
    const secure = await originForTest({ tls: certificate });
    plain.serve('/f', { sizeBytes: 1000 });
    secure.serve('/f', { location: plain.url('/f') });
    const settings = { lane, hosts: [waysOf('127.0.0.1', { insecure: true })] };
    const careful = startBench({ settings });
    expect(await careful.download(secure.url('/f'))).toMatchObject({ failure: { code: 'insecure-redirect' } });
    expect(plain.requests('/f')).toHaveLength(0);
    const allowing = startBench({ settings: { ...settings, allowInsecureRedirect: true } });
    expect(allowing.read(await allowing.download(secure.url('/f')))).toHaveLength(1000);
  });

  test('a certificate nobody vouches for is refused, and taken when its authority was added', async () => {
    const secure = await originForTest({ tls: certificate });
    secure.serve('/f', { sizeBytes: 3_000_000 });
    const careful = startBench({ settings: { lane } });
    expect(await careful.download(secure.url('/f'))).toMatchObject({ failure: { code: 'tls', retry: 'by-hand' } });
    const trusting = startBench({ settings: { lane, extraCa: certificate.cert } });
    const file = trusting.read(await trusting.download(secure.url('/f')));
    expect(file.equals(contentBytes(seededContent(3_000_000)))).toBe(true);
  });

  test('credentials, cookies and own headers do not cross to another origin', async () => {
    const origin = await originForTest();
    const other = await originForTest();
    other.serve('/f', { sizeBytes: 8_000_000, bytesPerS: 10_000_000 });
    origin.serve('/f', { location: '/g' });
    origin.serve('/g', { location: other.url('/f') });
    const bench = startBench({ settings: { lane } });
    const url = origin.url('/f').replace('//', '//me:p%40ss@');
    const headers = { Cookie: 'a=b', 'X-Token': 't', Range: 'bytes=5-9' };
    expect(bench.read(await bench.download(url, { headers }))).toHaveLength(8_000_000);
    for (const path of ['/f', '/g']) {
      expect(origin.requests(path)[0]?.headers).toMatchObject({
        authorization: `Basic ${Buffer.from('me:p@ss').toString('base64')}`,
        cookie: 'a=b',
        'x-token': 't',
      });
      expect(origin.requests(path)[0]?.headers['range']).toBeUndefined();
    }
    expect(other.requests('/f').length).toBeGreaterThan(1);
    for (const { headers: sent } of other.requests('/f')) {
      expect(Object.keys(sent)).not.toEqual(expect.arrayContaining(['authorization']));
      expect(sent['cookie'] ?? sent['x-token']).toBeUndefined();
    }
  });

  test.each([401, 403, 404, 410])(
    'a final URL that expires with %d is asked for once more from the first one',
    async (status) => {
      const origin = await originForTest();
      let link = 0;
      origin.serve('/f', () => {
        link += 1;
        origin.serve(`/tmp-${link}`, (seen) =>
          seen.count === 1
            ? { sizeBytes: 3_000_000, cutAfterBytes: 1_000_000, cut: 'close' }
            : { status, bytes: Buffer.from('expired') },
        );
        return { location: `/tmp-${link}` };
      });
      const bench = startBench({ settings: { lane } });
      const file = bench.read(await bench.download(origin.url('/f'), { connections: 1 }));
      expect(file.equals(contentBytes(seededContent(3_000_000)))).toBe(true);
      expect(bench.events()).toContain('link-expired');
    },
  );

  test('a link that works no more keeps the bytes and asks for a new one', async () => {
    const origin = await originForTest();
    origin.serve('/f', (seen) =>
      seen.count === 1
        ? { sizeBytes: 3_000_000, cutAfterBytes: 1_000_000, cut: 'close' }
        : { status: 403, bytes: Buffer.from('expired') },
    );
    const bench = startBench({ settings: { lane } });
    const outcome = await bench.download(origin.url('/f'), { connections: 1 });
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'needs-new-link' } });
    // Node drops what its own buffers held when the line broke; the rest stays.
    if (outcome.kind === 'failed') expect(bytesIn(outcome.extents)).toBeGreaterThan(700_000);
  });

  test('a redirect to something that is not the web is refused', async () => {
    const origin = await originForTest();
    origin.serve('/f', { location: 'file:///etc/passwd' });
    const bench = startBench({ settings: { lane } });
    expect(await bench.download(origin.url('/f'))).toMatchObject({ failure: { code: 'unsupported-scheme' } });
  });
});
