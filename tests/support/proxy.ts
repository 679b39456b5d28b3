// Proxies for tests: one for HTTP (absolute requests and CONNECT), one for SOCKS5; they say whom they were asked for.
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect, createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface TestProxy {
  url: string;
  /** `host:port` of every request or tunnel, in order. */
  asked: string[];
}

async function listen(server: Server, scheme: string, asked: string[]): Promise<TestProxy> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    sockets.forEach((socket) => socket.destroy());
    server.close();
  });
  return { url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

function join(a: Socket, b: Socket): void {
  a.pipe(b).pipe(a);
  a.on('error', () => b.destroy());
  b.on('error', () => a.destroy());
}

export interface HttpProxyOptions {
  /** Answers 407 to everything. */
  refuse?: boolean;
  /** `user:password` that it wants. */
  login?: string;
  /** Speaks TLS itself. */
  tls?: { key: string; cert: string };
}

/** An HTTP proxy. */
export function httpProxy({ refuse: never = false, login, tls }: HttpProxyOptions = {}): Promise<TestProxy> {
  const asked: string[] = [];
  const wanted = login === undefined ? undefined : `Basic ${Buffer.from(login).toString('base64')}`;
  const refuses = ({ headers }: IncomingMessage): boolean =>
    never || (wanted !== undefined && headers['proxy-authorization'] !== wanted);
  const serve = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const url = new URL(incoming.url ?? '');
    asked.push(url.host);
    if (refuses(incoming)) return void outgoing.writeHead(407).end();
    request(url, { headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    }).end();
  };
  const server = tls ? createSecureServer(tls, serve) : createServer(serve);
  server.on('connect', (incoming: IncomingMessage, socket: Socket) => {
    asked.push(incoming.url ?? '');
    if (refuses(incoming)) return void socket.end('HTTP/1.1 407 No\r\n\r\n');
    const [host, port] = (incoming.url ?? '').split(':');
    const other = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      join(socket, other);
    });
  });
  return listen(server, tls ? 'https' : 'http', asked);
}

/** A SOCKS5 proxy (RFC 1928), for IPv4 addresses and names; with a login when one is given (RFC 1929). */
export function socksProxy({ login }: { login?: string } = {}): Promise<TestProxy> {
  const asked: string[] = [];
  const server = createTcpServer((socket) => {
    const greet = (next: () => void): void => {
      socket.once('data', (hello: Buffer) => {
        const method = login === undefined ? 0 : 2;
        if (!hello.subarray(2).includes(method)) return void socket.end(Buffer.from([5, 0xff]));
        socket.write(Buffer.from([5, method]));
        if (login === undefined) return next();
        socket.once('data', (given: Buffer) => {
          const userEnd = 2 + given[1]!;
          const pair = `${given.toString('utf8', 2, userEnd)}:${given.toString('utf8', userEnd + 1)}`;
          if (pair !== login) return void socket.end(Buffer.from([1, 1]));
          socket.write(Buffer.from([1, 0]));
          next();
        });
      });
    };
    greet(() => {
      socket.once('data', (ask: Buffer) => {
        const isName = ask[3] === 3;
        const end = isName ? 5 + ask[4]! : 8;
        const host = isName ? ask.toString('latin1', 5, end) : [...ask.subarray(4, 8)].join('.');
        asked.push(`${host}:${ask.readUInt16BE(end)}`);
        const other = connect(ask.readUInt16BE(end), host, () => {
          socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
          join(socket, other);
        });
      });
    });
  });
  return listen(server, 'socks5', asked);
}
