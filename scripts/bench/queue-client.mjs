// `queue-client.mjs PORT UNDER-WAY WARM-UP SECONDS`: puts and gets over our own protocol, with so many calls at a time on one connection; says when it is warm, then for every line that it reads how many calls it made in that time.
import { joinCoordinator } from '../../main/gateway/join.ts';

const [port = 0, underWay = 0, warmUpS = 0, seconds = 0] = process.argv.slice(2).map(Number);
const { signal } = new AbortController();
const authkey = Buffer.from('bench');
const worker = await joinCoordinator({ host: '127.0.0.1', port, authkey, id: `bench-${process.pid}`, signal });

/**
 * Calls for a while, so many at a time. Resolves with their number.
 * An answer to a put is for the one that waits longest for such an answer, and so is a task.
 * @param {number} forS
 * @returns {Promise<number>}
 */
function work(forS) {
  const endsAt = performance.now() + forS * 1000;
  return new Promise((resolve) => {
    let calls = 0;
    let left = underWay;
    const put = () => worker.send({ kind: 'put', url: `https://example.org/${calls}` });
    worker.onMessage((message) => {
      calls++;
      if (/** @type {{ kind: string }} */ (message).kind === 'ok') worker.send({ kind: 'get' });
      else if (performance.now() < endsAt) put();
      else if (--left === 0) resolve(calls);
    });
    for (let n = 0; n < underWay; n++) put();
  });
}

await work(warmUpS);
console.log('ready');
process.stdin.on('data', () => void work(seconds).then((calls) => console.log(calls)));
// It ends with the bench, however that ends.
process.stdin.on('close', () => process.exit());
