// `queue-client.mjs PORT CONNECTIONS CLIENTS WARM-UP SECONDS`: so many clients on each connection put and get over our own protocol; says when it is warm, waits for a line, says how many calls it made.
import { once } from 'node:events';
import { joinCoordinator } from '../../main/gateway/join.ts';

const [port = 0, connections = 0, clients = 0, warmUpS = 0, seconds = 0] = process.argv.slice(2).map(Number);
const { signal } = new AbortController();
const joining = { host: '127.0.0.1', port, authkey: Buffer.from('bench'), id: 'bench', signal };
const ports = await Promise.all(Array.from({ length: connections }, () => joinCoordinator(joining)));

/**
 * Each client makes one call after the other for a while, each answered before its next. Resolves with their number.
 * An answer to a put is for the one that waits longest for such an answer, and so is a task.
 * @param {import('../../main/transport/port.ts').Port} worker
 * @param {number} endsAt
 * @returns {Promise<number>}
 */
function work(worker, endsAt) {
  return new Promise((resolve) => {
    let calls = 0;
    let left = clients;
    const put = () => worker.send({ kind: 'put', url: `https://example.org/${calls}` });
    worker.onMessage((message) => {
      calls++;
      if (/** @type {{ kind: string }} */ (message).kind === 'ok') worker.send({ kind: 'get' });
      else if (performance.now() < endsAt) put();
      else if (--left === 0) resolve(calls);
    });
    for (let n = 0; n < clients; n++) put();
  });
}

/** @param {number} forS */
async function workAll(forS) {
  const endsAt = performance.now() + forS * 1000;
  const made = await Promise.all(ports.map((worker) => work(worker, endsAt)));
  return made.reduce((sum, calls) => sum + calls, 0);
}

await workAll(warmUpS);
console.log('ready');
await once(process.stdin, 'data');
console.log(await workAll(seconds));
process.exit();
