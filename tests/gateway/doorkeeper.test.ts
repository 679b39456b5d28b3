// Caps at a door: silent strangers make room, full houses stay full, addresses from outside do not crowd out others.
import net from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { Doorkeeper, isLoopback, type DoorLimits, type Visitor } from '../../main/gateway/doorkeeper.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** A door that welcomes nobody by itself. `from` pretends that connections come from another address. */
async function open(limits: Partial<DoorLimits>, from?: string | (() => string)) {
  const keeper = new Doorkeeper(limits);
  const visitors: (Visitor | null)[] = [];
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    if (from) Object.defineProperty(socket, 'remoteAddress', { value: typeof from === 'string' ? from : from() });
    visitors.push(keeper.admit(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  const sockets: net.Socket[] = [];
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  const come = async (): Promise<net.Socket> => {
    const count = visitors.length;
    const socket = net.connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume();
    sockets.push(socket);
    await expect.poll(() => visitors.length, { interval: 2 }).toBe(count + 1);
    return socket;
  };
  return { keeper, visitors, come };
}

const gone = (socket: net.Socket): Promise<void> =>
  new Promise((resolve) => (socket.destroyed ? resolve() : socket.once('close', () => resolve())));

test('on loopback the oldest stranger makes room for a new one, and guests stay', async () => {
  const { keeper, visitors, come } = await open({ maxStrangers: 2 });
  const guest = await come();
  expect(visitors[0]!.welcome()).toBe(true);
  const oldest = await come();
  await come();
  await come();
  await gone(oldest);
  expect(guest.destroyed).toBe(false);
  await expect.poll(() => keeper.counts()).toMatchObject({ guests: 1, strangers: 2, turnedAway: 1 });
});

test('another machine has a few strangers at most, and the rest is turned away', async () => {
  const { keeper, visitors, come } = await open({ maxStrangersPerAddress: 2 }, '::ffff:192.0.2.7');
  await come();
  await come();
  await gone(await come());
  expect(visitors.map((visitor) => visitor?.address)).toEqual(['192.0.2.7', '192.0.2.7', undefined]);
  expect(keeper.counts()).toMatchObject({ strangers: 2, turnedAway: 1 });
});

test('all addresses of one IPv6 network have twice the strangers of one, those of another are another', async () => {
  let from = '';
  const { visitors, come } = await open({ maxStrangersPerAddress: 1 }, () => from);
  for (const host of ['1::1', '1::1', '1::2', '1::3', '1::4', '1::5', '2::1']) {
    from = `2001:db8:0:${host}`;
    await come();
  }
  expect(visitors.map((visitor) => visitor !== null)).toEqual([true, false, true, false, false, false, true]);
});

test('wrong keys from one address of an IPv6 network shut out nobody else there, those from many do', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  cleanups.push(() => vi.useRealTimers());
  let from = '2001:db8::1';
  const { visitors, come } = await open({ refusalMs: 60_000, maxRefusalMs: 60_000 }, () => from);
  const isHeard = async (address: string, wrong: boolean): Promise<boolean> => {
    from = address;
    const socket = await come();
    const visitor = visitors.at(-1)!;
    if (wrong) void visitor?.refuse();
    socket.destroy();
    await gone(socket);
    return visitor !== null;
  };
  for (let n = 0; n < 60; n++) {
    expect(await isHeard('2001:db8::1', true)).toBe(true);
    vi.setSystemTime(Date.now() + 60_000);
  }
  expect(await isHeard('2001:db8::1', true)).toBe(true);
  expect(await isHeard('2001:db8::1', false)).toBe(false);
  expect(await isHeard('2001:db8::2', false)).toBe(true);
  const others = Array.from({ length: 60 }, (_, n) => `2001:db8::1:${n}`);
  const heard: string[] = [];
  for (const address of others) if (await isHeard(address, true)) heard.push(address);
  // What the first one did counts for as much as one may do, and is not forgotten as long as it goes on.
  expect(heard).toEqual(others.slice(0, 46));
  expect(await isHeard('2001:db8::2', false)).toBe(false);
  expect(await isHeard('2001:db8:0:1::2', false)).toBe(true);
});

test('a full house takes nobody in until somebody leaves', async () => {
  const { keeper, visitors, come } = await open({ maxGuests: 1 });
  const first = await come();
  expect(visitors[0]!.welcome()).toBe(true);
  await come();
  expect(visitors[1]!.welcome()).toBe(false);
  first.destroy();
  await expect.poll(() => keeper.counts().guests).toBe(0);
  await come();
  expect(visitors[2]!.welcome()).toBe(true);
});

test('connections from another machine that come too fast are turned away', async () => {
  const { keeper, come } = await open({ connectionsPerS: 1 }, '192.0.2.7');
  await come();
  await come();
  await gone(await come());
  expect(keeper.counts()).toMatchObject({ strangers: 2, turnedAway: 1 });
});

test('a refusal that nobody waits for any more is over at once', async () => {
  const { visitors, come } = await open({ refusalMs: 60_000, maxRefusalMs: 60_000 });
  const socket = await come();
  const refused = visitors[0]!.refuse();
  socket.destroy();
  await refused;
});

test.each([
  ['192.0.2.7', [0, 250, 500, 750, 1250, 2250, 4250, 8250]],
  ['2001:db8::7', [0, 250, 500, 750, 1250, 2250, 4250, 8250]],
  // The programs of this machine share one, and what one of them does not know is no fault of the others.
  ['127.0.0.1', Array.from({ length: 100 }, (_, n) => n * 100)],
])('who guesses keys from %s and hangs up is heard at these times', async (address, times) => {
  vi.useFakeTimers({ toFake: ['Date'] });
  cleanups.push(() => vi.useRealTimers());
  const { visitors, come } = await open({}, address);
  const begunAt = Date.now();
  const heard: number[] = [];
  for (let atMs = 0; atMs < 10_000; atMs += address === '127.0.0.1' ? 100 : 50) {
    vi.setSystemTime(begunAt + atMs);
    const socket = await come();
    const visitor = visitors.at(-1)!;
    if (visitor) heard.push(atMs);
    void visitor?.refuse();
    socket.destroy();
    await gone(socket);
  }
  expect(heard).toEqual(times);
});

test('a right key opens the door again for others of its address', async () => {
  const { visitors, come } = await open({ refusalMs: 60_000, maxRefusalMs: 60_000 }, '192.0.2.7');
  await come();
  await come();
  void visitors[0]!.refuse();
  await gone(await come());
  visitors[1]!.welcome();
  await come();
  expect(visitors.map((visitor) => visitor !== null)).toEqual([true, true, false, true]);
});

test('knows which addresses belong to this machine', () => {
  expect(['127.0.0.1', '127.8.0.1', '::1', 'localhost'].filter(isLoopback)).toHaveLength(4);
  expect(['0.0.0.0', '::', '10.0.0.1', '1.127.0.0', '127.example.org', 'example.org'].filter(isLoopback)).toEqual([]);
});
