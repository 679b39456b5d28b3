// The coordination server: workers of this machine and of others log in here and get a Port to the engine.
import { randomBytes } from 'node:crypto';
import net from 'node:net';
import tls from 'node:tls';
import { PROTOCOL } from '../../shared/protocol-number.ts';
import { read } from '../../shared/schema.ts';
import type { Port } from '../transport/port.ts';
import { tcpPort, type TcpPort } from '../transport/tcp.ts';
import { Doorkeeper, isLoopback, type DoorCounts, type DoorLimits, type Visitor } from './doorkeeper.ts';
import { isProof, Login, LOGIN_LIMITS, proofOf, type LoginAnswer } from './handshake.ts';
import type { Identity } from './identity.ts';
import { openSession, type SessionOptions } from './session.ts';

/** Where coordinators listen unless told otherwise. */
const COORDINATOR_PORT = 7440;

/** Who is at the other end of a worker's port. */
export interface WorkerInfo {
  /** The worker's own name for itself; the same when it comes back after a lost connection. */
  id: string;
  address: string;
  encrypted: boolean;
  since: number;
}

export interface CoordinatorOptions {
  /** Default 127.0.0.1. Any address beyond this machine needs `identity`. */
  host?: string;
  /** Default 7440. 0: any free one. */
  port?: number;
  /** When the port is taken, listen on any free one instead of failing. Default true. */
  orAnotherPort?: boolean;
  /** With it the server speaks TLS only. */
  identity?: Identity;
  authkey: Buffer;
  /** Shown to those who connect, before they log in. */
  name: string;
  /** Why one with the right key and this name may not come in; null, as by default, when it may. */
  refusalOf?: (id: string) => 'removed' | 'barred' | null;
  /** A worker has logged in; its port speaks shared/protocol.ts from now on. */
  onWorker: (port: Port, info: WorkerInfo) => void;
  limits?: Partial<DoorLimits>;
  session?: SessionOptions;
  /** Frames of a worker that has logged in, in bytes. Default 16 MiB each. */
  maxJsonBytes?: number;
  maxBinaryBytes?: number;
}

export interface Coordinator {
  readonly host: string;
  readonly port: number;
  readonly encrypted: boolean;
  counts(): DoorCounts;
  /** Lets nobody in any more; those who are in stay. */
  stopListening(): void;
  /** Stops listening and drops every connection; workers should have been told to stop before. */
  close(): Promise<void>;
}

/** Opens the server. Rejects when the address cannot be listened on, or would be reachable from outside without TLS. */
export async function openCoordinator(options: CoordinatorOptions): Promise<Coordinator> {
  const { host = '127.0.0.1', port = COORDINATOR_PORT, orAnotherPort = true, identity } = options;
  if (!identity && !isLoopback(host)) throw new Error(`${host} is reachable from other machines: that needs TLS.`);
  const context =
    identity && tls.createSecureContext({ key: identity.key, cert: identity.cert, minVersion: 'TLSv1.3' });
  const keeper = new Doorkeeper(options.limits);
  const server = net.createServer((raw) => {
    raw.on('error', () => undefined);
    const visitor = keeper.admit(raw);
    if (!visitor) return;
    if (!context) return void logIn(raw, visitor, options);
    const secure = new tls.TLSSocket(raw, { isServer: true, secureContext: context });
    secure.on('error', () => raw.destroy());
    secure.once('secure', () => void logIn(secure, visitor, options));
  });
  await listen(server, host, port).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE' || !orAnotherPort) throw error;
    return listen(server, host, 0);
  });
  server.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => server.once('close', resolve));
  const stopListening = (): Promise<void> => {
    if (server.listening) server.close();
    keeper.sendStrangersAway();
    return ended;
  };
  return {
    host,
    port: (server.address() as net.AddressInfo).port,
    encrypted: identity !== undefined,
    counts: () => keeper.counts(),
    stopListening: () => void stopListening(),
    close: async () => {
      const closed = stopListening();
      keeper.sendAllAway();
      await closed;
    },
  };
}

function listen(server: net.Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function logIn(socket: net.Socket, visitor: Visitor, options: CoordinatorOptions): Promise<void> {
  const port = tcpPort(socket, LOGIN_LIMITS);
  const coordinatorNonce = randomBytes(32).toString('hex');
  port.send({ kind: 'greeting', name: options.name, protocol: PROTOCOL, nonce: coordinatorNonce });
  const login = await firstMessage(port);
  if (!login) return;
  const facts = {
    authkey: options.authkey,
    coordinatorNonce,
    workerNonce: login.nonce,
    workerId: login.id,
    protocol: login.protocol,
    channel: options.identity?.fingerprint ?? '',
  };
  if (!isProof(login.proof, proofOf('worker', facts))) {
    await visitor.refuse();
    return leave(port, { kind: 'refused', why: 'key' });
  }
  if (login.protocol !== PROTOCOL) return leave(port, { kind: 'refused', why: 'protocol' });
  const why = options.refusalOf?.(login.id) ?? null;
  if (why !== null) return leave(port, { kind: 'refused', why });
  if (!visitor.welcome()) return leave(port, { kind: 'refused', why: 'full' });
  port.send({ kind: 'welcome', proof: proofOf('coordinator', facts) } satisfies LoginAnswer);
  port.setLimits({
    maxJsonBytes: options.maxJsonBytes ?? 16 * 1024 * 1024,
    maxBinaryBytes: options.maxBinaryBytes ?? 16 * 1024 * 1024,
  });
  const info = { id: login.id, address: visitor.address, encrypted: options.identity !== undefined, since: Date.now() };
  options.onWorker(openSession(port, options.session), info);
  port.resume();
}

/** The login, or null when what came is none; the port is closed then. Nothing that follows is looked at while it is paused. */
function firstMessage(port: TcpPort): Promise<Login | null> {
  return new Promise((resolve) => {
    port.onClose(() => resolve(null));
    port.onMessage((message) => {
      port.pause();
      const login = read(Login, message);
      if (!login.success) port.close();
      resolve(login.success ? login.output : null);
    });
  });
}

function leave(port: TcpPort, answer: LoginAnswer): void {
  port.send(answer);
  port.close();
}
