// The worker's side of a Port: says hello and asks for tasks at once, for the engine gets them ready while the rest is loaded.
import { hostname } from 'node:os';
import { PROTOCOL } from '../../shared/protocol-number.ts';
import type { FromWorker } from '../../shared/protocol.ts';
import type { Port } from '../transport/port.ts';

export interface WorkerOptions {
  /** How many tasks run at once. */
  slots: number;
  /** How many more it holds ahead of time; default none. */
  ahead?: number;
  /** How long each of those may wait before it goes back; default a quarter of a second. */
  aheadWaitMs?: number;
  /** The machine's name as the engine shows it; default the host name. */
  machine?: string;
  /** Of this Sluice, as the engine shows it. */
  version?: string;
  /** Ends the worker as `stop` does. */
  signal?: AbortSignal;
  /** The script of the hashing thread; without it checksums are computed on the loop, a chunk at a time. */
  hashThread?: string | URL;
}

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
