// The coordination server and those who join it: real sockets, real TLS, right and wrong keys.
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import net from 'node:net';
import tls from 'node:tls';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  openCoordinator,
  type Coordinator,
  type CoordinatorOptions,
  type WorkerInfo,
} from '../../main/gateway/coordinator.ts';
import { proofOf } from '../../main/gateway/handshake.ts';
import { loadAuthkey, loadIdentity } from '../../main/gateway/identity.ts';
import { joinCoordinator, stayJoined, type JoinOptions } from '../../main/gateway/join.ts';
import { openSession } from '../../main/gateway/session.ts';
import { tcpPort } from '../../main/transport/tcp.ts';
import type { CloseReason, Port } from '../../main/transport/port.ts';
import { PROTOCOL } from '../../shared/protocol-number.ts';
import { portContract } from '../transport/port-contract.ts';
import { ending, take } from '../transport/port-promises.ts';

const authkey = Buffer.from('open sesame');
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

interface Arrival {
  port: Port;
  info: WorkerInfo;
}

async function open(options: Partial<CoordinatorOptions> = {}) {
  const arrivals: Arrival[] = [];
  const waiting: ((arrival: Arrival) => void)[] = [];
  const coordinator = await openCoordinator({
    port: 0,
    authkey,
    name: 'test',
    onWorker: (port, info) => {
      const waiter = waiting.shift();
      if (waiter) waiter({ port, info });
      else arrivals.push({ port, info });
    },
    ...options,
  });
  cleanups.push(() => coordinator.close());
  const worker = (): Promise<Arrival> => {
    const arrival = arrivals.shift();
    return arrival ? Promise.resolve(arrival) : new Promise((resolve) => waiting.push(resolve));
  };
  return { coordinator, worker };
}

function join(coordinator: Coordinator, options: Partial<JoinOptions> = {}): Promise<Port> {
  const stop = new AbortController();
  return joinCoordinator({
    host: '127.0.0.1',
    port: coordinator.port,
    authkey,
    id: 'worker-1',
    signal: stop.signal,
    ...options,
  });
}

const times = (count: number, act: () => void): void => Array.from({ length: count }).forEach(act);

type Saying = {
  authkey?: Buffer;
  protocol?: number;
  workerId?: string;
  channel?: string;
  /** A digit, for one that is no proof at all. */
  proof?: string;
  over?: net.Socket;
  andThen?: (port: Port) => void;
};

/** Logs in by hand, all in order but for what is given. Resolves with the answer. */
async function login(coordinator: Coordinator, { proof, over, andThen, ...facts }: Saying) {
  const begunAt = performance.now();
  const socket = over ?? net.connect(coordinator.port, '127.0.0.1');
  cleanups.push(() => socket.destroy());
  const port = tcpPort(socket);
  const [greeting] = (await take(port, 1)) as [{ nonce: string }];
  const said = {
    authkey,
    protocol: PROTOCOL,
    workerId: 'worker-1',
    channel: '',
    workerNonce: '1'.repeat(64),
    ...facts,
  };
  const right = proofOf('worker', { ...said, coordinatorNonce: greeting.nonce });
  const { protocol, workerId: id, workerNonce: nonce } = said;
  port.send({ kind: 'login', protocol, id, nonce, proof: proof?.repeat(64) ?? right });
  andThen?.(port);
  const [answer] = await take(port, 1);
  return { answer, tookMs: performance.now() - begunAt };
}

async function tempDir(): Promise<string> {
  const dir = await mkdtemp(path.join(tmpdir(), 'sluice-gateway-'));
  cleanups.push(() => rm(dir, { recursive: true }));
  return dir;
}

async function pair(options: Partial<CoordinatorOptions>, joining: Partial<JoinOptions>) {
  const { coordinator, worker } = await open(options);
  const near = await join(coordinator, joining);
  const { port: far } = await worker();
  return { near, far, killFar: () => void coordinator.close() };
}

