// `queue-server.mjs python|own`: two queues in memory behind the Python door or the coordination server; prints its port.
import { openCoordinator } from '../../main/gateway/coordinator.ts';
import { openPythonDoor } from '../../main/gateway/python-managers.ts';

const [, , kind] = process.argv;
const authkey = Buffer.from('bench');

/** @type {string[]} */
const tasks = [];
/** @type {((url: string) => void)[]} */
const getters = [];

/** @param {string} url */
function put(url) {
  const getter = getters.shift();
  if (getter) getter(url);
  else tasks.push(url);
}

/** @returns {string | Promise<string>} */
function get() {
  return tasks.shift() ?? new Promise((resolve) => getters.push(resolve));
}

async function openDoor() {
  return openPythonDoor({
    host: '127.0.0.1',
    port: 0,
    authkey,
    allowMd5: true,
    onError: (error) => console.error(error),
    queues: {
      putTask: (_client, url) => (put(url), { kind: 'ok' }),
      leaseTask: async () => ({ kind: 'task', url: await get() }),
      settle: () => ({ kind: 'unknown' }),
      takeResult: () => ({ kind: 'empty' }),
      size: () => ({ depth: tasks.length, capacity: null }),
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
          put(url);
          port.send({ kind: 'ok' });
        }
      });
    },
  });
}

/** @param {import('../../main/transport/port.ts').Port} port */
async function answerGet(port) {
  port.send({ kind: 'task', url: await get() });
}

const { port } = await (kind === 'own' ? openOwn() : openDoor());
console.log(port);
// It ends with the bench, however that ends.
process.stdin.on('close', () => process.exit()).resume();
