// A cancel ends a download at once, whatever it waits for.
import { truncateSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { livedClock } from '../support/lived.ts';
import { startBench, type Bench } from '../support/lease.ts';
import { originForTest } from '../support/start.ts';

/** Cancels a download that waits, and expects it back with what it had. */
async function cancel(bench: Bench, id: number, ended: Promise<unknown>, extents: [number, number][] = []) {
  const livedMs = livedClock();
  bench.send({ kind: 'cancel', id, epoch: 1 });
  expect(await ended).toEqual({ kind: 'released', extents });
  expect(livedMs()).toBeLessThan(250);
}

test('while it connects', async () => {
  let accepted = (): void => {};
  const connected = new Promise<void>((resolve) => (accepted = resolve));
  // It takes the connection and says nothing, so that TLS never begins.
  const server = createServer((socket) => {
    socket.on('error', () => {});
    accepted();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const bench = startBench({ settings: { connectTimeoutMs: 60_000 } });
  const ended = bench.download(`https://127.0.0.1:${(server.address() as AddressInfo).port}/f`);
  await connected;
  await cancel(bench, 1, ended);
});

test('while the server is silent', async () => {
  const origin = await originForTest();
  origin.serve('/f', { sizeBytes: 1000, headDelayMs: 60_000 });
  const bench = startBench({ settings: { idleTimeoutMs: 60_000 } });
  const ended = bench.download(origin.url('/f'));
  await origin.requested('/f');
  await cancel(bench, 1, ended);
});

test('while it waits to try again', async () => {
  const origin = await originForTest();
  origin.serve('/f', { status: 503, retryAfter: '30', bytes: Buffer.from('busy') });
  const bench = startBench();
  const ended = bench.download(origin.url('/f'));
  await bench.until((message) => message.kind === 'waiting' && message.wait?.reason === 'retry');
  await cancel(bench, 1, ended);
});

test('while it waits for a place at its host', async () => {
  const origin = await originForTest();
  origin.serve('/long', { sizeBytes: 1_000_000, bytesPerS: 20_000 });
  origin.serve('/f', { status: 503, bytes: Buffer.from('busy') });
  const bench = startBench();
  const long = bench.download(origin.url('/long'), { connections: 1 });
  await origin.served('/long', 1);
  const ended = bench.download(origin.url('/f'), { connections: 1 });
  await bench.until((message) => message.kind === 'waiting' && message.wait?.reason === 'place');
  await cancel(bench, 2, ended);
  bench.send({ kind: 'cancel', id: 1, epoch: 1 });
  expect(await long).toMatchObject({ kind: 'released' });
});

test('while its checksum is computed', async () => {
  const sizeBytes = 1000;
  // A thread that never answers.
  const hashThread = new URL(
    'data:text/javascript,import{parentPort}from"node:worker_threads";parentPort.on("message",()=>{})',
  );
  const bench = startBench({ hashThread });
  const partPath = join(bench.dir, 'whole.part');
  writeFileSync(partPath, '');
  truncateSync(partPath, sizeBytes);
  const validators = {
    etag: '"a"',
    lastModified: null,
    date: null,
    totalBytes: sizeBytes,
    finalUrl: 'http://127.0.0.1/f',
    contentType: null,
    ranges: true,
  };
  const ended = bench.download('http://127.0.0.1/f', { partPath, validators, extents: [[0, sizeBytes]], hash: true });
  await bench.until((message) => message.kind === 'vitals' && message.threads?.busy === 1);
  await cancel(bench, 1, ended, [[0, sizeBytes]]);
});
