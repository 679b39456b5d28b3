// The doors of a real engine: opened, shut and opened anew as the settings say.
import net from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PROTOCOL } from '../../shared/protocol-number.ts';
import { defaultSettings } from '../../shared/settings.ts';
import { hashHere } from '../../main/download/disk/hashing.ts';
import { receiver } from '../../main/download/received.ts';
import { Engine } from '../../main/engine/engine.ts';
import { doorPlan, Doors, type DoorPlan } from '../../main/gateway/doors.ts';
import { openDiscoverable } from '../../main/gateway/discovery.ts';
import { joinCoordinator } from '../../main/gateway/join.ts';
import { fakeWorkers } from '../engine/fake-worker.ts';
import { expectSaid } from '../support/said.ts';
import { tempDir } from '../support/temp-dir.ts';

vi.mock(import('../../main/gateway/discovery.ts'), async (original) => {
  const close = () => Promise.resolve();
  return { ...(await original()), openDiscoverable: vi.fn(() => Promise.resolve({ port: 7441, close })) };
});

const shut: DoorPlan = { coordinator: null, python: null, discoverable: false };
const here = { host: '127.0.0.1', port: 0, orAnotherPort: false };

let engine: Engine;
let doors: Doors;
const ends: (() => unknown)[] = [];

beforeEach(() => {
  const dataDir = tempDir();
  engine = new Engine({ dataDir, spawnWorker: fakeWorkers().spawn, overrides: { dir: dataDir } });
  doors = new Doors({
    openIncoming: receiver(hashHere),
    engine,
    dataDir,
    onError: (error) => {
      throw error;
    },
  });
});
afterEach(async () => {
  for (const end of ends.splice(0)) end();
  await doors.shut();
  await engine.close();
  await doors.close();
});

async function join(fingerprint?: string) {
  const { host, port } = doors.state().coordinator!;
  const stop = new AbortController();
  ends.push(() => stop.abort());
  const authkey = Buffer.from(await doors.keyText('coordinator'));
  const to = { host: host === '0.0.0.0' ? '127.0.0.1' : host, port, authkey, signal: stop.signal };
  const worker = await joinCoordinator({ ...to, ...(fingerprint ? { fingerprint } : {}), id: 'w' });
  ends.push(() => worker.close());
  return worker;
}

/** Whether somebody answers there. */
function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

test('all is shut until a plan is applied, and the settings’ own plan opens the coordinator to this machine alone', async () => {
  expect(doors.state()).toEqual({ coordinator: null, python: null, trouble: null });
  expect(doorPlan(defaultSettings)).toEqual({
    coordinator: { host: '127.0.0.1', port: 7440, orAnotherPort: true },
    python: null,
    discoverable: false,
  });
});

test('a worker joins with the key and is the engine’s', async () => {
  await doors.apply({ ...shut, coordinator: here });
  const { coordinator } = doors.state();
  expect(coordinator).toMatchObject({ insteadOf: null, encrypted: false, fingerprint: null, counts: { guests: 0 } });
  expect(coordinator!.joinCommand).toBe(`sluice worker --connect 127.0.0.1:${coordinator!.port} --authkey-file key`);
  await join();
  await vi.waitFor(() => expect(engine.view.traffic(0).workers).toHaveLength(1));
  expect(doors.state().coordinator!.counts).toMatchObject({ guests: 1, logins: 1 });
});

test('a machine that was removed is turned away with the right key, and is not to try again by itself', async () => {
  await doors.apply({ ...shut, coordinator: here });
  const worker = await join();
  worker.send({ kind: 'hello', protocol: PROTOCOL, pid: 1, machine: 'w', runtime: '', slots: 1 });
  await vi.waitFor(() =>
    expect(engine.machines.list()).toMatchObject([{ place: '' }, { place: 'w', address: '127.0.0.1' }]),
  );
  engine.machines.change('w', 'remove');
  await expect(join()).rejects.toMatchObject({ code: 'removed', retry: false });
  engine.machines.change('w', 'work');
  await join();
});

