// A worker without a network: takes tasks over a memory Port and does with them what the test says.
import type { FromWorker, Outcome, SpeedShares, Task, ToWorker } from '../../shared/protocol.ts';
import { PROTOCOL } from '../../shared/protocol-number.ts';
import type { SpawnedWorker } from '../../main/engine/engine.ts';
import { memoryPorts } from '../../main/transport/memory.ts';
import type { Port } from '../../main/transport/port.ts';

export type FakeWorker = {
  tasks: Task[];
  /** Those it got ahead of time and has not begun. */
  waiting: Task[];
  targets: Map<number, string>;
  cancelled: number[];
  /** Whose part files it was told to take away. */
  settled: number[];
  /** How many connections a running task was told to have, one after the other. */
  granted: { id: number; connections: number }[];
  settings: Extract<ToWorker, { kind: 'welcome' }>['settings'][];
  shares: SpeedShares[];
  /** Limits of single downloads. */
  limits: (number | null)[];
  send(message: FromWorker): void;
  settle(task: Task, outcome: Outcome): void;
  /** Ends without a word, as a crash does. */
  crash(): void;
  port: Port;
};

/** A spawn function and the workers it made. `onTask` runs for each task that arrives. */
export function fakeWorkers(onTask: (worker: FakeWorker, task: Task) => void = () => {}, slots = 8, ahead?: number) {
  const workers: FakeWorker[] = [];
  const spawn = (): SpawnedWorker => {
    const [engineEnd, port] = memoryPorts();
    const worker: FakeWorker = {
      tasks: [],
      waiting: [],
      targets: new Map(),
      cancelled: [],
      settled: [],
      granted: [],
      settings: [],
      shares: [],
      limits: [],
      send: (message) => void port.send(message),
      settle(task, outcome) {
        worker.send({ kind: 'result', id: task.id, epoch: task.epoch, outcome });
        worker.send({ kind: 'get', count: 1 });
      },
      crash: () => port.close(),
      port,
    };
    workers.push(worker);
    port.onMessage((raw) => {
      const message = raw as ToWorker;
      if (message.kind === 'welcome') {
        worker.settings.push(message.settings);
        worker.send({ kind: 'get', count: slots });
      }
      if (message.kind === 'settings') worker.settings.push(message.settings);
      if (message.kind === 'limit') worker.limits.push(message.limitBytesPerS);
      if (message.kind === 'shares') worker.shares.push(message.shares);
      if (message.kind === 'target') worker.targets.set(message.id, message.path);
      if (message.kind === 'connections') worker.granted.push({ id: message.id, connections: message.connections });
      if (message.kind === 'settled') worker.settled.push(...message.ids);
      if (message.kind === 'stop') port.close();
      if (message.kind === 'tasks') {
        for (const task of message.tasks) {
          worker.tasks.push(task);
          onTask(worker, task);
        }
      }
      if (message.kind === 'ahead') worker.waiting.push(...message.tasks);
      if (message.kind === 'cancel') {
        worker.cancelled.push(message.id);
        const task = [...worker.tasks, ...worker.waiting].findLast(({ id }) => id === message.id)!;
        worker.settle(task, { kind: 'released', extents: task.extents });
      }
    });
    worker.send({
      kind: 'hello',
      protocol: PROTOCOL,
      pid: 1000 + workers.length,
      machine: 'here',
      runtime: 'test',
      slots,
      ...(ahead === undefined ? {} : { ahead }),
    });
    return { port: engineEnd, pid: 1000 + workers.length, kill: () => port.close() };
  };
  return { spawn, workers };
}

export function doneOf(task: Task, sizeBytes = 10): Outcome {
  return { kind: 'done', path: task.targetPath, sizeBytes, sha256: null, verified: false };
}
