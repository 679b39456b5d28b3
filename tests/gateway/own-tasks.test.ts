// A worker elsewhere gets what its own tasks need and nothing else, and writes in its own folder alone.
import fs from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { HostRule } from '../../shared/host-rules.ts';
import { PROTOCOL, type FromWorker, type Task, type ToWorker } from '../../shared/protocol.ts';
import { defaultSettings } from '../../shared/settings.ts';
import { runWorker } from '../../main/download/run-worker.ts';
import { transferSettingsOf } from '../../main/engine/transfer-settings.ts';
import type { Port } from '../../main/transport/port.ts';
import { joinCoordinator } from '../../main/gateway/join.ts';
import { inOwnFolder } from '../../main/gateway/own-folder.ts';
import { sendingBack } from '../../main/gateway/sending-back.ts';
import { memoryPorts } from '../../main/transport/memory.ts';
import { originForTest } from '../support/start.ts';
import { tempDir } from '../support/temp-dir.ts';
import { helper, house } from './house.ts';

test('headers and cookies go to a worker elsewhere only for the hosts of its own tasks, and there they are used', async () => {
  const origin = await originForTest();
  origin.serve('/a.bin', ({ headers }) =>
    headers['x-token'] === 'for this host' && headers['cookie'] === 'own=1'
      ? { sizeBytes: 5000, seed: 1 }
      : { status: 403, bytes: Buffer.from('no') },
  );
  const cookiesFile = path.join(tempDir(), 'cookies.txt');
  const cookie = (host: string, value: string) => `${host}\tFALSE\t/\tFALSE\t0\t${value.replace('=', '\t')}\n`;
  fs.writeFileSync(cookiesFile, cookie('127.0.0.1', 'own=1') + cookie('bank.example', 'session=other-cookie'));
  const { to, add, allDone } = await house({
    cookiesFile,
    hostRules: [
      HostRule.parse({ host: '127.0.0.1', headers: { 'x-token': 'for this host' } }),
      HostRule.parse({ host: 'bank.example', user: 'me', password: 'other-password' }),
      HostRule.parse({ host: '*.bank.example', headers: { 'x-key': 'other-header' } }),
    ],
  });
  const heard: ToWorker[] = [];
  helper(to, 'elsewhere', (port): Port => ({
    ...port,
    onMessage: (listener) =>
      port.onMessage((message) => {
        heard.push(message as ToWorker);
        listener(message);
      }),
  }));
  await expect.poll(() => heard.some(({ kind }) => kind === 'welcome')).toBe(true);
  expect(JSON.stringify(heard)).not.toMatch(/for this host|own\\t1/);
  await add([origin.url('/a.bin')]);
  await expect.poll(allDone, { timeout: 30_000 }).toBe(true);
  expect(JSON.stringify(heard)).toMatch(/for this host/);
  expect(JSON.stringify(heard)).not.toMatch(/bank|other-/);
});

const someTask: Task = {
  ...{ id: 1, epoch: 1, url: 'http://x/../b', mirrors: [], partPath: '/etc/a.sluice-part', notePath: null },
  ...{ targetPath: '/etc/a', naming: 'given', extents: [], validators: null, headers: {}, checksum: null, hash: true },
  ...{ connections: 1, limitBytesPerS: null },
};

test('whatever path a coordinator names, the file goes to the folder of the worker', () => {
  const folder = tempDir();
  const [coordinator, raw] = memoryPorts();
  const heard: Record<string, unknown>[] = [];
  const worker = inOwnFolder(raw, folder);
  onTestFinished(() => worker.close());
  worker.onMessage((message) => heard.push(message as Record<string, unknown>));
  const headers = { path: '/', partPath: 'x', targetPath: '..' };
  const task = { ...someTask, targetPath: '..\\..\\Windows\\a.bin', notePath: '/etc/cron.d/a', headers };
  const odd = { ...task, id: 2, targetPath: '/etc/b.Sluice-Part' };
  const target = { kind: 'target', id: 1, epoch: 1 };
  coordinator.send({ kind: 'tasks', tasks: [task] });
  coordinator.send({ kind: 'ahead', tasks: [odd] });
  coordinator.send({ ...target, path: '/root/../etc/passwd' });
  coordinator.send({ kind: 'settled', ids: [1], path: '/' });
  const moved = { ...task, partPath: path.join(folder, 'a.sluice-part'), notePath: null };
  return expect
    .poll(() => heard)
    .toEqual([
      { kind: 'tasks', tasks: [{ ...moved, targetPath: path.join(folder, 'a.bin') }] },
      { kind: 'ahead', tasks: [{ ...moved, id: 2, targetPath: path.join(folder, 'b.Sluice-Part_') }] },
      { ...target, path: path.join(folder, 'passwd') },
      { kind: 'settled', ids: [1], path: '/' },
    ]);
});

