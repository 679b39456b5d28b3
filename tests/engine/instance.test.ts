import { fork } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Engine } from '../../main/engine/engine.ts';
import { isGone, openInstance, type Opened, type Instance } from '../../main/engine/instance.ts';
import { tempDir } from '../support/temp-dir.ts';
import { fakeWorkers } from './fake-worker.ts';

async function first(dataDir: string): Promise<Extract<Instance, { kind: 'first' }>> {
  const instance = await openInstance(dataDir, undefined);
  if (instance.kind !== 'first') throw new Error('somebody has it');
  onTestFinished(() => instance.close());
  return instance;
}

async function serving(dataDir: string, open?: (opened: Opened) => void) {
  const instance = await first(dataDir);
  const engine = new Engine({
    dataDir,
    spawnWorker: fakeWorkers().spawn,
    overrides: { dir: path.join(dataDir, 'files') },
  });
  onTestFinished(() => engine.close());
  await instance.listen(engine.handlers, open);
  return instance;
}

async function second(dataDir: string) {
  const instance = await openInstance(dataDir, undefined);
  if (instance.kind !== 'second') throw new Error('nobody has it');
  onTestFinished(() => instance.remote.close());
  return instance.remote;
}

test('a second one reaches the first through the same directory, under another name too', async () => {
  const dir = tempDir();
  await serving(path.join(dir, 'data'));
  fs.symlinkSync(path.join(dir, 'data'), path.join(dir, 'alias'));
  const remote = await second(path.join(dir, 'alias'));
  const { ids } = await remote.call('add', { downloads: [{ url: 'http://a.test/a' }] });
  expect(ids).toHaveLength(1);
  await expect(remote.call('setUrl', { id: 1, url: 'nonsense' })).rejects.toThrow();
});

test('two directories never meet', async () => {
  const dir = tempDir();
  await serving(path.join(dir, 'a'));
  await serving(path.join(dir, 'b'));
  const a = await second(path.join(dir, 'a'));
  await a.call('add', { downloads: [{ url: 'http://a.test/a' }] });
  const b = await second(path.join(dir, 'b'));
  expect((await b.call('overview', null)).counts.all).toBe(0);
});

test('a window is given what there is to open; an engine without one says so', async () => {
  const [dir, windowless] = [tempDir(), tempDir()];
  const seen: Opened[] = [];
  await serving(dir, (opened) => seen.push(opened));
  const opened = { files: ['/lists/a.urls'], text: 'https://a.test/a' };
  expect(await (await second(dir)).open(opened)).toBe(true);
  expect(seen).toEqual([opened]);
  await serving(windowless);
  expect(await (await second(windowless)).open(opened)).toBe(false);
});

test('a path too long for a socket works all the same', async () => {
  const dir = path.join(tempDir(), 'x'.repeat(120));
  await serving(dir);
  expect((await (await second(dir)).call('overview', null)).counts.all).toBe(0);
});

test('the lock of a killed process is free', async () => {
  const dir = tempDir();
  const holder = path.join(import.meta.dirname, 'instance-holder.ts');
  const child = fork(holder, [dir], { stdio: 'inherit' });
  await once(child, 'message');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect((await first(dir)).kind).toBe('first');
});

test('an answer too large for one frame is an error, not the end', async () => {
  const dir = tempDir();
  await serving(dir);
  const remote = await second(dir);
  const downloads = Array.from({ length: 8 }, (_, n) => ({ url: `http://a.test/${n}?${'x'.repeat(60_000)}` }));
  for (let round = 0; round < 40; round++) await remote.call('add', { downloads });
  await expect(remote.call('list', { query: {}, offset: 0, limit: 100_000 })).rejects.toThrow(/too large/);
  expect((await remote.call('overview', null)).counts.all).toBe(320);
});

test('what is too large to be handed over is refused, and who is called is not taken for gone', async () => {
  const dir = tempDir();
  await serving(dir);
  const remote = await second(dir);
  const refused = await remote.call('preview', { text: 'x'.repeat(17 << 20) }).catch((error: unknown) => error);
  expect(isGone(refused)).toBe(false);
  expect(String(refused)).toMatch(/too much to be handed over at once/);
  expect((await remote.call('overview', null)).counts.all).toBe(0);
  remote.close();
  expect(isGone(await remote.call('overview', null).catch((error: unknown) => error))).toBe(false);
});

test('one that leaves takes no more calls, and one that has left answers none that come late', async () => {
  const dir = tempDir();
  const holder = await serving(dir);
  const remote = await second(dir);
  expect((await remote.call('overview', null)).counts.all).toBe(0);
  holder.leave();
  const refused = await remote
    .call('add', { downloads: [{ url: 'http://a.test/a' }] })
    .catch((error: unknown) => error);
  expect(isGone(refused)).toBe(true);
  expect(isGone(await remote.open({ files: [], text: 'http://a.test/a' }).catch((error: unknown) => error))).toBe(true);
  const underWay = remote.call('overview', null).catch((error: unknown) => error);
  holder.close();
  expect(isGone(await underWay)).toBe(true);
  expect(isGone(await remote.call('overview', null).catch((error: unknown) => error))).toBe(true);
});
