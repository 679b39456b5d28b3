// `queue-server.mjs python|list|own`: a queue in memory behind the Python door or the coordination server, or the engine's list behind the door; prints its port, and its processor time for each line that it reads.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Engine } from '../../main/engine/engine.ts';
import { Queue } from '../../main/engine/dispatch/queue.ts';
import { openCoordinator } from '../../main/gateway/coordinator.ts';
import { EngineQueues } from '../../main/gateway/python/engine-queues.ts';
import { openPythonDoor } from '../../main/gateway/python/managers.ts';

const [, , kind] = process.argv;
const authkey = Buffer.from('bench');
/** @type {Queue<string>} */
const tasks = new Queue({ capacity: null, now: Date.now });

/** @param {import('../../main/gateway/python/queues.ts').PythonQueues} queues */
async function openDoor(queues) {
  const onError = (/** @type {unknown} */ error) => console.error(error);
  return openPythonDoor({ host: '127.0.0.1', port: 0, authkey, allowMd5: true, onError, queues });
}

/** @type {import('../../main/gateway/python/queues.ts').PythonQueues} */
const inMemory = {
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
};

/** A real list, of which no worker takes anything. */
function onList() {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-bench-queue-'));
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
  const spawnWorker = () => {
    throw new Error('Nothing is to be fetched here.');
  };
  const engine = new Engine({ dataDir: dir, spawnWorker, overrides: { dir, parallel: 256 } });
  return new EngineQueues(engine, () => undefined);
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

const { port } = await (kind === 'own' ? openOwn() : openDoor(kind === 'list' ? onList() : inMemory));
console.log(port);
process.stdin.on('data', () => {
  const { user, system } = process.cpuUsage();
  console.log((user + system) / 1e6);
});
// It ends with the bench, however that ends.
process.stdin.on('close', () => process.exit());
process.on('SIGTERM', () => process.exit());
