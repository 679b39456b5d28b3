// A socket as a Port: the contract over TCP and local sockets, and what only sockets can do wrong.
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Duplex } from 'node:stream';
import { setImmediate as turnEnd } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { FrameError } from '../../main/transport/frames.ts';
import { tcpPort, type TcpPortOptions } from '../../main/transport/tcp.ts';
import { portContract } from './port-contract.ts';
import { ending, take } from './port-promises.ts';

/** Two ends of one real connection. */
async function sockets(where: net.ListenOptions): Promise<{ near: net.Socket; far: net.Socket; stop: () => void }> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(where, resolve));
  const address = server.address();
  const accepted = new Promise<net.Socket>((resolve) => server.once('connection', resolve));
  const near =
    typeof address === 'string' ? net.connect(address) : net.connect((address as net.AddressInfo).port, '127.0.0.1');
  const far = await accepted;
  const stop = (): void => {
    near.destroy();
    far.destroy();
    server.close();
  };
  return { near, far, stop };
}

async function tcpPair(options?: TcpPortOptions) {
  const { near, far, stop } = await sockets({ port: 0, host: '127.0.0.1' });
  return {
    near: tcpPort(near, options),
    far: tcpPort(far, options),
    killFar: () => far.resetAndDestroy(),
    dispose: stop,
    socket: far,
  };
}

portContract('TCP', () => tcpPair());

portContract('local socket', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'sluice-port-'));
  const { near, far, stop } = await sockets({ path: path.join(dir, 's') });
  const dispose = async (): Promise<void> => {
    stop();
    await rm(dir, { recursive: true });
  };
  return { near: tcpPort(near), far: tcpPort(far), killFar: () => far.destroy(), dispose };
});

test('a frame that is none ends the pipe with an error, after what came before it', async () => {
  const { near, socket, dispose } = await tcpPair();
  const got: unknown[] = [];
  near.onMessage((message) => got.push(message));
  socket.write(Buffer.from('\x00\x00\x00\x01J7SSH-2.0-nonsense\r\n', 'latin1'));
  const reason = await ending(near);
  expect(reason).toMatchObject({ kind: 'error', cause: expect.any(FrameError) });
  expect(got).toEqual([7]);
  expect(near.send(1)).toBe(false);
  dispose();
});

test('the other end gone in the middle of a frame is eof', async () => {
  const { near, socket, dispose } = await tcpPair();
  near.onMessage(() => undefined);
  socket.end(Buffer.from('\x00\x00\x00\x09J{"a', 'latin1'));
  expect(await ending(near)).toEqual({ kind: 'eof' });
  dispose();
});

test('eof waits for messages that nobody has taken yet', async () => {
  const { near, far, dispose } = await tcpPair();
  for (let n = 0; n < 3; n++) far.send(n);
  far.close();
  const seen: unknown[] = [];
  const end = new Promise<void>((resolve) => {
    near.onClose((reason) => {
      seen.push(reason.kind);
      resolve();
    });
  });
  await new Promise((resolve) => setTimeout(resolve, 30));
  near.onMessage((message) => seen.push(message));
  await end;
  expect(seen).toEqual([0, 1, 2, 'eof']);
  dispose();
});

test('what is said in one turn of the event loop leaves in one write', async () => {
  const writes: number[] = [];
  const socket = new Duplex({
    read: () => undefined,
    write: (_frame, _encoding, done) => (writes.push(1), done()),
    writev: (frames, done) => (writes.push(frames.length), done()),
  });
  const port = tcpPort(socket as net.Socket);
  port.send(1);
  await Promise.resolve();
  port.send(2);
  await new Promise<void>((resolve) => process.nextTick(resolve));
  port.send(3);
  await turnEnd();
  port.send(4);
  await turnEnd();
  expect(writes).toEqual([3, 1]);
});

test('bytes travel as bytes', async () => {
  const { near, far, dispose } = await tcpPair();
  const arrived = take(far, 2);
  near.send({ file: 1 });
  near.send(new Uint8Array([0, 255, 7]));
  expect(await arrived).toEqual([{ file: 1 }, Buffer.from([0, 255, 7])]);
  dispose();
});

test('a paused port stops the sender, and loses nothing', async () => {
  const { near, far, dispose } = await tcpPair();
  let count = 0;
  far.onMessage(() => count++);
  far.pause();
  const block = 'x'.repeat(256 * 1024);
  let sent = 1;
  while (near.send(block)) sent++;
  // More than the system's socket buffers hold, so that it stays full until the reader goes on.
  for (; sent < 64; sent++) near.send(block);
  let room = false;
  const drained = near.drained().then(() => (room = true));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect([count, room]).toEqual([0, false]);
  const all = new Promise<void>((resolve) => far.onMessage(() => ++count === sent && resolve()));
  far.resume();
  await Promise.all([drained, all]);
  dispose();
});

test('a peer that never reads costs bounded memory', async () => {
  const { near, dispose } = await tcpPair({ maxUnsentBytes: 8 * 1024 * 1024 });
  const block = 'x'.repeat(1024 * 1024);
  for (let n = 0; n < 64; n++) near.send(block);
  expect(await ending(near)).toMatchObject({ kind: 'error' });
  dispose();
});

test('a message over the limit ends the pipe with an error, and its sender goes on', async () => {
  const { near, far, dispose } = await tcpPair({ maxJsonBytes: 10 });
  const arrived = take(far, 1);
  expect([near.send('short'), near.send('x'.repeat(20)), near.send('short')]).toEqual([true, false, false]);
  expect(await ending(near)).toMatchObject({ kind: 'error', cause: expect.any(RangeError) });
  await Promise.race([arrived, ending(far)]);
  dispose();
});

test('limits may be raised after a login', async () => {
  const { near, far, dispose } = await tcpPair({ maxJsonBytes: 10 });
  near.setLimits({ maxJsonBytes: 100 });
  far.setLimits({ maxJsonBytes: 100 });
  const arrived = take(far, 1);
  near.send('x'.repeat(20));
  expect(await arrived).toEqual(['x'.repeat(20)]);
  dispose();
});
