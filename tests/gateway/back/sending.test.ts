// Files that a worker elsewhere sends back: a real engine behind a real door, real downloads, cut lines and liars.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { HERE } from '../../../shared/machines.ts';
import type { FromWorker, Task, ToWorker } from '../../../shared/protocol.ts';
import { PROTOCOL } from '../../../shared/protocol-number.ts';
import { encodePiece, WINDOW_BYTES } from '../../../main/gateway/back/messages.ts';
import { joinCoordinator } from '../../../main/gateway/join.ts';
import { receivingBack, type Incoming } from '../../../main/gateway/back/receiving.ts';
import { sendingBack } from '../../../main/gateway/back/sending.ts';
import { openSession } from '../../../main/gateway/session.ts';
import { tcpPort } from '../../../main/transport/tcp.ts';
import type { Port } from '../../../main/transport/port.ts';
import { contentSha256, seededContent } from '../../support/origin.ts';
import { originForTest } from '../../support/start.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { helper, house, type Address } from '../house.ts';

// How long anything takes here is for the disk and the other programs to say, not for a test.
const patient = { timeout: 60_000 };
vi.setConfig({ testTimeout: 120_000 });

const MIB = 1024 * 1024;
const sha256 = (file: string) => createHash('sha256').update(fs.readFileSync(file)).digest('hex');

