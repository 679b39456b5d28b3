// The wire of Python's connections: what it does with a peer that misbehaves.
import net from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { ConnectionEnded, PythonConnection } from '../../../main/gateway/python/connection.ts';

/** Both ends of a socket; the first one is not read from. */
async function sockets(): Promise<[net.Socket, net.Socket]> {
  const server = net.createServer({ pauseOnConnect: true });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const accepted = new Promise<net.Socket>((resolve) => server.once('connection', resolve));
  const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  const there = await accepted;
  onTestFinished(() => {
    there.destroy();
    socket.destroy();
    server.close();
  });
  return [there, socket];
}

test('a peer that never reads is left, with little kept for it', async () => {
  const [, socket] = await sockets();
  const connection = new PythonConnection(socket);
  const message = Buffer.alloc(1024 * 1024);
  let sent = 0;
  for (; !connection.signal.aborted && sent < 64; sent++) {
    connection.send(message);
    await new Promise(setImmediate);
  }
  expect(sent).toBeLessThan(64);
  expect(socket.destroyed).toBe(true);
  await expect(connection.receive()).rejects.toThrow('does not read');
});

test('messages that come together are dealt with one after the other, and the last one before the end is told', async () => {
  const [there, socket] = await sockets();
  const connection = new PythonConnection(socket);
  const begun: string[] = [];
  let letGo = () => {};
  const over = connection.each((message) => {
    begun.push(message.toString());
    // What is there at once is answered at once; the second one has to wait.
    return begun.length === 2 ? new Promise<void>((resolve) => (letGo = resolve)) : undefined;
  });
  const framed = (text: string) => Buffer.concat([Buffer.from([0, 0, 0, text.length]), Buffer.from(text)]);
  there.end(Buffer.concat(['one', 'two', 'three', 'four'].map(framed)));
  await expect.poll(() => connection.signal.aborted).toBe(true);
  expect(begun).toEqual(['one', 'two']);
  letGo();
  await expect(over).rejects.toThrow(ConnectionEnded);
  expect(begun).toEqual(['one', 'two', 'three', 'four']);
});

test.each([
  [
    'at once',
    () => {
      throw new Error('no');
    },
  ],
  ['later', () => Promise.reject(new Error('no'))],
])('what goes wrong with a message, %s, ends the dealing with them', async (_, act) => {
  const [there, socket] = await sockets();
  const connection = new PythonConnection(socket);
  const failed = connection.each(act);
  there.write(Buffer.from([0, 0, 0, 1, 65]));
  await expect(failed).rejects.toThrow('no');
});
