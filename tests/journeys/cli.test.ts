import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { certificate } from '../support/certificate.ts';
import { contentSha256, seededContent, startOrigin, type Origin } from '../support/origin.ts';
import { tempDir } from '../support/temp-dir.ts';
import { sluice, type Told } from './cli-program.ts';

let dir: string;
let data: string;
let files: string;

beforeEach(() => {
  dir = tempDir();
  data = path.join(dir, 'data');
  files = path.join(dir, 'files');
});

async function origin(): Promise<Origin> {
  const started = await startOrigin();
  onTestFinished(() => started.close());
  return started;
}

const run = (...args: string[]) => sluice(['--data', data, '--dir', files, '--json', '--exit', ...args]);
const sha256 = (file: string) => createHash('sha256').update(fs.readFileSync(file)).digest('hex');
const events = (told: readonly Told[], event: string) => told.filter((one) => one.event === event);

test('two hundred files of mixed sizes arrive byte for byte', async () => {
  const server = await origin();
  const expected = new Map<string, string>();
  for (let n = 0; n < 200; n++) {
    const sizeBytes = n === 0 ? 0 : n % 20 === 0 ? 9_000_000 + n : n % 7 === 0 ? 300_000 + n : 1000 * n + 1;
    server.serve(`/f${n}.bin`, { sizeBytes, seed: n });
    expected.set(server.url(`/f${n}.bin`), contentSha256(seededContent(sizeBytes, n)));
  }
  const list = path.join(dir, 'list.txt');
  fs.writeFileSync(list, [...expected.keys()].join('\n'));
  const program = run('--hash', '--parallel', '16', list);
  expect(await program.ended).toBe(0);
  const done = events(program.told, 'done');
  expect(done).toHaveLength(200);
  for (const { url, path: file, sha256: told } of done) {
    expect(told).toBe(expected.get(url as string));
    expect(sha256(file as string)).toBe(told);
  }
  expect(fs.readdirSync(files)).toHaveLength(200);
});

test('what stands twice in a long list is told once, when it is fetched and when it is there already', async () => {
  const server = await origin();
  server.serve('/f', { sizeBytes: 10 });
  const list = path.join(dir, 'list.txt');
  fs.writeFileSync(list, `${server.url('/f')}\n${'# nothing\n'.repeat(600)}${server.url('/f')}\n`);
  for (const when of ['fetched', 'there']) {
    const program = run(list);
    expect(await program.ended, when).toBe(0);
    expect(events(program.told, 'done'), when).toHaveLength(1);
  }
  expect(fs.readdirSync(files)).toEqual(['f']);
});

test('a failure is told with its code, ends with 1 and stays in the list; retry brings it', async () => {
  const server = await origin();
  let healed = false;
  server.serve('/good', { sizeBytes: 1000 });
  server.serve('/bad', () => (healed ? { sizeBytes: 10 } : { status: 404 }));
  const program = run(server.url('/good'), server.url('/bad'));
  expect(await program.ended).toBe(1);
  expect(events(program.told, 'failed')).toMatchObject([{ url: server.url('/bad'), code: 'not-found' }]);
  const list = sluice(['list', '--json', '--data', data]);
  expect(await list.ended).toBe(0);
  expect(list.told.map(({ status }) => status).sort()).toEqual(['done', 'failed']);
  healed = true;
  const again = run(server.url('/good'), server.url('/bad'));
  expect(await again.ended).toBe(0);
  expect(server.requests('/good')).toHaveLength(1);
  expect(events(again.told, 'done')).toHaveLength(2);
});

test('what was paused meanwhile is not done: the run ends with 1, and the same command brings it', async () => {
  const server = await origin();
  server.serve('/small', { sizeBytes: 1000 });
  server.serve('/slow', { sizeBytes: 3_000_000, bytesPerS: 200_000 });
  const program = run(server.url('/small'), server.url('/slow'));
  await server.served('/slow', 100_000);
  expect(await sluice(['pause', '--data', data, server.url('/slow')]).ended).toBe(0);
  expect(await program.ended).toBe(1);
  server.serve('/slow', { sizeBytes: 3_000_000 });
  expect(await run(server.url('/small'), server.url('/slow')).ended).toBe(0);
  expect(sha256(path.join(files, 'slow'))).toBe(contentSha256(seededContent(3_000_000)));
});

