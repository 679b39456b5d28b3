// Ten thousand malformed frames and half-open connections at each port: it lives, its memory stays, its real users go on.
import { createHmac } from 'node:crypto';
import dgram from 'node:dgram';
import net from 'node:net';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openCoordinator } from '../../main/gateway/coordinator.ts';
import { openDiscoverable } from '../../main/gateway/discovery.ts';
import { openEcho } from '../../main/gateway/echo.ts';
import { loadIdentity } from '../../main/gateway/identity.ts';
import { joinCoordinator } from '../../main/gateway/join.ts';
import { pickle, Tuple } from '../../main/gateway/python/pickle.ts';
import { openPythonDoor } from '../../main/gateway/python/managers.ts';
import { encodeFrame } from '../../main/transport/frames.ts';
import type { Port } from '../../main/transport/port.ts';
import { PROTOCOL } from '../../shared/protocol-number.ts';
import { memoryMiB } from '../support/memory.ts';
import { tempDir } from '../support/temp-dir.ts';
import { dice } from './dice.ts';
import { MemoryQueues } from './memory-queues.ts';
import { Program, testWithPython } from './pythons.ts';

const ROUNDS = 10_000;
const AT_ONCE = 64;
const authkey = Buffer.from('open sesame');

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** What a storm may leave behind after its first part, in MiB: of the heap, and of the process as the system sees it. */
const GROWN_MAX = { heap: 16, rss: 192 };

/** One connection: it sends, and then leaves, resets, or stays half-open until it is thrown out or others need its place. */
function strike(port: number, attack: Buffer, ending: 'end' | 'reset' | 'stay', staying: net.Socket[]): Promise<void> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.write(attack);
      if (ending === 'end') socket.end();
      if (ending === 'reset') setImmediate(() => socket.resetAndDestroy());
      if (ending !== 'stay') return;
      staying.push(socket);
      if (staying.length > 200) staying.shift()!.destroy();
      resolve();
    });
    socket.resume();
    socket.on('error', () => undefined);
    socket.once('close', () => resolve());
    socket.setTimeout(2000, () => socket.destroy());
  });
}

/** Compares the memory now with that of when it was made. */
function memoryWatch(): { expectFlat(): void } {
  const before = memoryMiB();
  return {
    expectFlat() {
      const after = memoryMiB();
      expect(after.heap - before.heap).toBeLessThan(GROWN_MAX.heap);
      expect(after.rss - before.rss).toBeLessThan(GROWN_MAX.rss);
    },
  };
}

/** All rounds of attack. The memory must not have grown between the first fifth and the end. */
async function storm(port: number, attack: (round: number) => Buffer): Promise<void> {
  const { pick } = dice(7);
  const staying: net.Socket[] = [];
  cleanups.push(() => staying.forEach((socket) => socket.destroy()));
  let memory: ReturnType<typeof memoryWatch> | undefined;
  for (let round = 0; round < ROUNDS;) {
    const batch: Promise<void>[] = [];
    for (; batch.length < AT_ONCE && round < ROUNDS; round++) {
      batch.push(strike(port, attack(round), pick('end', 'reset', 'stay'), staying));
    }
    await Promise.all(batch);
    if (round > ROUNDS / 5) memory ??= memoryWatch();
  }
  for (const socket of staying) socket.destroy();
  memory!.expectFlat();
}

/** All rounds of datagrams, none of which comes before the one before it was read. The memory must not have grown. */
async function shower(socket: dgram.Socket, port: number, datagram: () => Buffer): Promise<void> {
  const memory = memoryWatch();
  for (let round = 0; round < ROUNDS; round++) {
    await new Promise((resolve) => socket.send(datagram(), port, '127.0.0.1', resolve));
    await new Promise(setImmediate);
  }
  memory.expectFlat();
}

