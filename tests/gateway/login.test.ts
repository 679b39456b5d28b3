// Logins at the coordination server: right and wrong keys, strangers who say nothing, and a full house.
import net from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import type { Coordinator } from '../../main/gateway/coordinator.ts';
import { tcpPort } from '../../main/transport/tcp.ts';
import { PROTOCOL } from '../../shared/protocol-number.ts';
import { take } from '../transport/port-promises.ts';
import { cleanups, join, login, open } from './coordinator-for-test.ts';

const times = (count: number, act: () => void): void => Array.from({ length: count }).forEach(act);

describe('a login', () => {
  test('begins with the server’s words: its name, its protocol, and a nonce of this connection', async () => {
    const { coordinator } = await open({ name: 'attic' });
    const greetings: { nonce: string }[] = [];
    for (let n = 0; n < 2; n++) {
      const socket = net.connect(coordinator.port, '127.0.0.1');
      cleanups.push(() => socket.destroy());
      const [greeting] = await take(tcpPort(socket), 1);
      expect(greeting).toEqual({
        ...{ kind: 'greeting', name: 'attic', protocol: PROTOCOL },
        nonce: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
      greetings.push(greeting as { nonce: string });
    }
    expect(greetings[0]!.nonce).not.toBe(greetings[1]!.nonce);
  });

  test('tells who came, and keeps the name of one that comes back', async () => {
    const { coordinator, worker } = await open();
    const first = await join(coordinator, { id: 'abc' });
    const { info } = await worker();
    expect(info).toMatchObject({ id: 'abc', address: '127.0.0.1', encrypted: false });
    first.close();
    await join(coordinator, { id: 'abc' });
    expect((await worker()).info.id).toBe('abc');
    expect(coordinator.counts()).toMatchObject({ logins: 2, wrongKeys: 0 });
  });

  test('with a wrong key is refused after the same time whatever was wrong, and counted', async () => {
    const { coordinator } = await open({ limits: { refusalMs: 200 } });
    for (const key of ['wrong', 'open sesamE', '']) {
      const begunAt = performance.now();
      await expect(join(coordinator, { authkey: Buffer.from(key) })).rejects.toMatchObject({
        code: 'wrong-key',
        retry: false,
      });
      const tookMs = performance.now() - begunAt;
      expect(tookMs).toBeGreaterThan(195);
    }
    await expect.poll(() => coordinator.counts()).toMatchObject({ wrongKeys: 3, logins: 0, strangers: 0, guests: 0 });
  });

  test('with a wrong key hears the same after the same time, whatever else is wrong', async () => {
    const refusalMs = 500;
    const { coordinator } = await open({
      limits: { refusalMs, maxRefusalMs: refusalMs },
      refusalOf: (id) => (id === 'gone' ? 'removed' : null),
    });
    const wrong = { authkey: Buffer.from('wrong') };
    const kinds = [wrong, { ...wrong, protocol: 99 }, { ...wrong, workerId: 'gone' }, { channel: 'x' }, { proof: '0' }];
    const answers = await Promise.all(kinds.map((kind) => login(coordinator, kind)));
    for (const { answer } of answers) expect(answer).toEqual({ kind: 'refused', why: 'key' });
    const times = answers.map(({ tookMs }) => tookMs);
    expect(Math.min(...times)).toBeGreaterThan(refusalMs - 5);
    expect(Math.max(...times) - Math.min(...times)).toBeLessThan(refusalMs);
  });

  test('with a wrong key is not listened to any further', async () => {
    const { coordinator } = await open({ limits: { refusalMs: 300 } });
    const parsed = vi.spyOn(JSON, 'parse');
    cleanups.push(() => parsed.mockRestore());
    const more = 'more'.repeat(200);
    const answer = await login(coordinator, { proof: '0', andThen: (port) => times(5000, () => port.send(more)) });
    expect(answer).toMatchObject({ answer: { why: 'key' } });
    // What came with the login, or is in the system's hands, may be cut up already.
    expect(parsed.mock.calls.filter(([text]) => text.includes(more)).length).toBeLessThan(500);
  });

  test('with wrong keys again and again takes longer each time, while the right one is at once', async () => {
    const { coordinator } = await open({ limits: { refusalMs: 50 } });
    for (let n = 0; n < 4; n++) await join(coordinator, { authkey: Buffer.from('wrong') }).catch(() => undefined);
    const begunAt = performance.now();
    const wrong = join(coordinator, { authkey: Buffer.from('wrong') }).catch(() => performance.now() - begunAt);
    await join(coordinator);
    expect(performance.now() - begunAt).toBeLessThan(150);
    expect(await wrong).toBeGreaterThan(195);
  });

  test('to a server that does not know the key itself fails', async () => {
    const server = net.createServer((socket) => {
      const port = tcpPort(socket);
      port.send({ kind: 'greeting', name: 'x', protocol: PROTOCOL, nonce: '0'.repeat(64) });
      port.onMessage(() => port.send({ kind: 'welcome', proof: '0'.repeat(64) }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => server.close());
    const coordinator = { port: (server.address() as net.AddressInfo).port } as Coordinator;
    await expect(join(coordinator)).rejects.toMatchObject({ code: 'wrong-key' });
  });

  test('is turned away when the house is full, and may try again', async () => {
    const { coordinator, worker } = await open({ limits: { maxGuests: 1 } });
    const first = await join(coordinator);
    await worker();
    await expect(join(coordinator)).rejects.toMatchObject({ retry: true });
    first.close();
    await expect.poll(() => coordinator.counts().guests).toBe(0);
    await join(coordinator);
  });

  test('that never comes is not waited for', async () => {
    const { coordinator } = await open({ limits: { loginTimeoutMs: 100 } });
    const socket = net.connect(coordinator.port, '127.0.0.1');
    const greeted = new Promise((resolve) => socket.once('data', resolve));
    await greeted;
    await new Promise((resolve) => socket.once('close', resolve));
    await expect.poll(() => coordinator.counts()).toMatchObject({ strangers: 0, turnedAway: 1 });
  });

  test('may be followed at once by a message bigger than a login', async () => {
    const { coordinator } = await open({ onWorker: (port) => port.send({ big: 'x'.repeat(100_000) }) });
    const port = await join(coordinator);
    expect(await take(port, 1)).toEqual([{ big: 'x'.repeat(100_000) }]);
  });

  test('is given up on demand, and when nothing answers', async () => {
    const silent = net.createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => silent.close());
    const coordinator = { port: (silent.address() as net.AddressInfo).port } as Coordinator;
    await expect(join(coordinator, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'lost' });
    const stop = new AbortController();
    const joining = join(coordinator, { signal: stop.signal });
    stop.abort();
    await expect(joining).rejects.toMatchObject({ code: 'given-up', retry: false });
  });
});
