// The demonstration: a server on loopback with a dozen invented files, some slow, one that fails at first.
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AddressInfo } from 'node:net';
import type { NewDownload } from '../../shared/download.ts';

type DemoFile = { name: string; sizeBytes: number; bytesPerS: number; failsFirst?: boolean; noRanges?: boolean };

const MB = 1_000_000;
const files: DemoFile[] = [
  { name: 'orchard-atlas.iso', sizeBytes: 48 * MB, bytesPerS: 5 * MB },
  { name: 'river-gauges-2026.parquet', sizeBytes: 31 * MB, bytesPerS: 3.2 * MB },
  { name: 'field-recordings.tar.zst', sizeBytes: 26 * MB, bytesPerS: 2.6 * MB },
  { name: 'night-sky-timelapse.mp4', sizeBytes: 22 * MB, bytesPerS: 2.4 * MB },
  { name: 'tide-tables.sqlite', sizeBytes: 9 * MB, bytesPerS: 4 * MB },
  { name: 'herbarium-scans.zip', sizeBytes: 14 * MB, bytesPerS: 2 * MB },
  { name: 'one-connection-only.bin', sizeBytes: 6 * MB, bytesPerS: 1.2 * MB, noRanges: true },
  { name: 'fails-at-first.tar.gz', sizeBytes: 5 * MB, bytesPerS: 2 * MB, failsFirst: true },
  { name: '潮汐记录-2026.csv', sizeBytes: 3 * MB, bytesPerS: 1.5 * MB },
  { name: 'lighthouse.png', sizeBytes: 1.4 * MB, bytesPerS: 3 * MB },
  { name: 'notes-on-weather.pdf', sizeBytes: 2.2 * MB, bytesPerS: 1.1 * MB },
  { name: 'SHA256SUMS.txt', sizeBytes: 1180, bytesPerS: 1 * MB },
];
const CHUNK = 32 * 1024;

export type DemoOrigin = { downloads: NewDownload[]; close: () => void };

/** Starts the server on a free port of loopback. Its speeds hold for each connection. */
export async function startDemoOrigin(): Promise<DemoOrigin> {
  const asked = new Map<string, number>();
  const server = http.createServer((request, response) => {
    const file = files.find(({ name }) => request.url === `/${encodeURIComponent(name)}`);
    const times = (asked.get(request.url ?? '') ?? 0) + 1;
    asked.set(request.url ?? '', times);
    if (!file) return void response.writeHead(404).end();
    if (file.failsFirst && times <= 2) return void response.writeHead(503, { 'Retry-After': '2' }).end();
    send(file, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    downloads: files.map(({ name }) => ({ url: `http://127.0.0.1:${port}/${encodeURIComponent(name)}` })),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function send(file: DemoFile, request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const range = file.noRanges ? null : /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const start = range ? Number(range[1]) : 0;
  const end = Math.min(file.sizeBytes, range?.[2] ? Number(range[2]) + 1 : file.sizeBytes);
  if (start >= file.sizeBytes)
    return void response.writeHead(416, { 'Content-Range': `bytes */${file.sizeBytes}` }).end();
  response.writeHead(range ? 206 : 200, {
    'Content-Type': 'application/octet-stream',
    'Content-Length': end - start,
    ETag: `"demo-${file.sizeBytes}"`,
    'Accept-Ranges': file.noRanges ? 'none' : 'bytes',
    ...(range ? { 'Content-Range': `bytes ${start}-${end - 1}/${file.sizeBytes}` } : {}),
  });
  if (request.method === 'HEAD') return void response.end();
  for (let at = start; at < end && !response.destroyed; at += CHUNK) {
    response.write(content(at, Math.min(end, at + CHUNK)));
    await sleep((CHUNK / file.bytesPerS) * 1000);
  }
  response.end();
}

/** Bytes that depend on their place alone, so that any range of them is right. */
function content(start: number, end: number): Buffer {
  const bytes = Buffer.allocUnsafe(end - start);
  for (let at = start; at < end; at++) bytes[at - start] = (at * 31 + (at >> 8) * 17 + (at >> 16)) & 0xff;
  return bytes;
}
