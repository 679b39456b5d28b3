// The wire of Python's connections: what it does with a peer that misbehaves.
import net from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { PythonConnection } from '../../main/gateway/python-connection.ts';

test('a peer that never reads is left, with little kept for it', async () => {
  const server = net.createServer({ pauseOnConnect: true });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const accepted = new Promise<net.Socket>((resolve) => server.once('connection', resolve));
  const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  const deaf = await accepted;
  onTestFinished(() => {
    deaf.destroy();
    socket.destroy();
    server.close();
  });
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
