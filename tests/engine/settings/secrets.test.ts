// Secrets of a person: in the database for the workers, and nowhere else.
import { chmodSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import * as v from 'valibot';
import { answer } from '../../../shared/answer.ts';
import { calls, type EngineEvent } from '../../../shared/api.ts';
import { HostRule } from '../../../shared/host-rules.ts';
import { Engine } from '../../../main/engine/engine.ts';
import { expectSaid } from '../../support/said.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { certificate } from '../../support/certificate.ts';
import { fakeWorkers } from '../fake-worker.ts';

function startEngine(dataDir = join(tempDir(), 'data')) {
  const { spawn, workers } = fakeWorkers();
  const engine = new Engine({ dataDir, spawnWorker: spawn, overrides: { workers: 1 } });
  onTestFinished(() => engine.close());
  engine.start();
  return { engine, workers, dataDir };
}
const call = async (engine: Engine, name: string, arg: unknown) => {
  const result = await answer(calls, engine.handlers, name, arg);
  if (!result.ok) {
    expectSaid(result.error);
    throw new Error(result.error.message);
  }
  return result.value;
};
const login = v.parse(HostRule, { host: 'a.test', user: 'me', password: 's3cret', headers: { 'X-Key': 's3cret' } });

test('a worker gets the secrets; the window, its events and the traffic get masks', async () => {
  const { engine, workers } = startEngine();
  const events: EngineEvent[] = [];
  engine.onEvent((event) => events.push(event));
  await vi.waitFor(() => expect(workers[0]?.settings).toHaveLength(1));
  const change = { hostRules: [login], proxy: 'http://me:s3cret@proxy.test:1' };
  const seen = [await call(engine, 'changeSettings', change)];
  const settings = () => workers[0]!.settings.at(-1)!;
  await vi.waitFor(() => expect(settings().hosts).toHaveLength(1));
  expect(settings().proxy).toBe(change.proxy);
  expect(settings().hosts[0]?.headers).toEqual({
    'X-Key': 's3cret',
    authorization: `Basic ${Buffer.from('me:s3cret').toString('base64')}`,
  });
  seen.push(await call(engine, 'settings', null), await call(engine, 'traffic', {}), events);
  expect(JSON.stringify(seen)).toContain('***');
  expect(JSON.stringify(seen)).not.toMatch(/s3cret|bWU6czNjcmV0/);
  // What was masked comes back and means what it was.
  await call(engine, 'changeSettings', seen[1]);
  await vi.waitFor(() => expect(workers[0]!.settings.length).toBeGreaterThan(2));
  expect(settings().proxy).toBe(change.proxy);
  expect(settings().hosts[0]?.headers['X-Key']).toBe('s3cret');
});

test('settings without secrets have no login of a proxy, however it is written', async () => {
  const { engine } = startEngine();
  const file = join(tempDir(), 'settings');
  for (const proxy of ['me:s3cret@proxy.test:1', 'http://me:s3cret@proxy.test:1']) {
    await call(engine, 'changeSettings', { proxy });
    await call(engine, 'exportSettings', { file, format: 'text', secrets: false });
    expect(readFileSync(file, 'utf8')).toContain('proxy.test:1');
    expect(readFileSync(file, 'utf8')).not.toContain('s3cret');
  }
});

test('a mask in a file of settings from elsewhere gives no secret to another host', async () => {
  const { engine, workers } = startEngine();
  await call(engine, 'changeSettings', { hostRules: [login] });
  const file = join(tempDir(), 'settings');
  const rules = [
    { host: 'other.test', headers: { 'X-Key': '***', 'X-Open': 'yes' }, user: 'me', password: '***' },
    { host: 'third.test', bearer: '***' },
  ];
  writeFileSync(file, `# Sluice settings\nhostRules = ${JSON.stringify(rules)}\n`);
  expect(await call(engine, 'importSettings', { file })).toEqual({ changed: 1, problems: [] });
  await vi.waitFor(() => expect(workers[0]!.settings.at(-1)!.hosts).toHaveLength(2));
  expect(JSON.stringify(workers[0]!.settings.at(-1))).not.toMatch(/s3cret|bWU6czNjcmV0|\*\*\*/);
  expect(workers[0]!.settings.at(-1)!.hosts[0]!.headers['X-Open']).toBe('yes');
});

test('the login of a mirror is seen by nobody who looks', async () => {
  const { engine, workers, dataDir } = startEngine();
  const mirror = 'https://me:s3cret@b.test/f';
  await call(engine, 'add', {
    downloads: [{ url: 'https://a.test/f', mirrors: [mirror] }],
    dir: join(dataDir, 'files'),
  });
  await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(1));
  const { id, epoch } = workers[0]!.tasks[0]!;
  const said = { etag: null, lastModified: null, date: null, totalBytes: 7, contentType: null, ranges: true };
  const validators = { ...said, finalUrl: 'https://b.test/f', mirror };
  workers[0]!.send({ kind: 'probed', id, epoch, validators, contentDisposition: null });
  const detail = () => call(engine, 'detail', { id });
  await vi.waitFor(async () => expect(await detail()).toMatchObject({ finalUrl: 'https://b.test/f' }));
  expect(JSON.stringify(await detail())).not.toContain('s3cret');
});

