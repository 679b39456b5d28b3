// Python programs and Sluice: they put addresses and take them, and Sluice works for a manager of theirs.
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { contentSha256, seededContent } from '../support/origin.ts';
import { sluice } from './cli-program.ts';
import { connect, dir, key, origin, python, serving, sha256 } from './serve-support.ts';

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
