import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { openInstance, type Instance } from '../../main/engine/instance.ts';
import { contentSha256, seededContent, startOrigin, type Origin } from '../support/origin.ts';
import { tempDir } from '../support/temp-dir.ts';
import { sluice, type Program } from './cli-program.ts';

const run = promisify(execFile);
const sha256 = (file: string) => createHash('sha256').update(fs.readFileSync(file)).digest('hex');

let dir: string;
let key: string;

beforeEach(() => {
  dir = tempDir();
  key = path.join(dir, 'key');
  fs.writeFileSync(key, 'open sesame\n');
});

async function origin(files: number, sizeBytes = 100_000): Promise<{ server: Origin; urls: string[] }> {
  const server = await startOrigin();
  onTestFinished(() => server.close());
  const urls = Array.from({ length: files }, (_, n) => {
    server.serve(`/f${n}.bin`, { sizeBytes: sizeBytes + n, seed: n });
    return server.url(`/f${n}.bin`);
  });
  return { server, urls };
}

type Ports = { program: Program; workers: number; python: number };

async function serving(...args: string[]): Promise<Ports> {
  const program = sluice([
    ...['serve', '--json', '--data', path.join(dir, 'data'), '--dir', path.join(dir, 'files')],
    ...['--listen', '127.0.0.1:0', '--python', '127.0.0.1:0', '--authkey-file', key, ...args],
  ]);
  const listening = async (who: string) =>
    (await program.until(({ event, for: whom }) => event === 'listening' && whom === who)).port as number;
  return { program, workers: await listening('workers'), python: await listening('python') };
}

function worker(port: number, name: string, ...args: string[]): Program {
  const to = ['--connect', `127.0.0.1:${port}`, '--authkey-file', key];
  return sluice(['worker', ...to, '--dir', path.join(dir, name), '--json', ...args]);
}

async function python(program: string, ...args: string[]): Promise<string> {
  const file = path.join(dir, 'program.py');
  fs.writeFileSync(file, program);
  const { stdout } = await run('python3', [file, ...args], { timeout: 30_000 });
  return stdout;
}

const connect = `
import sys, queue
from multiprocessing.managers import BaseManager
class QueueManager(BaseManager): pass
QueueManager.register('get_task_queue')
QueueManager.register('get_result_queue')
m = QueueManager(address=('127.0.0.1', int(sys.argv[1])), authkey=b'open sesame')
m.connect()
task, result = m.get_task_queue(), m.get_result_queue()
`;

test('a Python program finds the addresses, Sluice fetches them, and the program hears of each', async () => {
  const { server, urls } = await origin(12);
  server.serve('/gone', { status: 404 });
  const { python: port } = await serving();
  const program = `${connect}
urls = sys.argv[2:]
for u in urls: task.put(u)
for _ in urls: print(result.get(timeout=20))
`;
  // A second time all but one are there already.
  for (let n = 0; n < 2; n++) {
    const said = (await python(program, String(port), ...urls, server.url('/gone'))).trim().split('\n');
    expect(said.filter((line) => line.endsWith('--->success'))).toHaveLength(12);
    expect(said.filter((line) => line.startsWith(`${server.url('/gone')}--->failed`))).toHaveLength(1);
  }
  for (let n = 0; n < 12; n++) {
    expect(sha256(path.join(dir, 'files', `f${n}.bin`))).toBe(contentSha256(seededContent(100_000 + n, n)));
  }
});

test('a Python program works for Sluice: it takes addresses and its results settle them', async () => {
  const { urls } = await origin(5);
  const { python: port, program } = await serving('--workers', '0');
  expect(await sluice(['add', '--data', path.join(dir, 'data'), '--dir', dir, ...urls]).ended).toBe(0);
  const code = `${connect}
while True:
    try: url = task.get(timeout=1)
    except queue.Empty: break
    result.put(url + '--->success')
print(task.qsize(), task.empty())
`;
  expect((await python(code, String(port))).trim()).toBe('0 True');
  const list = sluice(['list', '--json', '--data', path.join(dir, 'data')]);
  await list.ended;
  expect(list.told.map(({ status }) => status)).toEqual(Array(5).fill('done'));
  program.child.kill('SIGTERM');
  expect(await program.ended).toBe(0);
});

test('what a Python program took and never settled goes back when its connection ends', async () => {
  const { urls } = await origin(1);
  const { python: port } = await serving('--workers', '0');
  await sluice(['add', '--data', path.join(dir, 'data'), '--dir', dir, ...urls]).ended;
  await python(`${connect}\nprint(task.get(timeout=5))`, String(port));
  expect((await python(`${connect}\nprint(task.get(timeout=5))`, String(port))).trim()).toBe(urls[0]);
});

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