/** Asks and is answered over a port again and again, until told to stop; returns how often. */
function converse(port: Port): () => Promise<number> {
  let count = 0;
  let over = false;
  let ended = false;
  const talk = new Promise<void>((resolve, reject) => {
    port.onClose((reason) => {
      if (!ended) reject(new Error(`The worker was dropped: ${JSON.stringify(reason)}`));
    });
    port.onMessage((message) => {
      if (message !== count) return reject(new Error('An answer is missing.'));
      count++;
      if (over) resolve();
      else setTimeout(() => port.send(count), 1);
    });
    port.send(0);
  });
  talk.catch(() => undefined);
  return async () => {
    over = true;
    await talk;
    ended = true;
    port.close();
    return count;
  };
}

/** How a TLS connection begins, as far as its first record's head and version. */
const clientHello = Buffer.concat([Buffer.from('1603010200010001fc0303', 'hex'), Buffer.alloc(506, 0x5a)]);

const startsOfOthers = ['GET / HTTP/1.1\r\n\r\n', 'SSH-2.0-x\r\n', '\0', '\xff'.repeat(64), '{"kind":"login"}\n'];

test.each(['in the clear', 'over TLS'])('the coordinator %s', { timeout: 90_000 }, async (how) => {
  const identity = how === 'over TLS' ? await loadIdentity(path.join(tempDir(), 'key.pem')) : undefined;
  const coordinator = await openCoordinator({
    port: 0,
    authkey,
    name: 'test',
    ...(identity && { identity }),
    onWorker: (port) => port.onMessage((message) => port.send(message)),
  });
  cleanups.push(() => coordinator.close());
  const joining = {
    host: '127.0.0.1',
    port: coordinator.port,
    authkey,
    id: 'real',
    signal: new AbortController().signal,
    ...(identity && { fingerprint: identity.fingerprint }),
  };
  const stop = converse(await joinCoordinator(joining));
  const { bytes, pick, below, damage } = dice(1);
  const login = { kind: 'login', protocol: PROTOCOL, id: 'x', nonce: '0'.repeat(64), proof: '0'.repeat(64) };
  await storm(coordinator.port, (round) =>
    [
      () => bytes(300),
      () => Buffer.from(pick(...startsOfOthers), 'latin1'),
      () =>
        encodeFrame(pick<unknown>(null, [], 7, 'x', {}, { kind: 'login' }, { kind: 'exit' }, { ...login, nonce: 1 })),
      () => encodeFrame({ ...login, nonce: String(below(10)).repeat(64) }),
      () => damage(encodeFrame(login)),
      () => encodeFrame('x'.repeat(2000)),
      () => Buffer.from([0x7f, 0xff, 0xff, 0xff, 0x4a]),
      () => encodeFrame(bytes(2000)),
      () => damage(clientHello),
    ][round % 9]!(),
  );
  const late = await joinCoordinator(joining);
  late.close();
  expect(await stop()).toBeGreaterThan(50);
  await expect.poll(() => coordinator.counts()).toMatchObject({ guests: 0, strangers: 0 });
});

test('a coordinator session, by one that has the key', { timeout: 60_000 }, async () => {
  const ends: string[] = [];
  const coordinator = await openCoordinator({
    port: 0,
    authkey,
    name: 'test',
    limits: { maxGuests: 512 },
    onWorker: (port, { id }) => {
      port.onMessage((message) => id === 'real' && port.send(message));
      port.onClose(({ kind }) => ends.push(kind));
    },
  });
  cleanups.push(() => coordinator.close());
  const joining = {
    host: '127.0.0.1',
    port: coordinator.port,
    authkey,
    id: 'real',
    signal: new AbortController().signal,
  };
  const stop = converse(await joinCoordinator(joining));
  const { bytes, damage } = dice(2);
  const good = encodeFrame({ kind: 'hello', protocol: PROTOCOL, pid: 1, machine: 'x', runtime: 'x', slots: 1 });
  const session = async (round: number): Promise<void> => {
    const socket = await logInByHand(coordinator.port);
    const ended = new Promise((resolve) => socket.resume().once('close', resolve));
    socket.write(good);
    socket.end(round % 2 ? damage(good) : bytes(100));
    await ended;
  };
  let memory: ReturnType<typeof memoryWatch> | undefined;
  for (let round = 0; round < ROUNDS;) {
    const batch: Promise<void>[] = [];
    for (; batch.length < AT_ONCE && round < ROUNDS; round++) batch.push(session(round));
    await Promise.all(batch);
    if (round > ROUNDS / 5) memory ??= memoryWatch();
  }
  memory!.expectFlat();
  expect(await stop()).toBeGreaterThan(50);
  await expect.poll(() => ends.length).toBe(ROUNDS + 1);
});

