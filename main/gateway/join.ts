// Joins the coordination server of another machine (or of this one) as a worker.
import { randomBytes } from 'node:crypto';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { PROTOCOL } from '../../shared/protocol-number.ts';
import { systemWhy } from '../../shared/system-why.ts';
import { because, type Said, type Why } from '../../shared/why.ts';
import { read } from '../../shared/schema.ts';
import type { Port } from '../transport/port.ts';
import { tcpPort, type TcpPort } from '../transport/tcp.ts';
import { Backoff } from './backoff.ts';
import { isLoopback } from './doorkeeper.ts';
import { Greeting, isProof, LoginAnswer, LOGIN_LIMITS, proofOf } from './handshake.ts';
import { plainFingerprint } from './identity.ts';
import { openSession, type SessionOptions } from './session.ts';

/** Frames from a coordinator, in bytes. */
const SESSION_LIMITS = { maxJsonBytes: 16 * 1024 * 1024, maxBinaryBytes: 16 * 1024 * 1024 } as const;

export interface JoinOptions {
  host: string;
  port: number;
  authkey: Buffer;
  /** Of the coordinator's certificate. Needed for other machines; with it the connection is TLS. */
  fingerprint?: string;
  /** This worker's own name for itself, `[\w-]{1,64}`; the same each time it comes back. */
  id: string;
  /** Gives up the joining; a port that was handed out stays open. */
  signal: AbortSignal;
  /** For the connection and the login together, in ms. Default 10,000. */
  timeoutMs?: number;
  session?: SessionOptions;
}

/** Why a coordinator was not joined. Only the first four may be over the next time. */
export class JoinError extends Error {
  readonly code:
    | 'unreachable'
    | 'lost'
    | 'full'
    | 'barred'
    | 'wrong-key'
    | 'wrong-fingerprint'
    | 'protocol'
    | 'removed'
    | 'not-encrypted'
    | 'given-up';
  /** What the message was made of. */
  readonly said: Said;
  constructor(code: JoinError['code'], { message, ...said }: Why, options?: ErrorOptions) {
    super(message, options);
    this.name = 'JoinError';
    this.code = code;
    this.said = said;
  }

  get retry(): boolean {
    return ['unreachable', 'lost', 'full', 'barred'].includes(this.code);
  }
}