portContract('coordinator session', () => pair({}, {}));
portContract('coordinator session over TLS', async () => {
  const identity = await loadIdentity(path.join(await tempDir(), 'key.pem'));
  return pair({ identity }, { fingerprint: identity.fingerprint });
});

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

describe('on the network', () => {
  test('it opens only with TLS', async () => {
    await expect(open({ host: '0.0.0.0' })).rejects.toThrow('TLS');
    const stop = new AbortController();
    const joining = joinCoordinator({ host: '192.0.2.1', port: 1, authkey, id: 'a', signal: stop.signal });
    await expect(joining).rejects.toMatchObject({ code: 'not-encrypted' });
  });

  test('it is known by its fingerprint, and another one is refused', async () => {
    const dir = await tempDir();
    const [mine, other] = [await loadIdentity(path.join(dir, 'a.pem')), await loadIdentity(path.join(dir, 'b.pem'))];
    const { coordinator, worker } = await open({ host: '0.0.0.0', identity: mine });
    expect(coordinator.encrypted).toBe(true);
    await expect(join(coordinator, { fingerprint: other.fingerprint })).rejects.toMatchObject({
      code: 'wrong-fingerprint',
    });
    const colons = mine.fingerprint.toUpperCase().replace(/..(?=.)/g, '$&:');
    const port = await join(coordinator, { fingerprint: colons });
    expect((await worker()).info.encrypted).toBe(true);
    port.close();
    await expect.poll(() => coordinator.counts().guests).toBe(0);
  });

  test('a login counts only for the certificate that it was made for, at both ends', async () => {
    const [mine, other] = await Promise.all([
      loadIdentity(path.join(await tempDir(), 'key.pem')),
      loadIdentity(path.join(await tempDir(), 'key.pem')),
    ]);
    const { coordinator } = await open({ host: '0.0.0.0', identity: mine, limits: { refusalMs: 10 } });
    const over = () => tls.connect({ port: coordinator.port, host: '127.0.0.1', rejectUnauthorized: false });
    for (const channel of ['', other.fingerprint]) {
      expect(await login(coordinator, { channel, over: over() })).toMatchObject({ answer: { why: 'key' } });
    }
    expect(await login(coordinator, { channel: mine.fingerprint, over: over() })).toMatchObject({
      answer: { kind: 'welcome' },
    });
    // One between that shows a certificate of its own, and has what it says from the true one.
    const between = tls.createServer({ key: other.key, cert: other.cert }, (near) => {
      const far = over();
      near.pipe(far).pipe(near);
      for (const socket of [near, far]) socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => between.close());
    const { port } = between.address() as net.AddressInfo;
    await expect(join(coordinator, { port, fingerprint: other.fingerprint })).rejects.toMatchObject({
      code: 'wrong-key',
    });
  });

  test('the key pair is made once, also by two at the same time, and is readable for its owner only', async () => {
    const file = path.join(await tempDir(), 'new', 'key.pem');
    const [one, two] = await Promise.all([loadIdentity(file), loadIdentity(file)]);
    expect(one).toEqual(two);
    expect((await loadIdentity(file)).fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await writeFile(file, 'damaged');
    await expect(loadIdentity(file)).rejects.toThrow('does not hold a key pair');
  });

  test('an authkey is made once and read without its line end', async () => {
    const file = path.join(await tempDir(), 'authkey');
    const made = await loadAuthkey(file);
    expect(made).toHaveLength(43);
    expect(await loadAuthkey(file)).toEqual(made);
    expect(await readFile(file, 'utf8')).toBe(`${made.toString()}\n`);
    await writeFile(file, 'abc\r\n');
    expect(await loadAuthkey(file)).toEqual(Buffer.from('abc'));
    await writeFile(file, '\n');
    await expect(loadAuthkey(file)).rejects.toThrow('empty');
  });
});

test('takes another port when its own is taken, unless told not to', async () => {
  const { coordinator } = await open();
  const second = await open({ port: coordinator.port });
  expect(second.coordinator.port).not.toBe(coordinator.port);
  await expect(open({ port: coordinator.port, orAnotherPort: false })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

describe('a session', () => {
  const quick = { beatMs: 20, silentMs: 120 };

  test('lives as long as both ends beat, without a message', async () => {
    const { near, far } = await pair({ session: quick }, { session: quick });
    await new Promise((resolve) => setTimeout(resolve, 400));
    const arrived = take(far, 1);
    expect(near.send('still here')).toBe(true);
    expect(await arrived).toEqual(['still here']);
  });

  test('ends cleanly with the word exit alone, after what came before it', async () => {
    const { near, far } = await pair({}, {});
    const heard: unknown[] = [];
    far.onMessage((message) => heard.push(message));
    for (const message of ['before', { kind: 'exit' }, 'after']) near.send(message);
    expect(await ending(far)).toEqual({ kind: 'eof' });
    expect(await ending(near)).toEqual({ kind: 'eof' });
    expect(heard).toEqual(['before']);
  });

  test('ends when the peer falls silent', async () => {
    const { near, far } = await pair({ session: quick }, { session: { beatMs: 100_000 } });
    const reason = await ending(far);
    expect(reason).toMatchObject({ kind: 'error', cause: { message: expect.stringContaining('120 ms') } });
    expect(await ending(near)).toMatchObject({ kind: 'eof' });
  });

  test('of a peer that is silently gone ends within 10 s, and not by a few lost seconds', () => {
    vi.useFakeTimers();
    cleanups.push(() => vi.useRealTimers());
    const none = () => undefined;
    const silent = { send: () => true, onMessage: none, onClose: none, close: none, pause: none, resume: none };
    const ends: CloseReason[] = [];
    openSession({ ...silent, setLimits: none, drained: () => Promise.resolve() }).onClose((end) => ends.push(end));
    vi.advanceTimersByTime(6_000);
    expect(ends).toEqual([]);
    vi.advanceTimersByTime(4_000);
    expect(ends).toMatchObject([{ kind: 'error' }]);
  });

  test('keeps what comes before anybody listens in the socket rather than in memory, and in order', async () => {
    const { near, far } = await pair({ session: quick }, { session: quick });
    for (let n = 0; n < 500; n++) near.send(n);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await take(far, 500)).toEqual([...Array(500).keys()]);
  });

  test('slows down a peer that talks too fast, and loses nothing', async () => {
    const { near, far } = await pair({ session: { messagesPerS: 100 } }, {});
    const begunAt = performance.now();
    const all = take(far, 260);
    for (let n = 0; n < 260; n++) near.send(n);
    expect(await all).toEqual([...Array(260).keys()]);
    expect(performance.now() - begunAt).toBeGreaterThan(300);
  });
});

test('a worker stays joined over lost connections, and stops when a wrong key makes it useless', async () => {
  const first = await open();
  const troubles: string[] = [];
  const stop = new AbortController();
  cleanups.push(() => stop.abort());
  const ends: CloseReason[] = [];
  let begun = 0;
  const work = async (port: Port): Promise<void> => {
    begun++;
    port.onMessage(() => undefined);
    ends.push(await ending(port));
  };
  const onTrouble = (error: { code: string }, againMs: number | null): void =>
    void troubles.push(`${error.code} ${againMs !== null}`);
  const staying = stayJoined({
    host: '127.0.0.1',
    port: first.coordinator.port,
    authkey,
    id: 'w',
    signal: stop.signal,
    work,
    onTrouble,
  });
  await first.worker();
  await expect.poll(() => begun).toBe(1);
  await first.coordinator.close();
  const second = await open({ port: first.coordinator.port, orAnotherPort: false });
  const { info } = await second.worker();
  expect(info.id).toBe('w');
  await expect.poll(() => begun).toBe(2);
  await second.coordinator.close();
  await open({ port: first.coordinator.port, orAnotherPort: false, authkey: Buffer.from('changed') });
  await staying;
  expect(ends).toEqual([{ kind: 'eof' }, { kind: 'eof' }]);
  expect([troubles[0], troubles.at(-1)]).toEqual(['lost true', 'wrong-key false']);
});
