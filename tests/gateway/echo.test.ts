// The echo server and the check against it: what passes, what is in the way.
import dgram from 'node:dgram';
import net from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { check, checkSteps } from '../../main/gateway/check.ts';
import { ECHO_GREETING, openEcho, type EchoOptions } from '../../main/gateway/echo.ts';
import { Program, testWithPython } from './pythons.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function open(limits: EchoOptions = {}) {
  const echo = await openEcho({ port: 0, ...limits });
  cleanups.push(() => echo.close());
  return echo;
}

/** A listener that answers each connection with a text. */
async function other(text: string): Promise<number> {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  return (server.address() as net.AddressInfo).port;
}

/** What somebody hears who comes and says nothing, until the connection ends. */
function silent(port: number) {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  cleanups.push(() => socket.destroy());
  let heard = '';
  const greeted = new Promise((resolve) => socket.once('data', resolve));
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
  const ended = new Promise<string>((resolve) => socket.once('close', () => resolve(heard)));
  return { greeted, ended, leave: () => socket.destroy() };
}

test('who says nothing is let go', async () => {
  const { port } = await open({ idleMs: 50 });
  expect(await silent(port).ended).toBe(ECHO_GREETING);
});

test('no more are let in than there is room for, until one leaves', async () => {
  const { port } = await open({ maxConnections: 2 });
  const first = silent(port);
  await Promise.all([first.greeted, silent(port).greeted]);
  expect(await silent(port).ended).toBe('');
  first.leave();
  const comes = () => {
    const { greeted, ended } = silent(port);
    return Promise.race([greeted.then(String), ended]);
  };
  await expect.poll(comes).toBe(ECHO_GREETING);
});

testWithPython('serves first socket programs as people write them, many at once', async () => {
  const { port } = await open();
  const program = new Program(`
import socket
socks = [socket.create_connection(('127.0.0.1', ${port})) for n in range(20)]
print({s.recv(1024) for s in socks})
for n, s in enumerate(socks):
    for data in [b'Michael', b'Tracy', '\\u4e0b\\u8f7d'.encode()]:
        s.send(data)
        if n == 7: print(s.recv(1024).decode())
        else: s.recv(1024)
    s.send(b'exit')
    if n == 7: print(s.recv(1024))
    s.close()
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for data in [b'Michael', b'Sarah']:
    u.sendto(data, ('127.0.0.1', ${port}))
    print(u.recv(1024).decode())
`);
  expect(await program.rest()).toEqual([
    `{b'Hello,I am server!'}`,
    'Loop_Msg: Michael!',
    'Loop_Msg: Tracy!',
    'Loop_Msg: 下载!',
    `b''`,
    'Hello, Michael!',
    'Hello, Sarah!',
  ]);
});

test('a check passes every step and tells the time of each', async () => {
  const { port } = await open();
  const told: unknown[] = [];
  const results = await check('localhost', port, { onResult: (result) => told.push(result) });
  expect(results).toEqual(checkSteps.map((step) => ({ step, outcome: 'passed', ms: expect.any(Number) })));
  expect(told).toEqual(results);
});

test('a check of a closed port says so', async () => {
  const echo = await openEcho({ port: 0 });
  await echo.close();
  const results = await check('127.0.0.1', echo.port, { stepMs: 500 });
  expect(results.map(({ step, outcome }) => `${step} ${outcome}`)).toEqual([
    'name passed',
    'tcp-connect failed',
    'tcp-greeting skipped',
    'tcp-echo skipped',
    'tcp-exit skipped',
    'udp-hello failed',
  ]);
  expect(results[1]).toMatchObject({ why: expect.stringContaining('nothing listens') });
});

test('a check finds that something else, or something silent, listens', async () => {
  const [web, silent] = [await other('SSH-2.0-OpenSSH_9.2p1 Debian'), await other('')];
  expect((await check('127.0.0.1', web, { stepMs: 200 }))[2]).toMatchObject({
    outcome: 'failed',
    why: expect.stringContaining('something else'),
  });
  expect((await check('127.0.0.1', silent, { stepMs: 200 }))[2]).toMatchObject({
    outcome: 'failed',
    why: expect.stringContaining('drops it'),
  });
});

test('a check of no name stops there, and one that is given up ends at once', async () => {
  const results = await check('no-such-machine.invalid', 9999, { stepMs: 500 });
  expect(results[0]).toMatchObject({ step: 'name', outcome: 'failed' });
  const stop = new AbortController();
  const checking = check('127.0.0.1', await other(''), {
    signal: stop.signal,
    onResult: ({ step }) => step === 'tcp-connect' && stop.abort(),
  });
  await expect(checking).rejects.toThrow();
});

test('floods and long texts are not answered', async () => {
  const { port } = await open();
  const long = net.connect(port, '127.0.0.1').resume();
  long.on('error', () => undefined);
  long.write('x'.repeat(5000));
  await new Promise((resolve) => long.once('close', resolve));

  const udp = dgram.createSocket('udp4');
  let answers = 0;
  udp.on('message', () => answers++);
  const begunAt = performance.now();
  // A few at a time, so that none is lost on the way.
  for (let burst = 0; burst < 40; burst++) {
    for (let n = 0; n < 50; n++) await new Promise((resolve) => udp.send('flood', port, '127.0.0.1', resolve));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  udp.close();
  expect(answers).toBeGreaterThan(0);
  expect(answers).toBeLessThanOrEqual(201 + ((performance.now() - begunAt) / 1000) * 100);
});