const noNames = ['/', '..', 'a/..', 'C:\\', 'a\0b', '', 'a.', 'a ', 'a.txt:b.sluice-part'];
const noParts = ['mine.txt', '/x/mine.txt', 'a.sluice-part.new', 'a.sluice-part.', 'sluice-part'];

test.each<[string, unknown]>([
  ...noNames.map((named): [string, unknown] => [named, { kind: 'target', id: 1, epoch: 1, path: named }]),
  ...[...noNames, ...noParts].map((partPath): [string, unknown] => [
    `${partPath} as a part`,
    { kind: 'ahead', tasks: [someTask, { ...someTask, id: 2, partPath }] },
  ]),
  ['no task', { kind: 'tasks', tasks: [{ ...someTask, partPath: undefined }] }],
])('a path that names no file of its kind (%j) ends the pipe', async (_, message) => {
  const [coordinator, raw] = memoryPorts();
  const heard: unknown[] = [];
  const worker = inOwnFolder(raw, tempDir());
  worker.onMessage((one) => heard.push(one));
  const ended = new Promise((resolve) => coordinator.onClose(resolve));
  coordinator.send(message);
  expect(await ended).toEqual({ kind: 'eof' });
  expect(heard).toEqual([]);
});

const validators: Task['validators'] = {
  ...{ etag: null, lastModified: null, date: null, totalBytes: 4, finalUrl: 'http://127.0.0.1:9/' },
  ...{ contentType: null, ranges: true },
};

test.each<[string, Partial<Task>]>([
  ['to be gone on with', { partPath: 'mine.txt', extents: [[0, 4]] }],
  ['to be begun', { partPath: 'mine.txt' }],
  ['as finished before', { partPath: 'mine.txt', targetPath: 'mine.txt' }],
  ['to be named anew', { partPath: 'mine.txt', extents: [[0, 4]], validators }],
])('a file that a worker has for itself (%s) is not touched, and not told of', async (_, asked) => {
  const folder = tempDir();
  fs.writeFileSync(path.join(folder, 'mine.txt'), 'mine');
  const [coordinator, raw] = memoryPorts();
  const heard: { kind: string }[] = [];
  const ended = new Promise((resolve) => coordinator.onClose(resolve));
  coordinator.onMessage((message) => {
    heard.push(message as { kind: string });
    if (heard.length > 1) return;
    const settings = transferSettingsOf(defaultSettings, '1');
    coordinator.send({ kind: 'welcome', protocol: PROTOCOL, settings });
    coordinator.send({ kind: 'tasks', tasks: [{ ...someTask, url: 'http://127.0.0.1:9/', ...asked }] });
    coordinator.send({ kind: 'settled', ids: [1] });
  });
  await runWorker(sendingBack(inOwnFolder(raw, folder)), { slots: 1, signal: new AbortController().signal });
  await ended;
  expect(new Set(heard.map(({ kind }) => kind))).not.toContain('offer');
  expect(heard.filter(({ kind }) => kind === 'result')).toEqual([]);
  expect(fs.readdirSync(folder)).toEqual(['mine.txt']);
  expect(fs.readFileSync(path.join(folder, 'mine.txt'), 'utf8')).toBe('mine');
});

test('tasks that are together longer than a frame may be come all the same', async () => {
  const { engine, to } = await house();
  const pieces = { algorithm: 'sha256', pieceBytes: 1024, hex: Array<string>(25_000).fill('a'.repeat(64)) } as const;
  const checksum = { algorithm: 'sha256', pieces } as const;
  const downloads = Array.from({ length: 12 }, (_, n) => ({ url: `http://127.0.0.${n + 1}:9/f${n}.bin`, checksum }));
  await engine.handlers.add({ downloads, paused: false, producer: 'test' });
  const port = await joinCoordinator({ ...to, id: 'elsewhere', signal: new AbortController().signal });
  onTestFinished(() => port.close());
  const names: string[] = [];
  port.onMessage((message) => {
    const heard = message as ToWorker;
    if (heard.kind === 'tasks') names.push(...heard.tasks.map(({ targetPath }) => path.basename(targetPath)));
  });
  const me = { pid: 1, machine: 'x', runtime: 'x', slots: 12 };
  port.send({ kind: 'hello', protocol: PROTOCOL, ...me } satisfies FromWorker);
  port.send({ kind: 'get', count: 12 } satisfies FromWorker);
  await expect.poll(() => names, { timeout: 30_000 }).toEqual(downloads.map((_, n) => `f${n}.bin`));
});
