// `queue-client.mjs PORT CONNECTIONS WARM-UP CALLS`: puts and gets over our own protocol; says when it is warm, waits for a line, says when done.
import { once } from 'node:events';
import { joinCoordinator } from '../../main/gateway/join.ts';

const [port = 0, connections = 0, warmUp = 0, calls = 0] = process.argv.slice(2).map(Number);
const { signal } = new AbortController();
const joining = { host: '127.0.0.1', port, authkey: Buffer.from('bench'), id: 'bench', signal };
const ports = await Promise.all(Array.from({ length: connections }, () => joinCoordinator(joining)));

/**
 * One call after the other, each answered before the next.
 * @param {import('../../main/transport/port.ts').Port} worker
 * @param {number} count
 */
function work(worker, count) {
  return new Promise((resolve) => {
    let left = count;
    const next = () => worker.send(left % 2 ? { kind: 'get' } : { kind: 'put', url: `https://example.org/${left}` });
    worker.onMessage(() => {
      if (--left === 0) resolve(undefined);
      else next();
    });
    next();
  });
}

await Promise.all(ports.map((worker) => work(worker, warmUp)));
console.log('ready');
await once(process.stdin, 'data');
await Promise.all(ports.map((worker) => work(worker, calls)));
console.log('done');
process.exit();