test('a finished file counts for as long as it is there, not when another one has its name', async () => {
  const server = await origin();
  server.serve('/f.bin', { sizeBytes: 1000 });
  expect(await run(server.url('/f.bin')).ended).toBe(0);
  fs.writeFileSync(path.join(files, 'f.bin'), 'somebody else’s');
  expect(await run(server.url('/f.bin')).ended).toBe(0);
  expect(fs.readdirSync(files).sort()).toEqual(['f (1).bin', 'f.bin']);
  expect(sha256(path.join(files, 'f (1).bin'))).toBe(contentSha256(seededContent(1000)));
  expect(fs.readFileSync(path.join(files, 'f.bin'), 'utf8')).toBe('somebody else’s');
});

test('a signal leaves at once with everything durable, the same command goes on', async () => {
  const server = await origin();
  const sizeBytes = 12_000_000;
  server.serve('/big.bin', { sizeBytes, bytesPerS: 2_000_000 });
  const program = run('--connections', '2', server.url('/big.bin'));
  await server.served('/big.bin', 4_000_000);
  const asked = Date.now();
  program.child.kill('SIGTERM');
  expect(await program.ended).toBe(143);
  expect(Date.now() - asked).toBeLessThan(2000);
  // Not at full speed: what a connection had in its buffers when its second half was given away counts as served, too.
  server.serve('/big.bin', { sizeBytes, bytesPerS: 8_000_000 });
  const again = run(server.url('/big.bin'));
  expect(await again.ended).toBe(0);
  expect(sha256(path.join(files, 'big.bin'))).toBe(contentSha256(seededContent(sizeBytes)));
  expect(server.bytesServed('/big.bin')).toBeLessThan(sizeBytes * 1.15);
  expect(fs.readdirSync(files)).toEqual(['big.bin']);
});

test('usage errors say what is wrong and end with 2', async () => {
  for (const [args, words] of [
    [['--workers', 'many', 'http://a.test/'], /--workers takes a whole number from 0 to 32/],
    [['--limit', 'fast', 'http://a.test/'], /--limit takes a rate/],
    [['--nonsense'], /--nonsense/],
    [['no-such-list.txt'], /neither an address .* nor a file/],
    [['pause'], /needs ids/],
    [['ftp://a.test/file'], /nothing to download/],
  ] as const) {
    const program = sluice(['--data', data, ...args, ...(args[0] === 'pause' ? [] : ['--exit'])]);
    expect(await program.ended).toBe(2);
    expect(program.stderr()).toMatch(words);
    expect(program.stderr()).not.toContain('    at ');
  }
});

