// Secrets of a person: in the database for the workers, and nowhere else.
import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { answer, calls, type EngineEvent } from '../../shared/api.ts';
import { HostRule } from '../../shared/host-rules.ts';
import { Engine } from '../../main/engine/engine.ts';
import { tempDir } from '../support/temp-dir.ts';
import { certificate } from '../support/certificate.ts';
import { fakeWorkers } from './fake-worker.ts';

function startEngine(dataDir = join(tempDir(), 'data')) {
  const { spawn, workers } = fakeWorkers();
  const engine = new Engine({ dataDir, spawnWorker: spawn, overrides: { workers: 1 } });
  onTestFinished(() => engine.close());
  engine.start();
  return { engine, workers, dataDir };
}
const call = async (engine: Engine, name: string, arg: unknown) => {
  const result = await answer(calls, engine.handlers, name, arg);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
};
const login = HostRule.parse({ host: 'a.test', user: 'me', password: 's3cret', headers: { 'X-Key': 's3cret' } });

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