/** Connects and logs in, both ends proving the authkey. Rejects with a JoinError. */
export async function joinCoordinator(options: JoinOptions): Promise<Port> {
  const { host, port, fingerprint, signal } = options;
  const where = `${host}:${port}`;
  if (signal.aborted) throw new JoinError('given-up', because('joining-given-up', { where }));
  if (!fingerprint && !isLoopback(host)) {
    throw new JoinError('not-encrypted', because('fingerprint-needed', { where }));
  }
  const raw = net.connect({ host, port });
  const stop = (): void => void raw.destroy();
  const timer = setTimeout(stop, options.timeoutMs ?? 10_000);
  signal.addEventListener('abort', stop, { once: true });
  try {
    const socket = await connected(raw, where, fingerprint);
    return await logIn(tcpPort(socket, LOGIN_LIMITS), where, options);
  } catch (error) {
    raw.destroy();
    if (signal.aborted) throw new JoinError('given-up', because('joining-given-up', { where }), { cause: error });
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

export interface StayOptions extends JoinOptions {
  /** Works over a joined port; resolves when that has ended. */
  work: (port: Port) => Promise<void>;
  /** Each time the coordinator could not be joined or was lost; `againMs` null: it is not tried again. */
  onTrouble: (error: JoinError, againMs: number | null) => void;
}

/** Joins again and again, with backoff from 0.5 to 30 s, until the signal fires or another try cannot help. */
export async function stayJoined(options: StayOptions): Promise<void> {
  const { signal, work, onTrouble } = options;
  const backoff = new Backoff();
  while (!signal.aborted) {
    const begunAt = Date.now();
    const trouble = await joinCoordinator(options).then(
      async (port) => {
        await work(port);
        return new JoinError('lost', because('has-ended', { where: `${options.host}:${options.port}` }));
      },
      (error: unknown) => {
        if (error instanceof JoinError) return error;
        throw error;
      },
    );
    if (signal.aborted) return;
    const againMs = trouble.retry ? backoff.next(Date.now() - begunAt) : null;
    onTrouble(trouble, againMs);
    if (againMs === null) return;
    await sleep(againMs, undefined, { signal }).catch(() => undefined);
  }
}

async function connected(raw: net.Socket, where: string, fingerprint: string | undefined): Promise<net.Socket> {
  // The certificate vouches for itself: it is compared as a whole with the fingerprint that a person has carried over.
  const socket = fingerprint ? tls.connect({ socket: raw, rejectUnauthorized: false, minVersion: 'TLSv1.3' }) : raw;
  await new Promise<void>((resolve, reject) => {
    const fail = (cause?: unknown): void => {
      const why = cause instanceof Error ? systemWhy(cause) : because('none-came');
      reject(new JoinError('unreachable', because('not-reached', { where, because: why }), { cause }));
    };
    raw.once('error', fail);
    socket.once('error', fail);
    socket.once('close', () => fail());
    socket.once(fingerprint ? 'secureConnect' : 'connect', resolve);
  });
  if (socket instanceof tls.TLSSocket) {
    const shown = plainFingerprint(socket.getPeerCertificate().fingerprint256 ?? '');
    if (shown !== plainFingerprint(fingerprint!)) {
      throw new JoinError('wrong-fingerprint', because('other-certificate', { where, shown }));
    }
  }
  return socket;
}

async function logIn(port: TcpPort, where: string, options: JoinOptions): Promise<Port> {
  const next = oneByOne(port, where);
  const greeting = read(Greeting, await next());
  if (!greeting.success) throw new JoinError('lost', because('greets-otherwise', { where }));
  const { protocol: its } = greeting.output;
  if (its !== PROTOCOL) throw new JoinError('protocol', because('speaks-protocol', { where, its, ours: PROTOCOL }));
  const facts = {
    authkey: options.authkey,
    coordinatorNonce: greeting.output.nonce,
    workerNonce: randomBytes(32).toString('hex'),
    workerId: options.id,
    protocol: PROTOCOL,
    channel: options.fingerprint ? plainFingerprint(options.fingerprint) : '',
  };
  port.send({
    kind: 'login',
    protocol: PROTOCOL,
    id: options.id,
    nonce: facts.workerNonce,
    proof: proofOf('worker', facts),
  });
  const answer = read(LoginAnswer, await next(() => port.setLimits(SESSION_LIMITS)));
  if (!answer.success) throw new JoinError('lost', because('answers-otherwise', { where }));
  if (answer.output.kind === 'welcome') {
    if (!isProof(answer.output.proof, proofOf('coordinator', facts))) {
      throw new JoinError('wrong-key', because('knows-no-key', { where }));
    }
    const session = openSession(port, options.session);
    port.resume();
    return session;
  }
  switch (answer.output.why) {
    case 'key':
      throw new JoinError('wrong-key', because('takes-no-key', { where }));
    case 'protocol':
      throw new JoinError('protocol', because('speaks-another', { where, ours: PROTOCOL }));
    case 'full':
      throw new JoinError('full', because('house-full', { where }));
    case 'barred':
      throw new JoinError('barred', because('kept-out', { where }));
    case 'removed':
      throw new JoinError('removed', because('was-removed', { where }));
    default:
      return answer.output.why satisfies never;
  }
}

/**
 * Hands out one message a call and leaves the rest in the port, paused. `onArrival` runs before the next frame is looked at:
 * the coordinator may send a big one right behind its welcome.
 */
function oneByOne(port: TcpPort, where: string): (onArrival?: () => void) => Promise<unknown> {
  port.pause();
  return (onArrival) =>
    new Promise((resolve, reject) => {
      port.onClose(() => reject(new JoinError('lost', because('has-closed', { where }))));
      port.onMessage((message) => {
        port.pause();
        onArrival?.();
        resolve(message);
      });
      port.resume();
    });
}
