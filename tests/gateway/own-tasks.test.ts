// A worker elsewhere gets what its own tasks need and nothing else, and writes in its own folder alone.
import fs from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import * as v from 'valibot';
import { HostRule } from '../../shared/host-rules.ts';
import { PROTOCOL } from '../../shared/protocol-number.ts';
import type { FromWorker, Task, ToWorker } from '../../shared/protocol.ts';
import { defaultSettings } from '../../shared/settings.ts';
import { runWorker } from '../../main/download/run-worker.ts';
import { transferSettingsOf } from '../../main/engine/settings/transfer-settings.ts';
import type { Port } from '../../main/transport/port.ts';
import { joinCoordinator } from '../../main/gateway/join.ts';
import { inOwnFolder } from '../../main/gateway/back/own-folder.ts';
import { sendingBack } from '../../main/gateway/back/sending.ts';
import { memoryPorts } from '../../main/transport/memory.ts';
import { originForTest } from '../support/start.ts';
import { tempDir } from '../support/temp-dir.ts';
import { helper, house } from './house.ts';
import { someTask } from './some-task.ts';

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
      v.parse(HostRule, { host: '127.0.0.1', headers: { 'x-token': 'for this host' } }),
      v.parse(HostRule, { host: 'bank.example', user: 'me', password: 'other-password' }),
      v.parse(HostRule, { host: '*.bank.example', headers: { 'x-key': 'other-header' } }),
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

test('whatever path a coordinator names, the file goes to the folder of the worker', async () => {
  const folder = tempDir();
  const [coordinator, raw] = memoryPorts();
  const heard: Record<string, unknown>[] = [];
  const worker = inOwnFolder(raw, folder, 'one');
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
  const parts = (await partsFor('one', folder, [task, odd])).map((name) => path.join(folder, name));
  const moved = { ...task, partPath: parts[0], notePath: null };
  await expect
    .poll(() => heard)
    .toEqual([
      { kind: 'tasks', tasks: [{ ...moved, targetPath: path.join(folder, 'a.bin') }] },
      {
        kind: 'ahead',
        tasks: [{ ...moved, id: 2, partPath: parts[1], targetPath: path.join(folder, 'b.Sluice-Part_') }],
      },
      { ...target, path: path.join(folder, 'passwd') },
      { kind: 'settled', ids: [1], path: '/' },
    ]);
});

/** What a worker makes of the tasks of a coordinator. */
async function partsFor(coordinator: string, folder: string, tasks: Task[]): Promise<string[]> {
  const [there, raw] = memoryPorts();
  const worker = inOwnFolder(raw, folder, coordinator);
  onTestFinished(() => worker.close());
  const heard = new Promise<unknown>((resolve) => worker.onMessage(resolve));
  there.send({ kind: 'tasks', tasks });
  return ((await heard) as Extract<ToWorker, { kind: 'tasks' }>).tasks.map(({ partPath }) => path.basename(partPath));
}

test('the unfinished files of each coordinator have names that no other list gives, the same each time', async () => {
  const folder = tempDir();
  const one = await partsFor('one', folder, [{ ...someTask, partPath: 'a.bin.1.sluice-part' }]);
  expect(await partsFor('one', folder, [{ ...someTask, partPath: '/elsewhere/a.bin.1.sluice-part' }])).toEqual(one);
  // One coordinator names what another's worker has, or a Sluice that has its own list there.
  for (const partPath of [...one, 'a.bin.1.sluice-part', 'A.BIN.1.SLUICE-PART']) {
    const [part] = await partsFor('other', folder, [{ ...someTask, partPath }]);
    expect([...one, 'a.bin.1.sluice-part']).not.toContain(part!.toLowerCase());
  }
  const long = ['x'.repeat(235), '𝒙'.repeat(58), '名'.repeat(78)].map((stem, n) => ({
    ...{ ...someTask, id: n + 1, partPath: `${stem}.sluice-part` },
  }));
  const parts = await partsFor('one', folder, [...long, { ...long[0]!, id: 2 ** 40 }]);
  expect(new Set(parts).size).toBe(4);
  for (const part of parts) fs.writeFileSync(path.join(folder, `${part}.new`), '');
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
  const worker = inOwnFolder(raw, tempDir(), 'one');
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
  await runWorker(sendingBack(inOwnFolder(raw, folder, 'one')), { slots: 1, signal: new AbortController().signal });
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
