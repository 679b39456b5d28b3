import { expect, onTestFinished, test } from 'vitest';
import { startDemoOrigin } from '../../main/shell/demo-origin.ts';

async function demo() {
  const origin = await startDemoOrigin();
  onTestFinished(() => origin.close());
  return origin;
}

const named = (downloads: { url: string }[], name: string) => downloads.find(({ url }) => url.endsWith(name))!.url;

test('a dozen files of loopback, and any range of one is a part of the whole', async () => {
  const { downloads } = await demo();
  expect(downloads).toHaveLength(12);
  expect(downloads.every(({ url }) => url.startsWith('http://127.0.0.1:'))).toBe(true);
  const url = named(downloads, 'SHA256SUMS.txt');
  const whole = Buffer.from(await (await fetch(url)).arrayBuffer());
  const part = await fetch(url, { headers: { Range: 'bytes=100-199' } });
  expect(part.status).toBe(206);
  expect(part.headers.get('content-range')).toBe(`bytes 100-199/${whole.length}`);
  expect(Buffer.from(await part.arrayBuffer())).toEqual(whole.subarray(100, 200));
});

test('one fails at first, one knows no ranges', async () => {
  const { downloads } = await demo();
  const failing = named(downloads, 'fails-at-first.tar.gz');
  const first = await fetch(failing);
  expect([first.status, first.headers.get('retry-after')]).toEqual([503, '2']);
  await fetch(failing);
  const third = await fetch(failing);
  expect(third.status).toBe(200);
  await third.body?.cancel();
  const whole = await fetch(named(downloads, 'one-connection-only.bin'), { headers: { Range: 'bytes=5-' } });
  expect(whole.status).toBe(200);
  await whole.body?.cancel();
});
