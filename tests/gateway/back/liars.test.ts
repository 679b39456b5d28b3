// Workers elsewhere that lie of what they send back: they lose the connection, and nothing of theirs becomes a file.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { HERE } from '../../../shared/machines.ts';
import type { FromWorker, Task, ToWorker } from '../../../shared/protocol.ts';
import { PROTOCOL } from '../../../shared/protocol-number.ts';
import { encodePiece, WINDOW_BYTES } from '../../../main/gateway/back/messages.ts';
import { joinCoordinator } from '../../../main/gateway/join.ts';
import type { Port } from '../../../main/transport/port.ts';
import { contentSha256, seededContent } from '../../support/origin.ts';
import { originForTest } from '../../support/start.ts';
import { helper, house, type Address } from '../house.ts';
import { MIB, patient, sha256 } from './back-for-test.ts';

vi.setConfig({ testTimeout: 120_000 });

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
