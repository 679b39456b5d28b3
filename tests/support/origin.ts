// The hostile origin: an HTTP/1.1 server on loopback that misbehaves per URL, on purpose, and counts what it did.
// It speaks on bare sockets, so that it can send what no HTTP library would.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { planAnswer, type Behaviour, type Plan, type Seen } from './origin-answer.ts';
import { contentBytes, type Content } from './content.ts';

export type { Behaviour, Seen } from './origin-answer.ts';
export { contentBytes, contentSha256, seededContent } from './content.ts';

export interface Origin {
  readonly port: number;
  /** The URL of a path that was served; `host` for another name of loopback. */
  url(path: string, host?: string): string;
  /** Says what a path answers: always the same, or decided for each request. Replaces what was said before. */
  serve(path: string, behaviour: Behaviour | ((seen: Seen) => Behaviour)): void;
  /** Every request to the path so far, in order. */
  requests(path: string): readonly Seen[];
  /** Body bytes sent from the path so far. */
  bytesServed(path: string): number;
  /** Connections opened so far, to any path. */
  connections(): number;
  /** Resolves when the path has had `count` requests. */
  requested(path: string, count?: number): Promise<void>;
  /** Resolves when `bytes` of body were sent from the path. */
  served(path: string, bytes: number): Promise<void>;
  close(): Promise<void>;
}

export interface OriginOptions {
  /** Where to listen; `::1` for IPv6. */
  host?: string;
  tls?: { key: string; cert: string };
}

/** Starts an origin on a free loopback port. */
export async function startOrigin(options: OriginOptions = {}): Promise<Origin> {
  const host = options.host ?? '127.0.0.1';
  const routes = new Map<string, (seen: Seen) => Behaviour>();
  const seenOf = new Map<string, Seen[]>();
  const sockets = new Set<Socket>();
  const watchers = new Set<() => void>();
  let opened = 0;

  const requests = (path: string): Seen[] => seenOf.get(path) ?? [];
  const bytesServed = (path: string): number => requests(path).reduce((sum, seen) => sum + seen.bytesSent, 0);
  const stir = (): void => watchers.forEach((watch) => watch());
  const until = (holds: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const watch = (): void => {
        if (!holds()) return;
        watchers.delete(watch);
        resolve();
      };
      watchers.add(watch);
      watch();
    });

  const onSocket = (socket: Socket): void => {
    opened += 1;
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    void speak(socket);
  };

  const speak = async (socket: Socket): Promise<void> => {
    for await (const head of requestHeads(socket)) {
      const seen = parseRequest(head);
      const all = requests(seen.path);
      all.push(seen);
      seen.count = all.length;
      seenOf.set(seen.path, all);
      seen.active = all.filter((other) => other.open).length;
      const behaviour = routes.get(seen.path)?.(seen) ?? {
        status: 404,
        bytes: Buffer.from('no such file\n'),
        etag: null,
      };
      stir();
      const keep = await sendAnswer(socket, seen, planAnswer(seen, behaviour), stir);
      seen.open = false;
      stir();
      if (!keep) return;
    }
  };

  const server: Server = options.tls ? createTlsServer(options.tls, onSocket) : createServer(onSocket);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  const scheme = options.tls ? 'https' : 'http';

  return {
    port,
    url: (path, name = host.includes(':') ? `[${host}]` : host) => `${scheme}://${name}:${port}${path}`,
    serve(path, behaviour) {
      routes.set(path, typeof behaviour === 'function' ? behaviour : () => behaviour);
    },
    requests,
    bytesServed,
    connections: () => opened,
    requested: (path, count = 1) => until(() => requests(path).length >= count),
    served: (path, bytes) => until(() => bytesServed(path) >= bytes),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** The heads of the requests on a connection, one by one; the next is read when the consumer asks for it. */
async function* requestHeads(socket: Socket): AsyncGenerator<string> {
  let text = '';
  try {
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
      text += (chunk as Buffer).toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, end);
        text = text.slice(end + 4);
        yield head;
      }
    }
  } catch {
    // The other end broke the connection; there is nothing more to read.
  }
}

function parseRequest(head: string): Seen {
  const [first = '', ...lines] = head.split('\r\n');
  const [method = '', target = ''] = first.split(' ');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const path = target.startsWith('/') ? target : new URL(target).pathname;
  return { method, path, target, headers, at: Date.now(), count: 0, active: 0, bytesSent: 0, open: true };
}

/** Sends what was planned. Returns whether the connection goes on. */
async function sendAnswer(socket: Socket, seen: Seen, plan: Plan, stir: () => void): Promise<boolean> {
  if (plan.headDelayMs) await pause(plan.headDelayMs, socket);
  if (plan.headBytesPerS) {
    for (const letter of plan.head) {
      if (!(await send(socket, Buffer.from(letter, 'latin1')))) return false;
      await pause(1000 / plan.headBytesPerS, socket);
    }
  } else {
    socket.write(plan.head, 'latin1');
  }
  for (const piece of plan.body) {
    if (piece.kind === 'text') {
      if (!(await send(socket, piece.bytes))) return false;
      continue;
    }
    if (!(await sendContent(socket, seen, plan, piece, stir))) return false;
  }
  switch (plan.end) {
    case 'keep':
      return true;
    case 'close':
      socket.end();
      return false;
    case 'reset':
      // Or the reset would overtake what was sent, and throw it away at the other end.
      await pause(50, socket);
      socket.resetAndDestroy();
      return false;
    case 'stall':
      await new Promise((resolve) => socket.once('close', resolve));
      return false;
    default:
      return plan.end satisfies never;
  }
}

interface Piece {
  content: Content;
  start: number;
  end: number;
  chunked: boolean;
}

async function sendContent(socket: Socket, seen: Seen, plan: Plan, piece: Piece, stir: () => void): Promise<boolean> {
  const startedAt = Date.now();
  const slice = plan.bytesPerS ? Math.max(1, Math.min(65_536, Math.ceil(plan.bytesPerS / 50))) : 1_048_576;
  let sent = 0;
  for (let at = piece.start; at < piece.end;) {
    let bytes = piece.content.view(at, Math.min(slice, piece.end - at));
    if (bytes.length < Math.min(slice, piece.end - at) && plan.bytesPerS) {
      bytes = contentBytes(piece.content, at, Math.min(at + slice, piece.end));
    }
    if (piece.chunked) socket.write(`${bytes.length.toString(16)}\r\n`);
    const alive = await send(socket, bytes);
    if (piece.chunked) socket.write('\r\n');
    if (!alive) return false;
    at += bytes.length;
    sent += bytes.length;
    seen.bytesSent += bytes.length;
    stir();
    if (plan.bytesPerS) await pause((sent / plan.bytesPerS) * 1000 - (Date.now() - startedAt), socket);
  }
  return !socket.destroyed;
}

/** Writes and waits for room. Returns false when the other end is gone. */
async function send(socket: Socket, bytes: Buffer): Promise<boolean> {
  if (socket.destroyed || !socket.writable) return false;
  if (socket.write(bytes)) return true;
  await new Promise<void>((resolve) => {
    const go = (): void => {
      socket.off('drain', go);
      socket.off('close', go);
      resolve();
    };
    socket.on('drain', go);
    socket.on('close', go);
  });
  return !socket.destroyed;
}

/** Waits, but not longer than the connection lives. */
function pause(ms: number, socket: Socket): Promise<void> {
  if (ms <= 0 || socket.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const go = (): void => {
      clearTimeout(timer);
      socket.off('close', go);
      resolve();
    };
    const timer = setTimeout(go, ms);
    socket.on('close', go);
  });
}