test('beyond this machine it is encrypted, and the command carries the fingerprint', async () => {
  await doors.apply({ ...shut, coordinator: { ...here, host: '0.0.0.0' } });
  const { fingerprint, encrypted, joinCommand } = doors.state().coordinator!;
  expect(encrypted).toBe(true);
  expect(joinCommand).toMatch(
    new RegExp(`^sluice worker --connect (?!0\\.0)\\S+:\\d+ --authkey-file key --fingerprint ${fingerprint}$`),
  );
  await join(fingerprint!);
  expect(doors.state().coordinator!.counts.guests).toBe(1);
});

test('only a coordinator that others can reach answers on the network, and only where that is wanted', async () => {
  const answers = vi.mocked(openDiscoverable);
  const beyond = { ...here, host: '0.0.0.0' };
  for (const plan of [
    { coordinator: here, discoverable: true },
    { coordinator: beyond, discoverable: false },
    { coordinator: null, discoverable: true },
  ]) {
    await doors.apply({ ...shut, ...plan });
    expect(answers).not.toHaveBeenCalled();
  }
  await doors.apply({ ...shut, coordinator: beyond, discoverable: true });
  const { port, fingerprint } = doors.state().coordinator!;
  expect(answers).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ port, fingerprint }));
});

test('what a new plan does not change stays open, what it changes is shut first', async () => {
  const python = { host: '127.0.0.1', port: 0, md5: true, dicts: false };
  await doors.apply({ ...shut, coordinator: here, python });
  const worker = await join();
  const left = new Promise((resolve) => worker.onClose(resolve));
  const before = doors.state();
  await doors.apply({ ...shut, coordinator: here, python: { ...python, md5: false } });
  expect(doors.state().coordinator).toMatchObject({ port: before.coordinator!.port, counts: { guests: 1 } });
  await doors.apply(shut);
  await left;
  expect(doors.state()).toEqual({ coordinator: null, python: null, trouble: null });
  expect(await listens(before.coordinator!.port)).toBe(false);
  expect(await listens(before.python!.port)).toBe(false);
});

test('a port that is taken is said, shuts no other door, and is forgotten with the next plan', async () => {
  const other = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  ends.push(() => other.close());
  const { port } = other.address() as net.AddressInfo;
  await doors.apply({ ...shut, coordinator: here, python: { host: '127.0.0.1', port, md5: true, dicts: false } });
  expect(doors.state()).toMatchObject({ coordinator: { host: '127.0.0.1' }, python: null });
  expectSaid(doors.state().trouble!);
  expect(doors.state().trouble).toMatchObject({
    door: 'python',
    code: 'port-taken',
    message: `The door for Python programs stays shut: another program has port ${port}.`,
  });
  await doors.apply({ ...shut, coordinator: { host: '127.0.0.1', port, orAnotherPort: true } });
  expect(doors.state()).toMatchObject({ trouble: null });
  expect(doors.state().coordinator!.port).not.toBe(port);
  expect(doors.state().coordinator!.insteadOf).toBe(port);
});

test('an address that is another machine’s is said', async () => {
  await doors.apply({ ...shut, coordinator: { ...here, host: '192.0.2.1' } });
  expect(doors.state()).toMatchObject({
    coordinator: null,
    trouble: {
      door: 'coordinator',
      code: 'no-address',
      message: 'The door for other machines stays shut: 192.0.2.1 is no address of this computer.',
    },
  });
  expectSaid(doors.state().trouble!);
});

test('the Python door is for this machine alone unless another address is chosen', () => {
  const open = { ...defaultSettings, pythonDoor: true };
  expect(doorPlan(open).python).toEqual({ host: '127.0.0.1', port: 8001, md5: true, dicts: false });
  expect(doorPlan({ ...open, pythonHost: '0.0.0.0' }).python).toMatchObject({ host: '0.0.0.0' });
});

test('the two keys are two', async () => {
  expect(await doors.keyText('coordinator')).not.toBe(await doors.keyText('python'));
});

test('after the shutting nobody comes in, and nothing opens again', async () => {
  await doors.apply({ ...shut, coordinator: here });
  const { port } = doors.state().coordinator!;
  await join();
  await doors.shut();
  expect(await listens(port)).toBe(false);
  expect(doors.state().coordinator!.counts.guests).toBe(1);
  await doors.apply({ ...shut, python: { host: '127.0.0.1', port: 0, md5: true, dicts: false } });
  expect(doors.state().python).toBeNull();
});
