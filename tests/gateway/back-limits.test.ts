// Files that are sent back: how many at once, how many wait, and what is not the download's is not taken.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { FromWorker, Task } from '../../shared/protocol.ts';
import { because } from '../../shared/why.ts';
import { hashHere } from '../../main/download/disk/hashing.ts';
import { receiver } from '../../main/download/received.ts';
import { encodePiece, MAX_AT_ONCE, MAX_OPEN } from '../../main/gateway/back/messages.ts';
import { receivingBack, type Incoming, type OpenIncoming } from '../../main/gateway/back/receiving.ts';
import { sendingBack } from '../../main/gateway/back/sending.ts';
import { memoryPorts } from '../../main/transport/memory.ts';
import type { CloseReason, Port } from '../../main/transport/port.ts';
import { tempDir } from '../support/temp-dir.ts';

const content = Buffer.alloc(1000, 'x');
const hexOf = (algorithm: string, bytes: Buffer) => createHash(algorithm).update(bytes).digest('hex');
const offerOf = (id: number) =>
  ({ kind: 'offer', id, epoch: 1, sizeBytes: content.length, sha256: hexOf('sha256', content) }) as const;

/** The engine's end of a worker that has `count` tasks, and the bare other end. */
function reception(count: number, checksum: Task['checksum'] = null, open: OpenIncoming = receiver(hashHere)) {
  const dir = tempDir();
  const [port, worker] = memoryPorts();
  const near: Port = {
    ...port,
    onMessage: (listener) =>
      port.onMessage((message) => {
        // A memory Port clones as JSON does.
        const { type, data } = message as { type?: string; data: number[] };
        listener(type === 'Buffer' ? Buffer.from(data) : message);
      }),
  };
  const engineEnd = receivingBack(near, open, tempDir());
  const heard: FromWorker[] = [];
  engineEnd.onMessage((message) => heard.push(message as FromWorker));
  const ended = new Promise<CloseReason>((resolve) => engineEnd.onClose(resolve));
  const told: { kind: string; id: number; why?: string }[] = [];
  worker.onMessage((message) => told.push(message as (typeof told)[number]));
  const tasks = Array.from({ length: count }, (_, n): Task => {
    const id = n + 1;
    const file = path.join(dir, String(id));
    return {
      ...{ id, epoch: 1, url: 'http://x/', mirrors: [], partPath: `${file}.part`, notePath: null, targetPath: file },
      ...{ naming: 'given', extents: [], validators: null, headers: {}, checksum, hash: true, connections: 1 },
      limitBytesPerS: null,
    };
  });
  engineEnd.send({ kind: 'tasks', tasks });
  return { worker, engineEnd, heard, told, ended, dir };
}

test('one that offers more files at once than may travel loses the connection', async () => {
  const { worker, ended } = reception(MAX_OPEN + 1);
  for (let id = 1; id <= MAX_OPEN + 1; id++) worker.send(offerOf(id));
  expect(await ended).toEqual({ kind: 'lied', why: because('offers-too-many') });
});

test.each(['md5', 'sha256'] as const)(
  'a file that is not what the download’s %s says is not taken',
  async (algorithm) => {
    const hex = hexOf(algorithm, Buffer.from('something else'));
    const { worker, told, heard, ended, dir } = reception(1, { algorithm, hex });
    worker.send(offerOf(1));
    if (algorithm === 'md5') {
      await expect.poll(() => told.map(({ kind }) => kind)).toContain('credit');
      worker.send(encodePiece({ id: 1, epoch: 1, offset: 0, bytes: content }));
    }
    expect(await ended).toMatchObject({ kind: 'lied' });
    expect(told.find(({ kind }) => kind === 'not-taken')).toMatchObject({ id: 1, why: 'wrong' });
    expect(heard.filter(({ kind }) => kind === 'result')).toEqual([]);
    expect(fs.existsSync(path.join(dir, '1'))).toBe(false);
  },
);

test('one that has many finished files to send takes no further tasks until there are fewer', async () => {
  const [coordinator, raw] = memoryPorts();
  const heard: { kind: string; count?: number }[] = [];
  coordinator.onMessage((message) => heard.push(message as (typeof heard)[number]));
  const worker = sendingBack(raw);
  worker.onMessage(() => {});
  const dir = tempDir();
  for (let id = 1; id <= MAX_OPEN; id++) {
    const file = path.join(dir, String(id));
    fs.writeFileSync(file, content);
    const outcome = { kind: 'done', path: file, sizeBytes: 1000, sha256: offerOf(id).sha256, verified: false } as const;
    worker.send({ kind: 'result', id, epoch: 1, outcome } satisfies FromWorker);
  }
  worker.send({ kind: 'get', count: 2 } satisfies FromWorker);
  worker.send({ kind: 'pong' } satisfies FromWorker);
  await expect.poll(() => heard.at(-1)).toEqual({ kind: 'pong' });
  expect(heard.map(({ kind }) => kind)).toEqual([...Array<string>(MAX_AT_ONCE).fill('offer'), 'pong']);
  coordinator.send({ kind: 'settled', ids: [1] });
  await expect.poll(() => heard.find(({ kind }) => kind === 'get')).toEqual({ kind: 'get', count: 2 });
});

