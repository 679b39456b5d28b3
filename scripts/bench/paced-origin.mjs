// An origin of its own process whose pace is in the address; it can do what nginx cannot: make one connection of many slow.
//   /files/NAME                    a file, as fast as it goes
//   /paced/RUN/RATE/SLOW/NAME      RATE bytes a second for each connection; of the connections of this RUN the SLOWth is 50 times slower (0: none)
//   /held/RUN/ANYTHING             never answers; the first time that a RUN asks is told to the parent
import { createReadStream, openSync, readFileSync, readSync, statSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { join } from 'node:path';

const TURN_MS = 20;
const SLOWER = 50;

const [folder = '', keyFile, certFile] = process.argv.slice(2);

/** @type {Map<string, { places: WeakMap<object, number>, count: number }>} */
const runs = new Map();
/** @type {Set<string>} */
const asked = new Set();

/**
 * Which connection of its run this is, counted from 1.
 * @param {string} run
 * @param {object} socket
 */
function place(run, socket) {
  const known = runs.get(run) ?? { places: new WeakMap(), count: 0 };
  runs.set(run, known);
  const place = known.places.get(socket) ?? (known.count += 1);
  known.places.set(socket, place);
  return place;
}

/** @type {http.RequestListener} */
function answer(request, response) {
  const [, kind, ...rest] = new URL(request.url ?? '/', 'http://origin').pathname.split('/');
  switch (kind) {
    case 'files':
      return send(request, response, rest.join('/'), Infinity);
    case 'paced': {
      const [run = '', rate = '0', slow = '0', ...name] = rest;
      const pace = Number(rate) / (place(run, request.socket) === Number(slow) ? SLOWER : 1);
      return send(request, response, name.join('/'), pace);
    }
    case 'held': {
      const [run = ''] = rest;
      if (asked.has(run)) return;
      asked.add(run);
      process.send?.({ kind: 'asked', run, atMs: Date.now() });
      return;
    }
    default:
      response.writeHead(404).end();
  }
}

/**
 * @param {http.IncomingMessage} request
 * @param {http.ServerResponse} response
 * @param {string} name
 * @param {number} bytesPerS
 */
function send(request, response, name, bytesPerS) {
  const path = join(folder, name);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats?.isFile()) return void response.writeHead(404).end();
  const { size } = stats;
  const etag = `"${size.toString(16)}-${Math.floor(stats.mtimeMs).toString(16)}"`;
  const headers = { etag, 'last-modified': stats.mtime.toUTCString(), 'accept-ranges': 'bytes' };
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const fresh = [undefined, etag, headers['last-modified']].includes(request.headers['if-range']?.toString());
  const start = range && fresh ? Number(range[1]) : 0;
  const end = range && fresh && range[2] ? Math.min(Number(range[2]), size - 1) : size - 1;
  if (range && fresh && start >= size) {
    return void response.writeHead(416, { ...headers, 'content-range': `bytes */${size}` }).end();
  }
  response.writeHead(range && fresh ? 206 : 200, {
    ...headers,
    'content-length': end - start + 1,
    ...(range && fresh ? { 'content-range': `bytes ${start}-${end}/${size}` } : {}),
  });
  if (request.method === 'HEAD') return void response.end();
  if (bytesPerS === Infinity)
    return void createReadStream(path, { start, end, highWaterMark: 256 << 10 }).pipe(response);
  trickle(response, path, start, end, bytesPerS);
}

/** @type {Map<string, number>} */
const open = new Map();

/**
 * @param {http.ServerResponse} response
 * @param {string} path
 * @param {number} start
 * @param {number} end
 * @param {number} bytesPerS
 */
function trickle(response, path, start, end, bytesPerS) {
  const fd = open.get(path) ?? openSync(path, 'r');
  open.set(path, fd);
  const startedAt = performance.now();
  let at = start;
  const timer = setInterval(() => {
    // A receiver that does not take it does not get it later in one piece.
    if (response.writableNeedDrain) return;
    const due = Math.min(start + Math.floor((bytesPerS * (performance.now() - startedAt)) / 1000), end + 1);
    const length = Math.min(due - at, Math.ceil((bytesPerS * TURN_MS * 4) / 1000));
    if (length <= 0) return;
    const piece = Buffer.allocUnsafe(length);
    readSync(fd, piece, 0, length, at);
    at += length;
    response.write(piece);
    if (at <= end) return;
    clearInterval(timer);
    response.end();
  }, TURN_MS);
  response.once('close', () => clearInterval(timer));
}

/** @param {http.Server | https.Server} server */
function listen(server) {
  server.keepAliveTimeout = 60_000;
  server.on('clientError', (_, socket) => socket.destroy());
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(/** @type {import('node:net').AddressInfo} */ (server.address()).port));
  });
}

const port = await listen(http.createServer(answer));
const tls = keyFile && certFile ? { key: readFileSync(keyFile), cert: readFileSync(certFile) } : null;
const tlsPort = tls ? await listen(https.createServer(tls, answer)) : 0;
process.on('disconnect', () => process.exit());
process.send?.({ kind: 'ready', port, tlsPort });
