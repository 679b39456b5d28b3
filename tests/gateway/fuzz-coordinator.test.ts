// Ten thousand malformed frames and half-open connections at the coordinator: it lives, its memory stays, its real worker goes on.
import { createHmac } from 'node:crypto';
import net from 'node:net';
import path from 'node:path';
import { expect, test } from 'vitest';
import { openCoordinator } from '../../main/gateway/coordinator.ts';
import { loadIdentity } from '../../main/gateway/identity.ts';
import { joinCoordinator } from '../../main/gateway/join.ts';
import { encodeFrame } from '../../main/transport/frames.ts';
import { PROTOCOL } from '../../shared/protocol-number.ts';
import { tempDir } from '../support/temp-dir.ts';
import { dice } from './dice.ts';
import { AT_ONCE, authkey, cleanups, converse, memoryWatch, ROUNDS, startsOfOthers, storm } from './storm.ts';

/** How a TLS connection begins, as far as its first record's head and version. */
const clientHello = Buffer.concat([Buffer.from('1603010200010001fc0303', 'hex'), Buffer.alloc(506, 0x5a)]);

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
