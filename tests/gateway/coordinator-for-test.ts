// A coordinator on loopback and those who join it: what their tests share.
import net from 'node:net';
import { afterEach } from 'vitest';
import {
  openCoordinator,
  type Coordinator,
  type CoordinatorOptions,
  type WorkerInfo,
} from '../../main/gateway/coordinator.ts';
import { proofOf } from '../../main/gateway/handshake.ts';
import { joinCoordinator, type JoinError, type JoinOptions } from '../../main/gateway/join.ts';
import { tcpPort } from '../../main/transport/tcp.ts';
import type { Port } from '../../main/transport/port.ts';
import { PROTOCOL } from '../../shared/protocol-number.ts';
import { expectSaid } from '../support/said.ts';
import { take } from '../transport/port-promises.ts';

export const authkey = Buffer.from('open sesame');
/** Run when the test ends, the last first. */
export const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

interface Arrival {
  port: Port;
  info: WorkerInfo;
}

/** An open coordinator, and the workers that come to it. */
export async function open(options: Partial<CoordinatorOptions> = {}) {
  const arrivals: Arrival[] = [];
  const waiting: ((arrival: Arrival) => void)[] = [];
  const coordinator = await openCoordinator({
    port: 0,
    authkey,
    name: 'test',
    onWorker: (port, info) => {
      const waiter = waiting.shift();
      if (waiter) waiter({ port, info });
      else arrivals.push({ port, info });
    },
    ...options,
  });
  cleanups.push(() => coordinator.close());
  const worker = (): Promise<Arrival> => {
    const arrival = arrivals.shift();
    return arrival ? Promise.resolve(arrival) : new Promise((resolve) => waiting.push(resolve));
  };
  return { coordinator, worker };
}

export function join(coordinator: Coordinator, options: Partial<JoinOptions> = {}): Promise<Port> {
  const stop = new AbortController();
  return joinCoordinator({
    host: '127.0.0.1',
    port: coordinator.port,
    authkey,
    id: 'worker-1',
    signal: stop.signal,
    ...options,
  }).catch((error: JoinError) => {
    expectSaid(error);
    throw error;
  });
}

type Saying = {
  authkey?: Buffer;
  protocol?: number;
  workerId?: string;
  channel?: string;
  /** A digit, for one that is no proof at all. */
  proof?: string;
  over?: net.Socket;
  andThen?: (port: Port) => void;
};

/** Logs in by hand, all in order but for what is given. Resolves with the answer. */
export async function login(coordinator: Coordinator, { proof, over, andThen, ...facts }: Saying) {
  const begunAt = performance.now();
  const socket = over ?? net.connect(coordinator.port, '127.0.0.1');
  cleanups.push(() => socket.destroy());
  const port = tcpPort(socket);
  const [greeting] = (await take(port, 1)) as [{ nonce: string }];
  const said = {
    authkey,
    protocol: PROTOCOL,
    workerId: 'worker-1',
    channel: '',
    workerNonce: '1'.repeat(64),
    ...facts,
  };
  const right = proofOf('worker', { ...said, coordinatorNonce: greeting.nonce });
  const { protocol, workerId: id, workerNonce: nonce } = said;
  port.send({ kind: 'login', protocol, id, nonce, proof: proof?.repeat(64) ?? right });
  andThen?.(port);
  const [answer] = await take(port, 1);
  return { answer, tookMs: performance.now() - begunAt };
}

/** Both ends of a session over loopback. */
export async function pair(options: Partial<CoordinatorOptions>, joining: Partial<JoinOptions>) {
  const { coordinator, worker } = await open(options);
  const near = await join(coordinator, joining);
  const { port: far } = await worker();
  return { near, far, killFar: () => void coordinator.close() };
}
