// A worker elsewhere gets what its own tasks need and nothing else, and writes in its own folder alone.
import fs from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { HostRule } from '../../shared/host-rules.ts';
import { PROTOCOL, type FromWorker, type ToWorker } from '../../shared/protocol.ts';
import type { Port } from '../../main/transport/port.ts';
import { joinCoordinator } from '../../main/gateway/join.ts';
import { inOwnFolder } from '../../main/gateway/own-folder.ts';
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

test('whatever path a coordinator names, the file goes to the folder of the worker', () => {
  const folder = tempDir();
  const [coordinator, raw] = memoryPorts();
  const heard: Record<string, unknown>[] = [];
  const worker = inOwnFolder(raw, folder);
  onTestFinished(() => worker.close());
  worker.onMessage((message) => heard.push(message as Record<string, unknown>));
  const task = {
    id: 1,
    partPath: '/etc/a.part',
    targetPath: '..\\..\\Windows\\a.bin',
    notePath: '/etc/cron.d/a',
    url: 'http://x/../b',
  };
  coordinator.send({ kind: 'tasks', tasks: [task] });
  coordinator.send({ kind: 'target', id: 1, path: '/root/../etc/passwd' });
  return expect
    .poll(() => heard)
    .toEqual([
      {
        kind: 'tasks',
        tasks: [
          {
            ...task,
            partPath: path.join(folder, 'a.part'),
            targetPath: path.join(folder, 'a.bin'),
            notePath: path.join(folder, 'a'),
          },
        ],
      },
      { kind: 'target', id: 1, path: path.join(folder, 'passwd') },
    ]);
});

test.each(['/', '..', 'a/..', 'C:\\', 'a\0b', ''])('a path that names no file (%j) ends the pipe', async (named) => {
  const [coordinator, raw] = memoryPorts();
  const heard: unknown[] = [];
  const worker = inOwnFolder(raw, tempDir());
  worker.onMessage((message) => heard.push(message));
  const ended = new Promise((resolve) => coordinator.onClose(resolve));
  coordinator.send({ kind: 'target', id: 1, epoch: 1, path: named });
  expect(await ended).toEqual({ kind: 'eof' });
  expect(heard).toEqual([]);
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
