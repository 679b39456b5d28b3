// Proxies for tests: one for HTTP (absolute requests and CONNECT), one for SOCKS5; they say whom they were asked for.
import { createServer, request, type IncomingMessage } from 'node:http';
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

/** An HTTP proxy. With `refuse` it answers 407 to everything. */
export function httpProxy(refuse = false): Promise<TestProxy> {
  const asked: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? '');
    asked.push(url.host);
    if (refuse) return void outgoing.writeHead(407).end();
    request(url, { headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    }).end();
  });
  server.on('connect', (incoming: IncomingMessage, socket: Socket) => {
    asked.push(incoming.url ?? '');
    if (refuse) return void socket.end('HTTP/1.1 407 No\r\n\r\n');
    const [host, port] = (incoming.url ?? '').split(':');
    const other = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      join(socket, other);
    });
  });
  return listen(server, 'http', asked);
}

/** A SOCKS5 proxy without a login (RFC 1928), for IPv4 addresses and names. */
export function socksProxy(): Promise<TestProxy> {
  const asked: string[] = [];
  const server = createTcpServer((socket) => {
    socket.once('data', () => {
      socket.write(Buffer.from([5, 0]));
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
