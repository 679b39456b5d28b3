// A small server to try a connection against: says what it hears, over TCP and UDP, so that a firewall can be found.
import dgram from 'node:dgram';
import net from 'node:net';
import { Allowance } from './allowance.ts';

const ECHO_PORT = 9999;
export const ECHO_GREETING = 'Hello,I am server!';

/** Longest text that is answered, in bytes. */
const MAX_TEXT_BYTES = 1024;
/** Texts and datagrams a second from one address. */
const PER_S = 100;

export interface EchoOptions {
  /** Default 127.0.0.1. */
  host?: string;
  /** For TCP and UDP alike; default 9999, 0: any free one. */
  port?: number;
  /** More are not let in. Default 256. */
  maxConnections?: number;
  /** A client that says nothing for this long is let go, in ms. Default 60,000. */
  idleMs?: number;
}

export interface EchoServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Opens both. TCP: greets, answers each text `X` with `Loop_Msg: X!` and ends on `exit`. A text is what arrives in one
 * piece, as people's first socket programs send it; line ends are left out. UDP: answers `X` with `Hello, X!`.
 */
export async function openEcho(options: EchoOptions = {}): Promise<EchoServer> {
  const { host = '127.0.0.1', port = ECHO_PORT, maxConnections = 256, idleMs = 60_000 } = options;
  const allowance = new Allowance(PER_S);
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    serve(socket, allowance, idleMs);
  });
  server.maxConnections = maxConnections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  server.on('error', () => undefined);
  const bound = (server.address() as net.AddressInfo).port;
  const stopTcp = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const udp = await openUdp(host, bound, allowance).catch(async (error: unknown) => {
    await stopTcp();
    throw error;
  });
  return {
    port: bound,
    close: async () => {
      await Promise.all([stopTcp(), new Promise<void>((resolve) => udp.close(resolve))]);
    },
  };
}

function serve(socket: net.Socket, allowance: Allowance, idleMs: number): void {
  const address = socket.remoteAddress ?? 'gone';
  socket.setTimeout(idleMs, () => socket.destroy());
  socket.write(ECHO_GREETING);
  socket.on('data', (chunk: Buffer) => {
    const text = chunk.toString('utf8').replace(/[\r\n]+$/, '');
    if (text === 'exit') return void socket.end();
    // Who does not read the answers, or sends floods, is not worth a queue.
    if (chunk.length > MAX_TEXT_BYTES || socket.writableNeedDrain || !allowance.take(address))
      return void socket.destroy();
    socket.write(`Loop_Msg: ${text}!`);
  });
}

async function openUdp(host: string, port: number, allowance: Allowance): Promise<dgram.Socket> {
  const udp = dgram.createSocket(net.isIPv6(host) ? 'udp6' : 'udp4');
  udp.on('message', (message, from) => {
    if (message.length > MAX_TEXT_BYTES || !allowance.take(from.address)) return;
    udp.send(`Hello, ${message.toString('utf8').replace(/[\r\n]+$/, '')}!`, from.port, from.address, () => undefined);
  });
  await new Promise<void>((resolve, reject) => {
    udp.once('error', reject);
    udp.bind(port, host, resolve);
  });
  udp.on('error', () => undefined);
  return udp;
}
