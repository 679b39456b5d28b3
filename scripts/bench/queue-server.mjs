// `queue-server.mjs python|own`: the engine's queue behind the Python door or the coordination server; prints its port, and its processor time for each line that it reads.
import { Queue } from '../../main/engine/queue.ts';
import { openCoordinator } from '../../main/gateway/coordinator.ts';
import { openPythonDoor } from '../../main/gateway/python-managers.ts';

const [, , kind] = process.argv;
const authkey = Buffer.from('bench');
/** @type {Queue<string>} */
const tasks = new Queue({ capacity: null, now: Date.now });

async function openDoor() {
  return openPythonDoor({
    host: '127.0.0.1',
    port: 0,
    authkey,
    allowMd5: true,
    onError: (error) => console.error(error),
    queues: {
      putTask: (_client, url) => (tasks.tryPut(url), { kind: 'ok' }),
      leaseTask: async (_client, wait) => {
        const got = await tasks.get(wait);
        return got.kind === 'item' ? { kind: 'task', url: got.item } : { kind: 'empty' };
      },
      settle: () => ({ kind: 'unknown' }),
      takeResult: () => ({ kind: 'empty' }),
      size: () => ({ depth: tasks.depth, capacity: null }),
      join: async () => undefined,
      giveBack: () => undefined,
    },
  });
}

async function openOwn() {
  return openCoordinator({
    port: 0,
    authkey,
    name: 'bench',
    onWorker: (port) => {
      port.onMessage((message) => {
        const { kind, url } = /** @type {{ kind: string, url: string }} */ (message);
        if (kind === 'get') void answerGet(port);
        else {
          tasks.tryPut(url);
          port.send({ kind: 'ok' });
        }
      });
    },
  });
}

/** @param {import('../../main/transport/port.ts').Port} port */
async function answerGet(port) {
  const got = await tasks.get();
  if (got.kind === 'item') port.send({ kind: 'task', url: got.item });
}

const { port } = await (kind === 'own' ? openOwn() : openDoor());
console.log(port);
process.stdin.on('data', () => {
  const { user, system } = process.cpuUsage();
  console.log((user + system) / 1e6);
});
// It ends with the bench, however that ends.
process.stdin.on('close', () => process.exit());