test('only the person may read what is kept, also in a folder that others may read', async () => {
  const dataDir = tempDir();
  chmodSync(dataDir, 0o755);
  const { engine } = startEngine(dataDir);
  await call(engine, 'add', { downloads: [{ url: 'http://a.test/f' }], dir: join(dataDir, 'files') });
  const files = readdirSync(dataDir, { withFileTypes: true }).filter((entry) => entry.isFile());
  expect(files.map(({ name }) => name)).toContain('sluice.db-wal');
  for (const { name } of files) expect(statSync(join(dataDir, name)).mode & 0o077, name).toBe(0);
});

test('a file of certificates or cookies that is none is refused with the reason', async () => {
  const { engine } = startEngine();
  const dir = tempDir();
  const write = (name: string, text: string) => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  const wrong = [
    { extraCaFile: join(dir, 'missing') },
    { extraCaFile: write('text', 'hello') },
    { extraCaFile: write('broken', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----') },
    { cookiesFile: write('page', '<html>') },
    { hostRules: [{ host: 'a.test', cookiesFile: join(dir, 'missing') }] },
  ];
  for (const change of wrong) await expect(call(engine, 'changeSettings', change)).rejects.toThrow(dir);
  const right = {
    extraCaFile: write('ca', certificate.cert),
    cookiesFile: write('cookies', '# Netscape\na.test\tTRUE\t/\tFALSE\t0\ta\tb\n'),
  };
  expect(await call(engine, 'changeSettings', right)).toMatchObject(right);
});

test('cookies that are exported anew reach the workers, also where the file is another one by then', async () => {
  const { engine, workers } = startEngine();
  const dir = tempDir();
  const [all, own] = [join(dir, 'all.txt'), join(dir, 'own.txt')];
  const cookie = (value: string) => `a.test\tTRUE\t/\tFALSE\t0\tsession\t${value}\n`;
  for (const file of [all, own]) writeFileSync(file, cookie('one'));
  await call(engine, 'changeSettings', { cookiesFile: all, hostRules: [{ host: 'a.test', cookiesFile: own }] });
  const told = async (cookies: string | null, ofHost: string | null) =>
    vi.waitFor(
      () => {
        const last = workers[0]?.settings.at(-1);
        expect([last?.cookies, last?.hosts[0]?.cookies]).toEqual([cookies, ofHost]);
      },
      { timeout: 5000 },
    );
  await told(cookie('one'), cookie('one'));
  writeFileSync(all, cookie('two'));
  await told(cookie('two'), cookie('one'));
  writeFileSync(join(dir, 'new'), cookie('two'));
  renameSync(join(dir, 'new'), own);
  await told(cookie('two'), cookie('two'));
  rmSync(all);
  await told(null, cookie('two'));
  // Nothing is said while nothing changes.
  expect(workers[0]!.settings.length).toBeLessThanOrEqual(5);
});

test('credentials in an address become a header: no row, journal or event has them, and the worker still does', async () => {
  const { engine, workers, dataDir } = startEngine();
  const dir = join(dataDir, 'files');
  const url = 'https://me:s3cret@a.test/f';
  const authorization = `Basic ${Buffer.from('me:s3cret').toString('base64')}`;
  await call(engine, 'add', { downloads: [{ url }], dir });
  await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(1));
  expect(workers[0]!.tasks[0]).toMatchObject({ url: 'https://a.test/f', headers: { authorization } });
  expect(readFileSync(join(dataDir, 'added.jsonl'), 'utf8')).not.toContain('s3cret');
  const seen = [
    await call(engine, 'list', { query: {}, offset: 0, limit: 9 }),
    await call(engine, 'detail', { id: 1 }),
    await call(engine, 'traffic', {}),
  ];
  expect(JSON.stringify(seen)).not.toMatch(/s3cret|bWU6czNjcmV0/);
  // Who asks does not make another file.
  expect(await call(engine, 'preview', { text: 'https://a.test/f\nhttps://you:x@a.test/f' })).toMatchObject({
    counts: { url: 0 },
  });
});

test('a new link of the same server keeps the login, one elsewhere does not get it', async () => {
  const { engine, workers, dataDir } = startEngine();
  const headers = { authorization: 'Bearer t', cookie: 'a=b' };
  await call(engine, 'add', { downloads: [{ url: 'https://a.test/f', headers }], dir: join(dataDir, 'files') });
  const given = async (url: string, count: number) => {
    await call(engine, 'setUrl', { id: 1, url });
    await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(count));
    return workers[0]!.tasks.at(-1)!;
  };
  await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(1));
  expect(await given('https://a.test/g', 2)).toMatchObject({ url: 'https://a.test/g', headers });
  expect((await given('https://b.test/g', 3)).headers).toEqual({});
  expect(await given('https://me:pw@b.test/h', 4)).toMatchObject({
    url: 'https://b.test/h',
    headers: { authorization: `Basic ${Buffer.from('me:pw').toString('base64')}` },
  });
});

test('the same list again with another login goes on with that one', async () => {
  const { engine, workers, dataDir } = startEngine();
  const dir = join(dataDir, 'files');
  const ask = (token: string, limitBytesPerS: number) =>
    engine.adding.addOrResume([{ text: 'https://a.test/f' }], {
      dir,
      producer: 'test',
      headers: { authorization: token },
      limitBytesPerS,
    });
  await ask('old', 5000);
  await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(1));
  await call(engine, 'pause', { ids: [1] });
  await ask('new', 7000);
  await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(2));
  expect(workers[0]!.tasks.map(({ headers, limitBytesPerS }) => [headers['authorization'], limitBytesPerS])).toEqual([
    ['old', 5000],
    ['new', 7000],
  ]);
});
