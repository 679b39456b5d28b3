// The worker's side of a Port: says hello and asks for tasks at once, for the engine gets them ready while the rest is loaded.
import { hostname } from 'node:os';
import { PROTOCOL } from '../../shared/protocol-number.ts';
import type { FromWorker } from '../../shared/protocol.ts';
import type { Port } from '../transport/port.ts';
import type { WorkerOptions } from './worker-loop.ts';

/** Serves the engine at the other end of `port` until told to stop or the port ends. Everything is durable then. */
export async function runWorker(port: Port, options: WorkerOptions): Promise<void> {
  const { slots, version } = options;
  const hello: FromWorker = {
    kind: 'hello',
    protocol: PROTOCOL,
    pid: process.pid,
    machine: options.machine ?? hostname(),
    runtime: `${process.release.name} ${process.versions.node}`,
    slots,
    ...(version !== undefined && { version }),
    ahead: options.ahead ?? 0,
  };
  const get: FromWorker = { kind: 'get', count: slots };
  for (const message of [hello, get]) port.send(message);
  // What is answered meanwhile waits in the port.
  const { WorkerLoop } = await import('./worker-loop.ts');
  await new WorkerLoop(port, options).run();
}