/** A login made of bare frames, so that what follows may be anything. */
async function logInByHand(port: number): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  const heard = (): Promise<{ nonce: string }> =>
    new Promise((resolve) =>
      socket.once('data', (chunk: Buffer) => resolve(JSON.parse(chunk.toString('utf8', 5)) as { nonce: string })),
    );
  const { nonce } = await heard();
  const mine = '1'.repeat(64);
  const proof = createHmac('sha256', authkey)
    .update(JSON.stringify(['sluice', 'worker', PROTOCOL, nonce, mine, 'fuzz', '']))
    .digest('hex');
  socket.write(encodeFrame({ kind: 'login', protocol: PROTOCOL, id: 'fuzz', nonce: mine, proof }));
  await heard();
  return socket;
}

async function openDoor(): Promise<{ port: number; queues: MemoryQueues; errors: unknown[] }> {
  const queues = new MemoryQueues();
  const errors: unknown[] = [];
  const door = await openPythonDoor({
    host: '127.0.0.1',
    port: 0,
    authkey,
    allowMd5: true,
    queues,
    onError: (error) => errors.push(error),
  });
  cleanups.push(() => door.close());
  return { port: door.port, queues, errors };
}

/** A Python program that puts and gets until a line comes, then says how often. */
function pythonWorker(port: number): Program {
  const program = new Program(`
from multiprocessing.managers import BaseManager
import sys, threading
class M(BaseManager): pass
M.register('get_task_queue'); M.register('get_result_queue')
m = M(address=('127.0.0.1', ${port}), authkey=b'open sesame'); m.connect()
tasks, results = m.get_task_queue(), m.get_result_queue()
over = threading.Event()
threading.Thread(target=lambda: (sys.stdin.readline(), over.set()), daemon=True).start()
print('ready')
count = 0
while not over.wait(0.002):
    url = 'https://example.org/%d' % count
    tasks.put(url)
    assert tasks.get(timeout=5) == url
    results.put(url + '--->success')
    assert results.get(timeout=5) == url + '--->success'
    count += 1
m.get_task_queue().qsize()
print(count)
`);
  cleanups.push(() => program.kill());
  return program;
}

const message = (body: Buffer): Buffer => {
  const head = Buffer.alloc(4);
  head.writeInt32BE(body.length);
  return Buffer.concat([head, body]);
};

testWithPython('the Python door', { timeout: 60_000 }, async () => {
  const { port, errors } = await openDoor();
  const program = pythonWorker(port);
  expect(await program.line()).toBe('ready');
  const { bytes, pick, damage } = dice(3);
  const answers = [
    Buffer.alloc(16, 1),
    Buffer.concat([Buffer.from('{sha256}'), Buffer.alloc(32)]),
    Buffer.from('#WELCOME#'),
  ];
  await storm(port, (round) =>
    [
      () => bytes(300),
      () => Buffer.from(pick(...startsOfOthers), 'latin1'),
      () => message(pick(...answers)),
      () => damage(message(pick(...answers))),
      () => Buffer.from([0x7f, 0xff, 0xff, 0xff]),
      () => Buffer.from([0xff, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0, 0, 0, 0]),
      () => Buffer.concat(Array<Buffer>(50).fill(message(Buffer.alloc(0)))),
      () => message(pickle(new Tuple(null, 'dummy', new Tuple(), {}))),
    ][round % 8]!(),
  );
  program.write('stop');
  expect(Number(await program.line())).toBeGreaterThan(20);
  expect(errors).toEqual([]);
});

