// The local origin: its files and certificate in one temporary folder, served by nginx and by a pacing origin of our own.
import { fork, spawn } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../setup/debian.mjs';
import { run, SetupError } from '../setup/step.mjs';

const MiB = 1 << 20;
const SMALL_BYTES = 64 << 10;

/** @typedef {{ name: string, sizeBytes: number, sha256: string }} Served */

/**
 * @typedef {object} Origin
 * @property {string} server what serves the unpaced files
 * @property {string} http address of the files
 * @property {string | null} https the same over TLS; null without openssl
 * @property {string | null} capped address of the files at 20 MiB/s for each connection
 * @property {(run: string, bytesPerS: number, slow: number) => string} paced address of files at a rate; the slow-th connection crawls
 * @property {(run: string) => string} held an address that never answers
 * @property {(run: string) => Promise<number>} asked when a held address of this run is asked for first, in ms since the epoch
 * @property {string} ca file with the certificate to trust
 * @property {() => Promise<void>} stop
 */

/**
 * Makes a file of bytes that do not repeat within it and are quick to make.
 * @param {string} folder
 * @param {string} name
 * @param {number} sizeBytes
 * @returns {Served}
 */
export function makeFile(folder, name, sizeBytes) {
  const piece = randomFillSync(Buffer.allocUnsafe(Math.min(MiB, sizeBytes)));
  const hash = createHash('sha256');
  const fd = openSync(join(folder, name), 'w');
  for (let at = 0; at < sizeBytes; at += piece.length) {
    // Each piece differs from the others, so that bytes in the wrong place are found.
    if (piece.length >= 8) piece.writeDoubleLE(at + Math.random(), 0);
    const part = piece.subarray(0, Math.min(piece.length, sizeBytes - at));
    hash.update(part);
    writeSync(fd, part);
  }
  closeSync(fd);
  return { name, sizeBytes, sha256: hash.digest('hex') };
}

/**
 * Makes many files of 64 KiB in a folder of their own.
 * @param {string} folder
 * @param {string} name
 * @param {number} count
 * @returns {Served[]}
 */
export function makeSmallFiles(folder, name, count) {
  mkdirSync(join(folder, name), { recursive: true });
  return Array.from({ length: count }, (_, index) => makeFile(folder, join(name, `f${index}.bin`), SMALL_BYTES));
}

/**
 * Starts the origin over the files in `folder`.
 * @param {string} scratch folder for configuration and keys
 * @param {string} folder
 * @returns {Promise<Origin>}
 */
export async function startOrigin(scratch, folder) {
  const [key, cert] = [join(scratch, 'key.pem'), join(scratch, 'cert.pem')];
  const secure = findProgram('openssl') !== undefined;
  if (secure) await makeCertificate(key, cert);
  const pacing = await startPacing(folder, secure ? [key, cert] : []);
  const nginxPath = findProgram('nginx') ?? (existsSync('/usr/sbin/nginx') ? '/usr/sbin/nginx' : undefined);
  const nginx = nginxPath ? await startNginx(nginxPath, scratch, folder, secure ? [key, cert] : null) : null;
  return {
    server: nginx?.version ?? `Node ${process.version} (nginx is missing: expect less than it gives)`,
    http: nginx?.http ?? `${pacing.http}/files`,
    https: nginx ? nginx.https : pacing.https && `${pacing.https}/files`,
    capped: nginx?.capped ?? null,
    paced: (name, bytesPerS, slow) => `${pacing.http}/paced/${name}/${bytesPerS}/${slow}`,
    held: (name) => `${pacing.http}/held/${name}`,
    asked: pacing.asked,
    ca: cert,
    async stop() {
      await Promise.all([pacing.stop(), nginx?.stop()]);
    },
  };
}

/**
 * @param {string} key
 * @param {string} cert
 */
async function makeCertificate(key, cert) {
  const names = 'subjectAltName=IP:127.0.0.1,DNS:localhost';
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  await run('openssl', [
    'req',
    '-x509',
    ...kind,
    '-subj',
    '/CN=localhost',
    '-addext',
    names,
    '-keyout',
    key,
    '-out',
    cert,
  ]);
}

/**
 * @param {string} folder
 * @param {string[]} keys
 */
async function startPacing(folder, keys) {
  const child = fork(fileURLToPath(new URL('./paced-origin.mjs', import.meta.url)), [folder, ...keys], {
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  /** @type {Map<string, (atMs: number) => void>} */
  const waiting = new Map();
  /** @type {{ port: number, tlsPort: number }} */
  const { port, tlsPort } = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new SetupError(`The origin ended with ${code}`)));
    child.on('message', (/** @type {any} */ message) => {
      if (message.kind === 'ready') resolve(message);
      else waiting.get(message.run)?.(message.atMs);
    });
  });
  return {
    http: `http://127.0.0.1:${port}`,
    https: tlsPort ? `https://127.0.0.1:${tlsPort}` : null,
    asked: (/** @type {string} */ name) =>
      new Promise((/** @type {(atMs: number) => void} */ resolve) => waiting.set(name, resolve)),
    stop: () => ended(child, () => child.disconnect()),
  };
}

/**
 * @param {string} program
 * @param {string} scratch
 * @param {string} folder
 * @param {string[] | null} keys
 */
async function startNginx(program, scratch, folder, keys) {
  const [port, tlsPort] = [await freePort(), await freePort()];
  const configuration = join(scratch, 'nginx.conf');
  writeFileSync(configuration, nginxConfiguration({ scratch, folder, port, tlsPort, keys }));
  const child = spawn(program, ['-p', scratch, '-c', configuration], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => (said += String(chunk)));
  await untilAnswering(`http://127.0.0.1:${port}/`, () => {
    if (child.exitCode !== null) throw new SetupError(`nginx did not start:\n${said}`);
  });
  return {
    version: (await run(program, ['-v'])).trim().replace(/^nginx version: /, ''),
    http: `http://127.0.0.1:${port}`,
    https: keys ? `https://127.0.0.1:${tlsPort}` : null,
    capped: `http://127.0.0.1:${port}/capped`,
    stop: () => ended(child, () => child.kill('SIGTERM')),
  };
}

/** @param {{ scratch: string, folder: string, port: number, tlsPort: number, keys: string[] | null }} where */
function nginxConfiguration({ scratch, folder, port, tlsPort, keys }) {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (each) => `${each}_temp_path ${scratch}/nginx-${each};`,
  );
  return `
daemon off;
worker_processes 2;
${process.getuid?.() === 0 ? 'user root;' : ''}
pid ${scratch}/nginx.pid;
error_log stderr error;
events { worker_connections 4096; }
http {
  ${temporary.join(' ')}
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  default_type application/octet-stream;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    ${keys ? `listen 127.0.0.1:${tlsPort} ssl; ssl_certificate ${keys[1]}; ssl_certificate_key ${keys[0]};` : ''}
    root ${folder};
    location /capped/ { alias ${folder}/; limit_rate 20m; }
  }
}
`;
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}

/**
 * @param {string} url
 * @param {() => void} check throws when there is nothing to wait for
 */
async function untilAnswering(url, check) {
  for (let tries = 0; ; tries += 1) {
    check();
    try {
      await fetch(url).then((response) => response.arrayBuffer());
      return;
    } catch (error) {
      if (tries > 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {() => void} ask
 */
async function ended(child, ask) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const end = new Promise((resolve) => child.once('exit', resolve));
  ask();
  await end;
}
