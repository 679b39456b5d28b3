// Other machines fetch for a served list: killed workers, a killed coordinator, files sent back, and a wrong key.
import fs from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openInstance, type Instance } from '../../main/engine/instance.ts';
import { contentSha256, seededContent, startOrigin } from '../support/origin.ts';
import { sluice } from './cli-program.ts';
import { dir, key, origin, serving, sha256, worker } from './serve-support.ts';

test('two machines fetch a list for a third, each keeps its files, and a killed one loses nothing', async () => {
  const { urls } = await origin(60, 200_000);
  const { workers: port, program } = await serving('--workers', '0');
  const one = worker(port, 'one', '--parallel', '3');
  const two = worker(port, 'two', '--parallel', '3');
  await Promise.all([one, two].map(({ until }) => until(({ event }) => event === 'joined')));
  await sluice(['add', '--data', path.join(dir, 'data'), '--dir', path.join(dir, 'files'), ...urls]).ended;
  await program.until(({ event }) => event === 'done');
  const machines = sluice(['machines', '--json', '--data', path.join(dir, 'data')]);
  expect(await machines.ended).toBe(0);
  expect(
    machines
      .stdout()
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { here: boolean }).here),
  ).toEqual([true, true, true]);
  one.child.kill('SIGKILL');
  for (const url of urls) await program.until((told) => told.event === 'done' && told.url === url);
  expect(program.told.filter(({ event }) => event === 'done')).toHaveLength(60);
  for (const { url, path: file, sha256: told } of program.told.filter(({ event }) => event === 'done')) {
    const n = Number(/f(\d+)\.bin/.exec(url as string)![1]);
    expect([path.join(dir, 'one'), path.join(dir, 'two')]).toContain(path.dirname(file as string));
    expect(sha256(file as string)).toBe(told);
    expect(told).toBe(contentSha256(seededContent(200_000 + n, n)));
  }
  expect(fs.readdirSync(path.join(dir, 'files'))).toEqual([]);
});

test('a coordinator that was killed knows what each machine has begun, and each goes on with its own', async () => {
  const server = await startOrigin();
  onTestFinished(() => server.close());
  const sizeBytes = 6_000_000;
  const urls = [0, 1].map((n) => {
    server.serve(`/f${n}.bin`, { sizeBytes, seed: n, bytesPerS: 1_000_000 });
    return server.url(`/f${n}.bin`);
  });
  const { workers: port, program } = await serving('--workers', '0', '--connections', '1');
  const one = worker(port, 'one', '--parallel', '1');
  await one.until(({ event }) => event === 'joined');
  await sluice(['add', '--data', path.join(dir, 'data'), '--dir', path.join(dir, 'files'), ...urls]).ended;
  const half = (url: string) =>
    program.until((told) => told.event === 'progress' && told.url === url && Number(told.doneBytes) > sizeBytes / 2);
  await program.until(({ event }) => event === 'started');
  const two = worker(port, 'two', '--parallel', '1');
  await Promise.all(urls.map(half));
  program.child.kill('SIGKILL');
  await program.ended;
  const again = sluice([
    ...['serve', '--json', '--workers', '0', '--data', path.join(dir, 'data'), '--dir', path.join(dir, 'files')],
    ...['--listen', `127.0.0.1:${port}`, '--authkey-file', key, '--connections', '1'],
  ]);
  for (const url of urls) await again.until((told) => told.event === 'done' && told.url === url);
  for (const [n, { until }] of [one, two].entries()) {
    await until((told) => told.event === 'trouble');
    const file = path.join(dir, n === 0 ? 'one' : 'two', `f${n}.bin`);
    expect(sha256(file)).toBe(contentSha256(seededContent(sizeBytes, n)));
    expect(server.bytesServed(`/f${n}.bin`)).toBeLessThan(sizeBytes * 1.4);
  }
  again.child.kill('SIGTERM');
  expect(await again.ended).toBe(0);
});

test('with --send-back what another machine fetches stands in the coordinator’s folder, over its death too', async () => {
  const { urls } = await origin(12, 6_000_000);
  const { workers: port, program } = await serving('--workers', '0');
  const there = worker(port, 'there', '--parallel', '4', '--send-back');
  await there.until(({ event }) => event === 'joined');
  await sluice(['add', '--data', path.join(dir, 'data'), '--dir', path.join(dir, 'files'), ...urls]).ended;
  await program.until(({ event }) => event === 'done');
  program.child.kill('SIGKILL');
  expect(await program.ended).toBe('SIGKILL');
  const again = sluice([
    ...['serve', '--json', '--workers', '0', '--data', path.join(dir, 'data'), '--dir', path.join(dir, 'files')],
    ...['--listen', `127.0.0.1:${port}`, '--authkey-file', key],
  ]);
  await again.until(({ event }) => event === 'listening');
  const serve = await openInstance(path.join(dir, 'data'), undefined);
  const { remote } = serve as Extract<Instance, { kind: 'second' }>;
  // Whoever is killed may have written down more results than it has told.
  const done = async () => (await remote.call('overview', null)).counts.done;
  await expect.poll(done, { timeout: 40_000 }).toBe(12);
  // They were hashed in threads: a big one would hold up everything else.
  const { threads } = await remote.call('traffic', {});
  expect(threads.map(({ name }) => name)).toContain('sent back');
  again.child.kill('SIGTERM');
  expect(await again.ended).toBe(0);
  expect(fs.readdirSync(path.join(dir, 'files')).sort()).toEqual(urls.map((_, n) => `f${n}.bin`).sort());
  for (let n = 0; n < 12; n++) {
    expect(sha256(path.join(dir, 'files', `f${n}.bin`))).toBe(contentSha256(seededContent(6_000_000 + n, n)));
  }
});

test('a worker with a wrong key is turned away, and says so', async () => {
  const { workers: port } = await serving();
  const wrong = path.join(dir, 'wrong');
  fs.writeFileSync(wrong, 'guess');
  const program = sluice(['worker', '--connect', `127.0.0.1:${port}`, '--authkey-file', wrong, '--dir', dir]);
  expect(await program.ended).toBe(1);
  expect(program.stderr()).toMatch(/key/);
});
