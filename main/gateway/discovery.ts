// Finds coordinators on the local network over UDP, where both ends have opted in.
import { randomBytes } from 'node:crypto';
import dgram from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import { integer, text } from '../../shared/schema.ts';
import { PROTOCOL } from '../../shared/protocol-number.ts';
import { Allowance } from './allowance.ts';

/** Where coordinators listen for questions. */
const DISCOVERY_PORT = 7441;
/** A question is padded to this length, and no answer is longer: nobody gains by asking in another's name. */
const QUESTION_BYTES = 512;
/** Answers a second, to one address and to all together. */
const PER_ADDRESS_PER_S = 2;
const TOTAL_PER_S = 50;
/** Answers that are looked at in one search. */
const MAX_FOUND = 256;

const Question = v.object({
  sluice: v.literal('Hello'),
  protocol: integer(),
  nonce: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)),
});
const Reply = v.object({
  sluice: v.literal('Here'),
  nonce: v.string(),
  name: text(100),
  protocol: integer(),
  port: integer(1, 65_535),
  fingerprint: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
});

/** A coordinator that answered. Anybody can answer, so a person compares the fingerprint before joining. */
export interface FoundCoordinator {
  host: string;
  port: number;
  name: string;
  fingerprint: string;
  protocol: number;
}

export interface DiscoverableOptions {
  /** What is told to who asks; never the key. `name` is cut to 100 characters. */
  name: string;
  port: number;
  fingerprint: string;
  /** Default: all addresses. */
  host?: string;
  /** Default 7441. 0: any free one. */
  discoveryPort?: number;
}

export interface Discoverable {
  readonly port: number;
  close(): Promise<void>;
}

/** Answers questions from now on. Rejects when the port is taken. */
export async function openDiscoverable(options: DiscoverableOptions): Promise<Discoverable> {
  const { host = '0.0.0.0', discoveryPort = DISCOVERY_PORT } = options;
  const each = new Allowance(PER_ADDRESS_PER_S, 4);
  const all = new Allowance(TOTAL_PER_S);
  const socket = dgram.createSocket({ type: 'udp4', reuseAddr: true });
  socket.on('message', (message, from) => {
    const question = parse(Question, message);
    if (!question || !each.take(from.address) || !all.take('all')) return;
    const answer = replyTo(question.nonce, options);
    if (answer.length <= message.length) socket.send(answer, from.port, from.address, () => undefined);
  });
  await bind(socket, discoveryPort, host);
  return { port: socket.address().port, close: () => close(socket) };
}

/** As much of the name as there is room for. */
function replyTo(nonce: string, { name, port, fingerprint }: DiscoverableOptions): Buffer {
  for (let length = 100; ; length--) {
    const reply = { sluice: 'Here', nonce, name: name.slice(0, length), protocol: PROTOCOL, port, fingerprint };
    const answer = Buffer.from(JSON.stringify(reply));
    if (answer.length <= QUESTION_BYTES || length === 0) return answer;
  }
}

export interface DiscoverOptions {
  /** How long to listen for answers, in ms. Default 1,500. */
  forMs?: number;
  signal?: AbortSignal;
  discoveryPort?: number;
  /** Whom to ask; default: the broadcast address of every network of this machine, and the machine itself. */
  addresses?: string[];
}

/** Asks around and returns who answered, each once. */
export async function discover(options: DiscoverOptions = {}): Promise<FoundCoordinator[]> {
  const { forMs = 1_500, signal, discoveryPort = DISCOVERY_PORT, addresses = broadcastAddresses() } = options;
  const nonce = randomBytes(8).toString('hex');
  const question = Buffer.alloc(QUESTION_BYTES, ' ');
  question.write(JSON.stringify({ sluice: 'Hello', protocol: PROTOCOL, nonce }));
  const found = new Map<string, FoundCoordinator>();
  const socket = dgram.createSocket('udp4');
  socket.on('message', (message, from) => {
    const reply = parse(Reply, message);
    if (!reply || reply.nonce !== nonce || found.size >= MAX_FOUND) return;
    const { name, port, fingerprint, protocol } = reply;
    found.set(`${from.address}:${port}`, { host: from.address, port, name, fingerprint, protocol });
  });
  await bind(socket, 0, '0.0.0.0');
  socket.setBroadcast(true);
  const ask = (): void =>
    addresses.forEach((address) => socket.send(question, discoveryPort, address, () => undefined));
  ask();
  // Datagrams get lost; the second question finds those that missed the first.
  const again = setTimeout(ask, forMs / 3);
  await sleep(forMs, undefined, { signal }).catch(() => undefined);
  clearTimeout(again);
  await close(socket);
  return [...found.values()];
}

function parse<T>(schema: v.GenericSchema<unknown, T>, message: Buffer): T | null {
  if (message.length > 2 * QUESTION_BYTES) return null;
  try {
    return v.parse(schema, JSON.parse(message.toString('utf8')));
  } catch {
    return null;
  }
}

function broadcastAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const found = all
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address, netmask }) => {
      const mask = netmask.split('.').map(Number);
      return address
        .split('.')
        .map((part, n) => Number(part) | (~mask[n]! & 255))
        .join('.');
    });
  return [...new Set([...found, '127.0.0.1'])];
}

function bind(socket: dgram.Socket, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, host, () => {
      socket.off('error', reject);
      socket.on('error', () => undefined);
      resolve();
    });
  });
}

function close(socket: dgram.Socket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}