test('serve --json tells each message that passes through the tap once, in order, to the last, and no secret', async () => {
  const { server, urls } = await origin(30);
  const { program } = await serving();
  const add = ['add', '--data', path.join(dir, 'data'), '--dir', dir, '--header', 'x-own: secret of a download'];
  expect(await sluice([...add, ...urls]).ended).toBe(0);
  for (const url of urls) await program.until((told) => told.event === 'done' && told.url === url);
  program.child.kill('SIGTERM');
  expect(await program.ended).toBe(0);
  const messages = program.told.filter(({ event }) => event === 'message');
  expect(messages.map(({ seq }) => seq)).toEqual(messages.map((_, n) => n + 1));
  const of = (pipe: RegExp, kind: string) =>
    messages.filter((told) => pipe.test(String(told.pipe)) && told.kind === kind);
  expect(of(/> task queue$/, 'put')).toHaveLength(30);
  expect(of(/^worker \d+ > engine$/, 'result')).toHaveLength(30);
  expect(of(/^engine > worker \d+$/, 'stop').length).toBeGreaterThan(0);
  expect(messages[0]).toMatchObject({
    at: expect.any(Number),
    text: expect.any(String),
    sizeBytes: expect.any(Number),
  });
  expect(server.requests('/f0.bin')[0]!.headers['x-own']).toBe('secret of a download');
  expect(JSON.stringify(messages)).not.toContain('secret of');
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

test.each(['--listen', '--python'])('a port for %s that is taken is said, and ends the program', async (option) => {
  const other = net.createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void other.close());
  await once(other, 'listening');
  const { port } = other.address() as net.AddressInfo;
  const program = sluice([
    ...['serve', '--json', '--data', path.join(dir, 'data'), '--dir', path.join(dir, 'files')],
    ...['--listen', '127.0.0.1:0', '--authkey-file', key, option, `127.0.0.1:${port}`],
  ]);
  expect(await program.ended).toBe(1);
  expect(program.stderr()).toContain(`another program has port ${port}`);
  expect(program.told.filter(({ event }) => event === 'listening')).toEqual([]);
});

test('the Python door has a key of its own, made at first use, and the workers’ key does not open it', async () => {
  const program = sluice([
    ...['serve', '--json', '--data', path.join(dir, 'data'), '--dir', path.join(dir, 'files')],
    ...['--listen', '127.0.0.1:0', '--python', '127.0.0.1:0'],
  ]);
  const { port } = await program.until(({ event, for: whom }) => event === 'listening' && whom === 'python');
  const keyIn = (name: string) => fs.readFileSync(path.join(dir, 'data', name), 'utf8').trim();
  expect(keyIn('python-authkey')).not.toBe(keyIn('authkey'));
  const code = `${connect.replace("b'open sesame'", 'sys.argv[2].encode()')}\nprint(task.qsize())`;
  expect((await python(code, String(port), keyIn('python-authkey'))).trim()).toBe('0');
  await expect(python(code, String(port), keyIn('authkey'))).rejects.toThrow(/AuthenticationError/);
  program.child.kill('SIGTERM');
  expect(await program.ended).toBe(0);
});

test('serve --no-md5 turns away a program that knows nothing better, and leaves cleanly while one is connected', async () => {
  const { python: strict } = await serving('--no-md5', '--data', path.join(dir, 'strict'));
  const speaks = (await python("import sys\nprint('md5' if sys.version_info < (3, 12) else 'sha256')\n")).trim();
  const asked = python(`${connect}\nprint(task.qsize())`, String(strict));
  if (speaks === 'md5') await expect(asked).rejects.toThrow(/AuthenticationError|EOFError|ConnectionResetError/);
  else expect((await asked).trim()).toBe('0');
  const { python: port, program } = await serving('--workers', '0');
  const connected = path.join(dir, 'connected');
  const waiting = python(`${connect}\nopen(sys.argv[2], 'w')\ntask.get()`, String(port), connected).catch(
    () => 'dropped',
  );
  await expect.poll(() => fs.existsSync(connected), { timeout: 10_000 }).toBe(true);
  program.child.kill('SIGTERM');
  expect(await program.ended).toBe(0);
  expect(program.stderr()).toBe('');
  expect(await waiting).toBe('dropped');
});

test('a worker with a wrong key is turned away, and says so', async () => {
  const { workers: port } = await serving();
  const wrong = path.join(dir, 'wrong');
  fs.writeFileSync(wrong, 'guess');
  const program = sluice(['worker', '--connect', `127.0.0.1:${port}`, '--authkey-file', wrong, '--dir', dir]);
  expect(await program.ended).toBe(1);
  expect(program.stderr()).toMatch(/key/);
});

test.each(['text', 'dicts'])(
  'Sluice works for a manager that a Python program serves, with results as %s',
  async (form) => {
    const { server, urls } = await origin(8);
    server.serve('/gone', { status: 404 });
    const manager = path.join(dir, 'manager.py');
    fs.writeFileSync(
      manager,
      `
import sys, queue, threading
from multiprocessing.managers import BaseManager
task, result = queue.Queue(), queue.Queue()
for u in sys.argv[1:]: task.put(u)
class QueueManager(BaseManager): pass
QueueManager.register('get_task_queue', callable=lambda: task)
QueueManager.register('get_result_queue', callable=lambda: result)
server = QueueManager(address=('127.0.0.1', 0), authkey=b'open sesame').get_server()
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.address[1], flush=True)
for _ in sys.argv[1:]: print(result.get(timeout=30), flush=True)
sys.stdin.read()
`,
    );
    const child = execFile('python3', [manager, ...urls, server.url('/gone')]);
    onTestFinished(() => void child.kill('SIGKILL'));
    let said = '';
    child.stdout!.on('data', (text: string) => (said += text));
    await expect.poll(() => said, { timeout: 10_000 }).toMatch(/^\d+\n/);
    const to = ['--python-manager', `127.0.0.1:${said.trim().split('\n')[0]!}`, '--authkey-file', key];
    const program = sluice([
      'worker',
      ...to,
      '--dir',
      path.join(dir, 'out'),
      '--exit',
      '--json',
      ...(form === 'dicts' ? ['--dict'] : []),
    ]);
    expect(await program.ended).toBe(0);
    await expect.poll(() => said.trim().split('\n').length, { timeout: 10_000 }).toBe(10);
    for (const url of urls) {
      expect(said).toContain(
        form === 'text' ? `${url}--->success` : `'url': '${url}', 'status': 'success', 'path': '${dir}/`,
      );
    }
    expect(said).toMatch(form === 'text' ? /gone--->failed: / : /gone', 'status': 'failed', /);
    for (let n = 0; n < 8; n++) {
      expect(sha256(path.join(dir, 'out', `f${n}.bin`))).toBe(contentSha256(seededContent(100_000 + n, n)));
    }
  },
);

test('a worker that is told to leave gives the manager of a Python program back what it has not done', async () => {
  const { server } = await origin(0);
  server.serve('/slow', { sizeBytes: 10_000_000, seed: 1, bytesPerS: 10_000 });
  const manager = path.join(dir, 'manager.py');
  fs.writeFileSync(
    manager,
    `
import sys, queue, threading
from multiprocessing.managers import BaseManager
task, result = queue.Queue(), queue.Queue()
task.put(sys.argv[1])
class QueueManager(BaseManager): pass
QueueManager.register('get_task_queue', callable=lambda: task)
QueueManager.register('get_result_queue', callable=lambda: result)
server = QueueManager(address=('127.0.0.1', 0), authkey=b'open sesame').get_server()
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.address[1], flush=True)
for _ in sys.stdin: print(list(task.queue), flush=True)
`,
  );
  const child = execFile('python3', [manager, server.url('/slow')]);
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  child.stdout!.on('data', (text: string) => (said += text));
  await expect.poll(() => said, { timeout: 10_000 }).toMatch(/^\d+\n/);
  const to = ['--python-manager', `127.0.0.1:${said.trim()}`, '--authkey-file', key];
  const program = sluice(['worker', ...to, '--dir', path.join(dir, 'out'), '--json']);
  await program.until(({ event }) => event === 'progress');
  program.child.kill('SIGTERM');
  expect(await program.ended).toBe(0);
  child.stdin!.write('\n');
  await expect.poll(() => said, { timeout: 10_000 }).toContain(`['${server.url('/slow')}']`);
});

test('echo and check find what passes', async () => {
  const echo = sluice(['echo', '--port', '0']);
  await expect.poll(() => echo.stdout(), { timeout: 10_000 }).toMatch(/:\d+/);
  const port = /:(\d+)/.exec(echo.stdout())![1]!;
  const check = sluice(['check', `127.0.0.1:${port}`, '--json']);
  expect(await check.ended).toBe(0);
  expect(check.told.map(({ outcome }) => outcome)).toEqual(Array(6).fill('passed'));
  echo.child.kill('SIGTERM');
  expect(await echo.ended).toBe(0);
  const after = sluice(['check', `127.0.0.1:${port}`, '--json']);
  expect(await after.ended).toBe(1);
});