testWithPython('the Python door, by a program that has the key', { timeout: 60_000 }, async () => {
  const { port, queues, errors } = await openDoor();
  const program = new Program(`
from multiprocessing.managers import BaseManager, dispatch
import os, pickle, random
class M(BaseManager): pass
M.register('get_task_queue'); M.register('get_result_queue')
m = M(address=('127.0.0.1', ${port}), authkey=b'open sesame'); m.connect()
tasks = m.get_task_queue()
tasks.qsize()
conn = tasks._tls.connection
random.seed(4)
good = pickle.dumps((tasks._id, 'put', ('https://example.org/', True, None), {}))
wrong = [None, (), (1, 2, 3, 4), ('0', 'qsize', (), {}), (tasks._id, 'qsize', {}, ()), (tasks._id, 'mutex', (), {}),
         (tasks._id, '__class__', (), {}), (tasks._id, '#GETVALUE', (), {}), (tasks._id, 'get', (False, -1, 3), {}),
         (tasks._id, 'put', (), {'item': [[]], 'block': {}}), (tasks._id, 'qsize', (), {'a': 1})]
kinds = {}
for n in range(${ROUNDS}):
    if n % 5 == 0:
        evil = pickle.dumps(random.choice(wrong))
    elif n % 5 == 1:
        evil = random.randbytes(random.randint(1, 200))
    else:
        evil = bytearray(good)
        for _ in range(random.randint(1, 4)):
            evil[random.randrange(len(evil))] = random.randrange(256)
    conn.send_bytes(bytes(evil))
    kind = pickle.loads(conn.recv_bytes())[0]
    kinds[kind] = kinds.get(kind, 0) + 1
print(sum(kinds.values()), sorted(kinds))
print(m.get_task_queue().qsize() >= 0)
`);
  await expect.poll(() => queues.tasks.length, { timeout: 30_000 }).toBeGreaterThan(0);
  const memory = memoryWatch();
  const lines = await program.rest();
  memory.expectFlat();
  expect(lines).toEqual([`${ROUNDS} ['#ERROR', '#RETURN', '#TRACEBACK']`, 'True']);
  expect(errors).toEqual([]);
  expect(queues.tasks.every((url) => url.startsWith('http'))).toBe(true);
});

test('the echo server', { timeout: 60_000 }, async () => {
  const echo = await openEcho({ port: 0 });
  cleanups.push(() => echo.close());
  const { bytes } = dice(5);
  await storm(echo.port, () => bytes(3000));
  const udp = dgram.createSocket('udp4');
  let answers = 0;
  udp.on('message', () => answers++);
  await shower(udp, echo.port, () => bytes(1200));
  udp.close();
  expect(answers).toBeGreaterThan(0);
  const socket = net.connect(echo.port, '127.0.0.1');
  const heard = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
  expect(heard.toString()).toBe('Hello,I am server!');
  socket.destroy();
});

test('discovery', { timeout: 60_000 }, async () => {
  const here = await openDiscoverable({
    name: 'x',
    port: 7440,
    fingerprint: '0'.repeat(64),
    host: '127.0.0.1',
    discoveryPort: 0,
  });
  cleanups.push(() => here.close());
  const { bytes, damage, pick } = dice(6);
  const question = Buffer.from(
    JSON.stringify({ sluice: 'Hello', protocol: PROTOCOL, nonce: '0123456789abcdef' }).padEnd(512),
  );
  const socket = dgram.createSocket('udp4');
  let answered = 0;
  let asked = 0;
  socket.on('message', (answer) => (answered += answer.length));
  await shower(socket, here.port, () => {
    // Good ones among them: so many are a flood, too.
    const datagram = pick(damage(question), bytes(1200), question);
    asked += datagram.length;
    return datagram;
  });
  socket.removeAllListeners('message');
  expect(answered).toBeGreaterThan(0);
  expect(answered).toBeLessThan(asked / 100);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const answer = new Promise((resolve) => socket.once('message', resolve));
  const again = setInterval(() => socket.send(question, here.port, '127.0.0.1'), 600);
  socket.send(question, here.port, '127.0.0.1');
  await answer;
  clearInterval(again);
  socket.close();
});