test('a worker that is gone while its file is hashed is gone at once, and the file is kept for the next time', async () => {
  let hashing = false;
  const forEver = () => {
    hashing = true;
    return new Promise<string>(() => {});
  };
  const { worker, told, ended, heard, dir } = reception(2, null, receiver(forEver));
  worker.send(offerOf(1));
  await expect.poll(() => told.map(({ kind }) => kind)).toContain('credit');
  worker.send(encodePiece({ id: 1, epoch: 1, offset: 0, bytes: content }));
  await expect.poll(() => hashing).toBe(true);
  worker.close();
  expect(await ended).toEqual({ kind: 'eof' });
  expect(heard.map(({ kind }) => kind)).toEqual(['saved']);
  expect(fs.readdirSync(dir)).toEqual(['1.part']);
});

test('a folder that is made a link to another one meanwhile gets nothing, and that is said', async () => {
  const { worker, told, heard, dir } = reception(1);
  const elsewhere = tempDir();
  worker.send(offerOf(1));
  await expect.poll(() => told.map(({ kind }) => kind)).toContain('credit');
  fs.renameSync(dir, `${dir}.moved`);
  onTestFinished(() => (fs.rmSync(dir), fs.renameSync(`${dir}.moved`, dir)));
  fs.symlinkSync(elsewhere, dir);
  worker.send(encodePiece({ id: 1, epoch: 1, offset: 0, bytes: content }));
  await expect
    .poll(() => heard.at(-1))
    .toMatchObject({
      outcome: { kind: 'failed', failure: { code: 'disk-error', message: expect.stringContaining(elsewhere) } },
    });
  expect(fs.readdirSync(elsewhere)).toEqual([]);
});

/** A disk whose `slow` waits until it may. */
function slowDisk(slow: 'write' | 'place' | 'close') {
  const calls: string[] = [];
  let go = () => {};
  const may = new Promise<void>((resolve) => (go = resolve));
  const call = async (name: string) => {
    calls.push(name);
    if (name === slow) await may;
  };
  const file: Incoming & { at: number } = {
    at: 0,
    write: async (bytes) => call('write').then(() => ((file.at += bytes.length), null)),
    complete: async () => null,
    place: () => call('place').then(() => 'placed'),
    close: () => call('close'),
    remove: async () => {},
  };
  return { open: () => Promise.resolve(file), calls, go: () => go() };
}

const released = { kind: 'result', id: 1, epoch: 1, outcome: { kind: 'released', extents: [] } } as const;

test.each(['write', 'place', 'close'] as const)(
  'a download is let go once nothing here touches its file: after a slow %s, and not before',
  async (slow) => {
    const { open, calls, go } = slowDisk(slow);
    const { worker, engineEnd, told, heard } = reception(2, null, open);
    worker.send(offerOf(1));
    await expect.poll(() => told.map(({ kind }) => kind)).toContain('credit');
    if (slow !== 'close') {
      worker.send(encodePiece({ id: 1, epoch: 1, offset: 0, bytes: content }));
      await expect.poll(() => calls).toContain(slow);
      engineEnd.send({ kind: 'cancel', id: 1, epoch: 1 });
    }
    worker.send(released);
    // Others do not wait for it.
    worker.send({ ...released, id: 2 });
    await expect.poll(() => heard).toContainEqual({ ...released, id: 2 });
    expect(heard).not.toContainEqual(released);
    go();
    await expect.poll(() => heard.at(-1)).toEqual(released);
    // What has its final name is done, whatever else was wanted meanwhile.
    const results = heard.filter((message) => message.kind === 'result' && message.id === 1);
    expect(results.map((message) => message.kind === 'result' && message.outcome.kind)).toEqual(
      slow === 'place' ? ['done', 'released'] : ['released'],
    );
  },
);

test('a download whose file is being named when its worker goes is done before that is told', async () => {
  const { open, calls, go } = slowDisk('place');
  const { worker, told, heard, ended } = reception(1, null, open);
  worker.send(offerOf(1));
  await expect.poll(() => told.map(({ kind }) => kind)).toContain('credit');
  worker.send(encodePiece({ id: 1, epoch: 1, offset: 0, bytes: content }));
  await expect.poll(() => calls).toContain('place');
  worker.close();
  go();
  await ended;
  expect(heard.at(-1)).toMatchObject({ kind: 'result', outcome: { kind: 'done', sentBack: true } });
});