/** A line to a port that counts what goes up; once `afterBytes` have, it is cut or held until `let go`, once. */
async function line(to: number, how: 'cut' | 'hold', afterBytes: number) {
  let upBytes = 0;
  let cuts = 0;
  let reached = () => {};
  let letGo = () => {};
  const there = new Promise<void>((resolve) => (reached = resolve));
  const server = net.createServer((near) => {
    const far = net.connect(to, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
      one.pipe(other);
    }
    near.on('data', (chunk: Buffer) => {
      upBytes += chunk.length;
      if (upBytes < afterBytes || cuts > 0) return;
      cuts++;
      reached();
      if (how === 'cut') return near.destroy();
      near.unpipe(far);
      near.pause();
      letGo = () => near.pipe(far);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as net.AddressInfo;
  return { port, upBytes: () => upBytes, there, letGo: () => letGo() };
}

/** Somebody with the key who speaks as a worker does, by hand. */
async function stranger(to: Address, id = 'stranger') {
  const port = await joinCoordinator({ ...to, id, signal: new AbortController().signal });
  onTestFinished(() => port.close());
  const heard: Record<string, unknown>[] = [];
  const watchers = new Set<() => void>();
  port.onMessage((message) => {
    heard.push(message as Record<string, unknown>);
    for (const watch of watchers) watch();
  });
  const closed = new Promise<void>((resolve) => port.onClose(() => resolve()));
  const until = (kind: string): Promise<Record<string, unknown>> =>
    new Promise((resolve) => {
      const watch = () => {
        const found = heard.find((message) => message['kind'] === kind);
        if (!found) return;
        watchers.delete(watch);
        resolve(found);
      };
      watchers.add(watch);
      watch();
    });
  port.send({ kind: 'hello', protocol: PROTOCOL, pid: 1, machine: id, runtime: 'test', slots: 1 } satisfies FromWorker);
  port.send({ kind: 'get', count: 1 } satisfies FromWorker);
  const [task] = ((await until('tasks')) as unknown as Extract<ToWorker, { kind: 'tasks' }>).tasks as [Task];
  return { port, task, until, closed };
}

test('files of all sizes come back whole to the folder they were meant for, and none stays with the helper', async () => {
  const { to, add, allDone, dir, engine, dataDir } = await house();
  const origin = await originForTest();
  const sizes = [0, 1, 100_000, 70 * MIB, 3 * MIB + 17, ...Array.from({ length: 20 }, (_, n) => 5000 + n)];
  sizes.forEach((sizeBytes, n) => origin.serve(`/f${n}.bin`, { sizeBytes, seed: n }));
  await add(sizes.map((_, n) => origin.url(`/f${n}.bin`)));
  const there = helper(to);
  await expect.poll(allDone, patient).toBe(true);
  for (const [n, sizeBytes] of sizes.entries()) {
    expect(sha256(path.join(dir, `f${n}.bin`)), `f${n}.bin`).toBe(contentSha256(seededContent(sizeBytes, n)));
  }
  const { rows } = await engine.handlers.list({
    query: { status: 'done', text: '', category: null, host: null, sort: 'position', descending: false },
    offset: 0,
    limit: 100,
  });
  expect(rows.map(({ name }) => name)).toEqual(sizes.map((_, n) => `f${n}.bin`));
  await expect.poll(() => fs.readdirSync(there.dir), patient).toEqual([]);
  await expect.poll(() => fs.readdirSync(dir), patient).toHaveLength(sizes.length);
  await expect.poll(() => fs.readdirSync(path.join(dataDir, 'parts')), patient).toEqual([]);
});

test("what is said of a file that comes back is among the messages of its worker's pipes, by name and size", async () => {
  const { to, add, allDone, engine } = await house();
  const origin = await originForTest();
  origin.serve('/named.bin', { sizeBytes: 40_000, seed: 1 });
  const [id] = await add([origin.url('/named.bin')]);
  helper(to);
  await expect.poll(allDone, patient).toBe(true);
  const of = (kind: string) => engine.view.messages(0).filter((one) => one.kind === kind);
  const pieces = of('piece');
  const asides = [...of('offer'), ...of('credit').slice(0, 1), ...pieces];
  expect(asides.map(({ pipe, kind }) => `${pipe.replace(/\d+/, 'N')}: ${kind}`)).toEqual([
    'worker N > engine: offer',
    'engine > worker N: credit',
    'worker N > engine: piece',
    'worker N > engine: piece',
  ]);
  for (const one of asides) expect(one).toMatchObject({ downloadId: id, text: expect.stringMatching(/named\.bin/) });
  expect(pieces.map(({ text }) => (JSON.parse(text) as { sizeBytes: number }).sizeBytes)).toEqual([32_768, 7232]);
  // The bytes of the file count where it is said how big a message was.
  expect(pieces[0]!.sizeBytes - pieces[1]!.sizeBytes).toBeGreaterThan(25_000);
});

test('a line that is cut while a file comes back goes on from what is durable', async () => {
  const { to, add, allDone, dir } = await house();
  const origin = await originForTest();
  const sizeBytes = 12 * MIB;
  origin.serve('/big.bin', { sizeBytes, seed: 3 });
  await add([origin.url('/big.bin')]);
  const cut = await line(to.port, 'cut', 6 * MIB);
  helper({ ...to, port: cut.port });
  await cut.there;
  await expect.poll(allDone, patient).toBe(true);
  // No more was on its way than a window, and what had come was made durable.
  expect(cut.upBytes()).toBeLessThan(sizeBytes + 2 * WINDOW_BYTES);
  expect(origin.bytesServed('/big.bin')).toBeLessThan(sizeBytes * 1.5);
  expect(sha256(path.join(dir, 'big.bin'))).toBe(contentSha256(seededContent(sizeBytes, 3)));
});

test('a name that is taken on the disk here gives the file a number', async () => {
  const { to, add, allDone, dir } = await house();
  const origin = await originForTest();
  origin.serve('/a.bin', { sizeBytes: 5000, seed: 1 });
  fs.writeFileSync(path.join(dir, 'a.bin'), 'mine');
  await add([origin.url('/a.bin')]);
  helper(to);
  await expect.poll(allDone, patient).toBe(true);
  expect(fs.readFileSync(path.join(dir, 'a.bin'), 'utf8')).toBe('mine');
  expect(sha256(path.join(dir, 'a (1).bin'))).toBe(contentSha256(seededContent(5000, 1)));
});

test('a pause while a file comes back stops it, and it goes on later without being fetched again', async () => {
  const { to, add, allDone, dir, engine, row } = await house();
  const origin = await originForTest();
  const sizeBytes = 12 * MIB;
  origin.serve('/big.bin', { sizeBytes, seed: 4 });
  const ids = await add([origin.url('/big.bin')]);
  const held = await line(to.port, 'hold', 6 * MIB);
  helper({ ...to, port: held.port });
  await held.there;
  await engine.handlers.pause({ ids });
  held.letGo();
  await expect.poll(async () => (await row(ids[0]!)).worker, patient).toBe(null);
  expect(await row(ids[0]!)).toMatchObject({ status: 'paused' });
  expect(held.upBytes()).toBeLessThan(6 * MIB + 2 * WINDOW_BYTES);
  await engine.handlers.resume({ ids });
  await expect.poll(allDone, patient).toBe(true);
  expect(held.upBytes()).toBeLessThan(sizeBytes + 3 * WINDOW_BYTES);
  expect(origin.bytesServed('/big.bin')).toBeLessThan(sizeBytes * 1.5);
  expect(sha256(path.join(dir, 'big.bin'))).toBe(contentSha256(seededContent(sizeBytes, 4)));
});

const content = Buffer.alloc(100_000, 'x');
const hash = createHash('sha256').update(content).digest('hex');
const lies: [
  string,
  (port: Port, lease: { id: number; epoch: number }, credit: () => Promise<unknown>) => Promise<void>,
][] = [
  [
    'a wrong offset',
    async (port, lease, credit) => {
      port.send({ kind: 'offer', ...lease, sizeBytes: content.length, sha256: hash });
      await credit();
      port.send(encodePiece({ ...lease, offset: 10, bytes: content.subarray(10, 1000) }));
    },
  ],
  [
    'more than it offered',
    async (port, lease, credit) => {
      port.send({ kind: 'offer', ...lease, sizeBytes: 1000, sha256: hash });
      await credit();
      port.send(encodePiece({ ...lease, offset: 0, bytes: content.subarray(0, 1001) }));
    },
  ],
  [
    'more than it has credit for',
    async (port, lease, credit) => {
      port.send({ kind: 'offer', ...lease, sizeBytes: 100 * MIB, sha256: hash });
      await credit();
      port.send(encodePiece({ ...lease, offset: 0, bytes: Buffer.alloc(WINDOW_BYTES + 1) }));
    },
  ],
  [
    'other bytes than it offered',
    async (port, lease, credit) => {
      port.send({ kind: 'offer', ...lease, sizeBytes: content.length, sha256: '0'.repeat(64) });
      await credit();
      port.send(encodePiece({ ...lease, offset: 0, bytes: content }));
    },
  ],
  [
    'another length than the server told',
    async (port, lease) => {
      const of = {
        etag: null,
        lastModified: null,
        date: null,
        finalUrl: 'http://x/a.bin',
        contentType: null,
        ranges: null,
      };
      port.send({ kind: 'probed', ...lease, validators: { ...of, totalBytes: 5 }, contentDisposition: null });
      port.send({ kind: 'offer', ...lease, sizeBytes: content.length, sha256: hash });
    },
  ],
  [
    'an offer twice',
    async (port, lease) => {
      port.send({ kind: 'offer', ...lease, sizeBytes: content.length, sha256: hash });
      port.send({ kind: 'offer', ...lease, sizeBytes: content.length, sha256: hash });
    },
  ],
  ['an offer that makes no sense', async (port, lease) => void port.send({ kind: 'offer', ...lease, sizeBytes: -1 })],
];

test.each(lies)('a worker that sends %s loses the connection, and the download goes to another', async (_, lie) => {
  const { to, add, allDone, dir, row } = await house();
  const origin = await originForTest();
  origin.serve('/a.bin', { sizeBytes: 5000, seed: 1 });
  const [id] = await add([origin.url('/a.bin')]);
  const liar = await stranger(to);
  await lie(liar.port, { id: liar.task.id, epoch: liar.task.epoch }, () => liar.until('credit'));
  await liar.closed;
  await expect.poll(async () => (await row(id!)).status, patient).toBe('queued');
  expect(fs.readdirSync(dir).filter((name) => !name.endsWith('.sluice-part'))).toEqual([]);
  helper(to);
  await expect.poll(allDone, patient).toBe(true);
  expect(sha256(path.join(dir, 'a.bin'))).toBe(contentSha256(seededContent(5000, 1)));
});

test('a worker that lies three times is told to stay away for a while, and others go on', async () => {
  const { to, add, allDone, engine } = await house();
  const origin = await originForTest();
  origin.serve('/a.bin', { sizeBytes: 5000, seed: 1 });
  await add([origin.url('/a.bin')]);
  for (const _ of [1, 2, 3]) {
    const liar = await stranger(to, 'liar');
    liar.port.send({ kind: 'offer', id: liar.task.id, epoch: liar.task.epoch, sizeBytes: -1 });
    await liar.closed;
  }
  expect(await engine.handlers.machines(null)).toMatchObject([{ place: HERE }, { place: 'liar', offences: 3 }]);
  await expect(joinCoordinator({ ...to, id: 'liar', signal: new AbortController().signal })).rejects.toMatchObject({
    code: 'barred',
    retry: true,
  });
  helper(to);
  await expect.poll(allDone, patient).toBe(true);
});

test('a worker cannot say itself that a file has come back', async () => {
  const { to, add, engine, allDone } = await house();
  const [id] = await add(['http://127.0.0.1:1/a.bin']);
  const { port, task } = await stranger(to);
  const outcome = {
    kind: 'done',
    path: '/etc/passwd',
    sizeBytes: 1,
    sha256: null,
    verified: false,
    sentBack: true,
  } as const;
  port.send({ kind: 'result', id: task.id, epoch: task.epoch, outcome } satisfies FromWorker);
  await expect.poll(allDone, patient).toBe(true);
  expect(await engine.handlers.machineDownloads({ place: 'stranger', offset: 0, limit: 10 })).toMatchObject([
    { id, keptAt: '/etc/passwd' },
  ]);
});

test('a disk that takes nothing for a while costs a window of memory, and no other message waits for it', async () => {
  const quick = { beatMs: 20, silentMs: 200 };
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const accepted = new Promise<net.Socket>((resolve) => server.once('connection', resolve));
  const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  const near = openSession(tcpPort(await accepted), quick);
  const worker = sendingBack(openSession(tcpPort(socket), quick));
  let open = () => {};
  const gate = new Promise<void>((resolve) => (open = resolve));
  let takenBytes = 0;
  const file: Incoming & { at: number } = {
    at: 0,
    async write(bytes) {
      takenBytes += bytes.length;
      await gate;
      file.at += bytes.length;
      return null;
    },
    complete: async () => null,
    place: async () => 'placed',
    close: async () => {},
    remove: async () => {},
  };
  let cameBytes = 0;
  const counted: Port = {
    ...near,
    onMessage: (listener) =>
      near.onMessage((message) => {
        if (Buffer.isBuffer(message)) cameBytes += message.length;
        listener(message);
      }),
  };
  const engineEnd = receivingBack(counted, async () => file, tempDir());
  const heard: FromWorker[] = [];
  engineEnd.onMessage((message) => heard.push(message as FromWorker));
  let ended = false;
  engineEnd.onClose(() => (ended = true));
  onTestFinished(() => {
    engineEnd.close();
    worker.close();
  });
  worker.onMessage(() => {});
  const sizeBytes = 20 * MIB;
  const source = path.join(tempDir(), 'f');
  fs.writeFileSync(source, Buffer.alloc(sizeBytes));
  const lease = { id: 1, epoch: 1 };
  const task = {
    ...lease,
    url: 'http://x/',
    mirrors: [],
    partPath: '/p',
    notePath: null,
    targetPath: '/t',
    naming: 'given',
  } as const;
  const rest = {
    extents: [],
    validators: null,
    headers: {},
    checksum: null,
    hash: true,
    connections: 1,
    limitBytesPerS: null,
  };
  engineEnd.send({ kind: 'tasks', tasks: [{ ...task, ...rest }] });
  worker.send({
    kind: 'result',
    ...lease,
    outcome: { kind: 'done', path: source, sizeBytes, sha256: hash, verified: false },
  } satisfies FromWorker);
  await expect.poll(() => cameBytes, patient).toBeGreaterThanOrEqual(WINDOW_BYTES);
  // Longer than silence would be borne.
  for (let n = 0; n < 5; n++) {
    worker.send({ kind: 'pong' } satisfies FromWorker);
    await expect
      .poll(() => heard.filter(({ kind }) => kind === 'pong').length, { ...patient, interval: 20 })
      .toBe(n + 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(ended).toBe(false);
  expect(cameBytes).toBeLessThan(WINDOW_BYTES * 1.01);
  open();
  await expect
    .poll(() => heard.find(({ kind }) => kind === 'result'), patient)
    .toMatchObject({ outcome: { sentBack: true } });
  expect(takenBytes).toBe(sizeBytes);
});