test('help and version need no list', async () => {
  const help = sluice(['--help']);
  expect(await help.ended).toBe(0);
  expect(help.stdout()).toContain('Exit status');
  const version = sluice(['--version']);
  expect(await version.ended).toBe(0);
  expect(version.stdout()).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test('a list comes through standard input, bad lines are told and the rest is fetched', async () => {
  const server = await origin();
  server.serve('/a', { sizeBytes: 5 });
  const input = `# comment\n${server.url('/a')}\nmailto:me@a.test\n\nnot a link\n${server.url('/a')}\n`;
  const program = sluice(['--data', data, '--dir', files, '--json', '--exit', '-'], { input });
  expect(await program.ended).toBe(0);
  expect(events(program.told, 'rejected').map(({ line }) => line)).toEqual([3, 5]);
  expect(events(program.told, 'done')).toHaveLength(1);
});

test('passwords in an address are used and never shown', async () => {
  const server = await origin();
  server.serve('/a', ({ headers }) => (headers['authorization'] ? { sizeBytes: 5 } : { status: 401 }));
  const program = run(server.url('/a').replace('://', '://me:sesame@'));
  expect(await program.ended).toBe(0);
  expect(server.requests('/a').at(-1)!.headers['authorization']).toBe(`Basic ${btoa('me:sesame')}`);
  expect(program.stdout() + program.stderr()).not.toContain('sesame');
});

test('logins, headers, cookies and an own authority are used, and shown nowhere', async () => {
  const server = await startOrigin({ tls: certificate });
  onTestFinished(() => server.close());
  server.serve('/a', ({ headers }) =>
    headers['authorization'] && headers['cookie'] ? { sizeBytes: 5 } : { status: 401 },
  );
  const keep = (name: string, text: string) => {
    fs.writeFileSync(path.join(dir, name), text);
    return path.join(dir, name);
  };
  const login = keep('login', 'me:sesame\n');
  const cookies = keep('cookies', '127.0.0.1\tFALSE\t/\tTRUE\t0\tkey\tsesame\n');
  const ca = keep('ca', certificate.cert);
  const more = [
    '--user-file',
    login,
    '--cookies',
    cookies,
    '--ca',
    ca,
    '--header',
    'X-Key: sesame',
    '--limit-each',
    '1M',
  ];
  const program = sluice(['--data', data, '--dir', files, '--json', '--exit', ...more, server.url('/a')]);
  expect(await program.ended).toBe(0);
  expect(server.requests('/a').at(-1)!.headers).toMatchObject({
    authorization: `Basic ${btoa('me:sesame')}`,
    cookie: 'key=sesame',
    'x-key': 'sesame',
  });
  const list = sluice(['list', '--json', '--data', data]);
  await list.ended;
  expect(program.stdout() + program.stderr() + list.stdout()).not.toContain('sesame');
});

test('a checksum file beside the addresses is for the files that it names, also where another Sluice downloads', async () => {
  const server = await origin();
  for (const name of ['/good', '/bad', '/late']) server.serve(name, { sizeBytes: 5000 });
  const right = contentSha256(seededContent(5000));
  const sums = path.join(dir, 'SHA256SUMS');
  fs.writeFileSync(sums, `${right}  good\n${'0'.repeat(64)}  bad\nno checksum\n`);
  const alone = run(server.url('/good'), server.url('/bad'), sums);
  expect(await alone.ended).toBe(1);
  expect(events(alone.told, 'done')).toMatchObject([{ url: server.url('/good'), sha256: right }]);
  const [failed] = events(alone.told, 'failed');
  expect(failed).toMatchObject({ url: server.url('/bad'), code: 'wrong-checksum' });
  expect(failed!.message).toContain(right);
  expect(failed!.message).toContain('0'.repeat(64));
  expect(events(alone.told, 'rejected')).toMatchObject([{ line: 3, text: 'no checksum' }]);

  const first = sluice(['--data', data, '--dir', files, '--json', server.url('/good')]);
  await first.until(({ event }) => event === 'done');
  fs.writeFileSync(sums, `${'0'.repeat(64)}  late\n`);
  expect(await run(server.url('/late'), sums).ended).toBe(0);
  await first.until((told) => told.event === 'failed' && told.code === 'wrong-checksum');
});

test('a second one hands its addresses to the first, whose list the others steer', async () => {
  const server = await origin();
  server.serve('/slow', { sizeBytes: 3_000_000, bytesPerS: 200_000 });
  server.serve('/other', { sizeBytes: 10 });
  const first = sluice(['--data', data, '--dir', files, '--json', server.url('/slow')]);
  await first.until(({ event }) => event === 'started');
  const list = path.join(dir, 'list.txt');
  fs.writeFileSync(list, `${'# nothing\n'.repeat(3)}${'no link\n'.repeat(250)}${server.url('/other')}\nnone\n`);
  const second = run(list);
  expect(await second.ended).toBe(0);
  expect(events(second.told, 'rejected')).toHaveLength(251);
  await first.until(({ event, url }) => event === 'done' && url === server.url('/other'));
  expect(await sluice(['pause', '--data', data, server.url('/slow')]).ended).toBe(0);
  const shown = sluice(['list', '--json', '--data', data]);
  await shown.ended;
  expect(shown.told.find(({ url }) => url === server.url('/slow'))).toMatchObject({ status: 'paused' });
  server.serve('/slow', { sizeBytes: 3_000_000 });
  expect(await sluice(['resume', '--data', data, 'all']).ended).toBe(0);
  await first.until(({ event, url }) => event === 'done' && url === server.url('/slow'));
  first.child.kill('SIGINT');
  expect(await first.ended).toBe(130);
  expect(sha256(path.join(files, 'slow'))).toBe(contentSha256(seededContent(3_000_000)));
});

test('what is handed to the one that runs goes on there where it was paused, failed or is gone', async () => {
  const server = await origin();
  let healed = false;
  server.serve('/slow', () => ({ sizeBytes: 3_000_000, bytesPerS: healed ? undefined : 200_000 }));
  server.serve('/bad', () => (healed ? { sizeBytes: 10 } : { status: 404 }));
  server.serve('/gone', { sizeBytes: 10 });
  const urls = ['/slow', '/bad', '/gone'].map((name) => server.url(name));
  const first = sluice(['--data', data, '--dir', files, '--json', ...urls]);
  await first.until(({ event }) => event === 'failed');
  await first.until(({ event, url }) => event === 'done' && url === urls[2]);
  expect(await sluice(['pause', '--data', data, urls[0]!]).ended).toBe(0);
  fs.rmSync(path.join(files, 'gone'));
  healed = true;
  const second = run(...urls);
  expect(await second.ended).toBe(0);
  expect(events(second.told, 'handed-over')).toEqual([{ event: 'handed-over', added: 0, resumed: 3 }]);
  await expect
    .poll(
      () =>
        events(first.told, 'done')
          .map(({ url }) => url)
          .sort(),
      { timeout: 15_000 },
    )
    .toEqual([...urls, urls[2]].sort());
  expect(fs.readdirSync(files).sort()).toEqual(['bad', 'gone', 'slow']);
  const elsewhere = sluice(['--data', data, '--dir', path.join(dir, 'elsewhere'), '--json', '--exit', urls[2]!]);
  expect(await elsewhere.ended).toBe(0);
  expect(events(elsewhere.told, 'handed-over')).toMatchObject([{ added: 1, resumed: 0 }]);
  first.child.kill('SIGINT');
  expect(await first.ended).toBe(130);
});

test.skipIf(process.platform !== 'linux')(
  'one that comes while another leaves is the next, and does by itself what it was asked for',
  async () => {
    const server = await origin();
    server.serve('/slow', { sizeBytes: 3_000_000, bytesPerS: 200_000 });
    for (const name of ['other', 'more']) server.serve(`/${name}`, { sizeBytes: 10 });
    const first = run('--workers', '1', server.url('/slow'));
    await first.until(({ event }) => event === 'progress');
    // It waits for a while for a worker that does not let go.
    const { pid } = first.child;
    const workers = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    for (const worker of workers) process.kill(Number(worker), 'SIGSTOP');
    first.child.kill('SIGTERM');
    const second = run(server.url('/other'));
    const third = sluice(['add', '--data', data, '--dir', files, server.url('/more')]);
    await Promise.all([first.ended, third.ended, second.until(({ event }) => event === 'done')]);
    second.child.kill('SIGTERM');
    await second.ended;
    expect([await first.ended, await third.ended]).toEqual([143, 0]);
    const list = sluice(['list', '--json', '--data', data]);
    await list.ended;
    expect(list.told.map(({ url }) => url)).toEqual(
      expect.arrayContaining([server.url('/more'), server.url('/other')]),
    );
  },
);

test('commands act on the stored list when nothing runs', async () => {
  expect(await sluice(['add', '--data', data, '--dir', files, 'http://a.test/x', 'http://a.test/y']).ended).toBe(0);
  expect(await sluice(['pause', '--data', data, '1']).ended).toBe(0);
  expect(await sluice(['remove', '--data', data, 'http://a.test/y']).ended).toBe(0);
  const list = sluice(['list', '--json', '--data', data]);
  await list.ended;
  expect(list.told).toMatchObject([{ id: 1, status: 'paused', url: 'http://a.test/x' }]);
});

test('what is added with a priority starts before all others or after them, said once more with the last one said', async () => {
  const server = await origin();
  for (const name of ['a', 'b', 'c']) server.serve(`/${name}`, { sizeBytes: 10 });
  const add = (...args: string[]) => sluice(['add', '--data', data, '--dir', files, ...args]).ended;
  expect(await add('--priority', 'low', server.url('/a'))).toBe(0);
  expect(await add(server.url('/b'))).toBe(0);
  const list = sluice(['list', '--json', '--data', data]);
  await list.ended;
  expect(list.told.map(({ priority }) => priority)).toEqual(['low', 'normal']);
  expect(await sluice(['pause', '--data', data, '1']).ended).toBe(0);
  const program = run('--parallel', '1', '--priority', 'high', server.url('/c'), server.url('/a'));
  expect(await program.ended).toBe(0);
  const again = sluice(['list', '--json', '--data', data]);
  await again.ended;
  expect(again.told.map(({ priority }) => priority)).toEqual(['high', 'normal', 'high']);
});

test('a broken pipe on standard output ends nothing but the output', async () => {
  const server = await origin();
  for (let n = 0; n < 30; n++) server.serve(`/f${n}`, { sizeBytes: 20_000, seed: n, bytesPerS: 100_000 });
  const urls = Array.from({ length: 30 }, (_, n) => server.url(`/f${n}`));
  const program = run('--parallel', '10', ...urls);
  await program.until(({ event }) => event === 'started');
  program.child.stdout!.destroy();
  expect(await program.ended).toBe(0);
  expect(fs.readdirSync(files)).toHaveLength(30);
  expect(program.stderr()).toBe('');
});

test('a speed limit holds over several processes', async () => {
  const server = await origin();
  for (const name of ['a', 'b', 'c', 'd']) server.serve(`/${name}`, { sizeBytes: 1_500_000 });
  const begun = Date.now();
  const program = run('--limit', '2M', '--workers', '2', ...['a', 'b', 'c', 'd'].map((name) => server.url(`/${name}`)));
  expect(await program.ended).toBe(0);
  // 6 MB at 2 MiB/s; the first instants of each process are given.
  expect(Date.now() - begun).toBeGreaterThan(2200);
});

/** What each of the two processes of one download has loaded, Node's own modules and files. */
async function loadedBy(...args: string[]): Promise<{ engine: string[]; worker: string[] }> {
  const loaded = path.join(dir, 'loaded');
  const hook = path.join(dir, 'hook.cjs');
  fs.writeFileSync(
    hook,
    `process.on('exit', () => {
      const all = [...process.moduleLoadList, ...Object.keys(require.cache).map((file) => require('path').basename(file))];
      require('fs').appendFileSync(${JSON.stringify(loaded)}, all.join() + '\\n');
    })`,
  );
  const env = { NODE_OPTIONS: `--require ${hook}` };
  expect(await sluice(['--data', data, '--dir', files, '--exit', ...args], { env }).ended).toBe(0);
  const lines = fs.readFileSync(loaded, 'utf8').trim().split('\n');
  const processes = lines.map((line) => line.split(','));
  expect(processes).toHaveLength(2);
  const having = (chunk: RegExp) => processes.find((names) => names.some((name) => chunk.test(name)))!;
  return { engine: having(/^program-/), worker: having(/^worker-loop-/) };
}

test('a file over plain HTTP has neither process load what only TLS, checksums, threads and markup need', async () => {
  const server = await origin();
  server.serve('/a.bin', { sizeBytes: 100_000 });
  const { engine, worker } = await loadedBy(server.url('/a.bin'));
  const unneeded = /^NativeModule (?:crypto|tls|https|worker_threads)$|^markup-/;
  for (const names of [engine, worker]) expect(names.filter((name) => unneeded.test(name))).toEqual([]);
});

test('where an address takes TLS the worker has it ready before it is asked, and nobody else', async () => {
  const server = await origin();
  server.serve('/a.bin', { sizeBytes: 1000 });
  // The word only looks like one: TLS is not there for the download.
  const { engine, worker } = await loadedBy('--referer', 'https://host.example/', server.url('/a.bin'));
  expect(worker).toContain('NativeModule tls');
  expect(engine).not.toContain('NativeModule tls');
});

test('code that was compiled once is compiled no more, in neither process', async () => {
  const server = await origin();
  server.serve('/a.bin', { sizeBytes: 1000 });
  const kept = path.join(dir, 'compiled');
  const once = async (name: string): Promise<string[]> => {
    const args = ['--data', path.join(data, name), '--dir', path.join(files, name), '--exit', server.url('/a.bin')];
    expect(await sluice(args, { env: { NODE_COMPILE_CACHE: kept } }).ended).toBe(0);
    const entries = fs.readdirSync(kept, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    // Whoever cannot use what is there puts its own in its place.
    return entries
      .map(({ name: entry, parentPath }) => `${entry} ${fs.statSync(path.join(parentPath, entry)).ino}`)
      .sort();
  };
  const first = await once('first');
  expect(first.length).toBeGreaterThan(10);
  expect(await once('second')).toEqual(first);
});

test('a folder that cannot be used is named', async () => {
  fs.writeFileSync(path.join(dir, 'file'), '');
  const program = sluice(['--data', data, '--dir', path.join(dir, 'file'), '--exit', 'http://a.test/x']);
  expect(await program.ended).toBe(2);
  expect(program.stderr()).toMatch(/file cannot be used as the download folder: .* is a file/);
});
