// What a person may read of a request and its answer: all of it but the secrets, over both lanes.
import { expect, test } from 'vitest';
import { startBench } from '../support/lease.ts';
import { originForTest } from '../support/start.ts';

test.each(['fetch', 'direct'] as const)(
  'request and answer are told over the %s lane, secrets masked',
  async (lane) => {
    const origin = await originForTest();
    origin.serve('/file.bin', {
      sizeBytes: 3000,
      headers: { 'Set-Cookie': 'session=topsecret', 'X-Cache': 'HIT', 'X-Auth-Token': 'alsosecret' },
    });
    const bench = startBench({ settings: { lane } });
    const outcome = await bench.download(origin.url('/file.bin').replace('//', '//me:mypassword@'), {
      headers: { 'X-Api-Key': 'mykey', Cookie: 'a=mycookie', Referer: 'https://me:mypassword@page.test/' },
    });
    expect(outcome.kind).toBe('done');
    const [told, ...more] = bench.of('exchange');
    expect(more, 'the first of its kind is enough').toEqual([]);
    const { url, status, request, response, lane: by } = told!.exchange;
    expect({ url, status, by }).toEqual({ url: origin.url('/file.bin'), status: expect.any(Number), by: lane });
    expect(Object.fromEntries(request)).toMatchObject({
      accept: '*/*',
      'user-agent': expect.stringContaining('Sluice'),
      'accept-encoding': 'identity',
      authorization: '***',
      'x-api-key': '***',
      cookie: '***',
      referer: 'https://***@page.test/',
    });
    expect(Object.fromEntries(response)).toMatchObject({
      etag: expect.stringMatching(/^"/),
      'x-cache': 'HIT',
      'set-cookie': '***',
      'x-auth-token': '***',
    });
    expect(JSON.stringify(bench.of('exchange'))).not.toMatch(/mykey|mycookie|mypassword|topsecret|alsosecret|bWU6/);
  },
);

test('a refusal is told, too, and each other answer that follows it', async () => {
  const origin = await originForTest();
  let asked = 0;
  origin.serve('/file.bin', () => (asked++ === 0 ? { status: 503, retryAfter: '0' } : { sizeBytes: 10 }));
  const bench = startBench();
  expect((await bench.download(origin.url('/file.bin'))).kind).toBe('done');
  const statuses = bench.of('exchange').map(({ exchange }) => exchange.status);
  expect(statuses[0]).toBe(503);
  expect([200, 206]).toContain(statuses[1]);
  expect(statuses).toHaveLength(2);
});

test('a flood of headers is cut to what can be read', async () => {
  const origin = await originForTest();
  const headers = Object.fromEntries(Array.from({ length: 90 }, (_, n) => [`X-Many-${n}`, 'v'.repeat(50)]));
  origin.serve('/file.bin', { sizeBytes: 10, headers: { ...headers, 'X-Many-0': 'w'.repeat(4000) } });
  const bench = startBench();
  expect((await bench.download(origin.url('/file.bin'))).kind).toBe('done');
  const { response } = bench.of('exchange')[0]!.exchange;
  expect(response.length).toBeLessThanOrEqual(60);
  for (const [, value] of response) expect(value.length).toBeLessThanOrEqual(1000);
});
