// Joining managers that real Python programs serve.
import { afterEach, describe, expect } from 'vitest';
import { joinPythonManager, type PythonManager } from '../../../main/gateway/python/client.ts';
import { Program, pythons, testWithPython as test } from '../pythons.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** A manager as its author would write it; prints its port, then what its result queue receives. */
const server = `
from multiprocessing.managers import BaseManager
import queue, threading

task_queue = queue.Queue(maxsize=3)
result_queue = queue.Queue()

class QueueManager(BaseManager):
    pass

QueueManager.register('get_task_queue', callable=lambda: task_queue)
QueueManager.register('get_result_queue', callable=lambda: result_queue)
manager = QueueManager(address=('127.0.0.1', 0), authkey=b'abc')
server = manager.get_server()
for n in range(2):
    task_queue.put('https://example.org/%d' % n)
def show():
    while True:
        print(result_queue.get())
threading.Thread(target=show, daemon=True).start()
print(server.address[1])
server.serve_forever()
`;

async function serve(source = server, command?: string): Promise<{ program: Program; port: number }> {
  const program = new Program(source, command);
  cleanups.push(() => program.kill());
  return { program, port: Number(await program.line()) };
}

async function join(port: number, options: { authkey?: string; allowMd5?: boolean } = {}): Promise<PythonManager> {
  const { authkey = 'abc', allowMd5 = true } = options;
  const stop = new AbortController();
  cleanups.push(() => stop.abort());
  const address = { host: '127.0.0.1', port, authkey: Buffer.from(authkey), allowMd5, signal: stop.signal };
  return joinPythonManager(address);
}

describe.each(pythons())('a manager of Python $version', ({ command, version }) => {
  test('gives tasks and takes results', async () => {
    const { program, port } = await serve(server, command);
    const manager = await join(port);
    const { tasks, results } = manager;
    expect(await tasks.qsize()).toBe(2);
    expect(await tasks.get(0)).toEqual({ kind: 'item', value: 'https://example.org/0' });
    expect(await tasks.get(1000)).toEqual({ kind: 'item', value: 'https://example.org/1' });
    expect(await tasks.get(0)).toEqual({ kind: 'empty' });
    expect(await tasks.get(50)).toEqual({ kind: 'empty' });
    expect(await results.put('https://example.org/0--->success', 1000)).toEqual({ kind: 'ok' });
    expect(await results.put({ url: 'https://example.org/1', size: 2 ** 33 }, 1000)).toEqual({ kind: 'ok' });
    expect(await program.line()).toBe('https://example.org/0--->success');
    expect(await program.line()).toBe(`{'url': 'https://example.org/1', 'size': 8589934592}`);
    for (let n = 0; n < 3; n++) expect(await tasks.put('x', 0)).toEqual({ kind: 'ok' });
    expect(await tasks.put('x', 0)).toEqual({ kind: 'full' });
    expect(await tasks.put('x', 50)).toEqual({ kind: 'full' });
    await manager.close();
  });

  test('speaks MD5 only before 3.12', async () => {
    const { port } = await serve(server, command);
    const joined = join(port, { allowMd5: false }).then(
      () => 'in',
      (error: { code: string }) => error.code,
    );
    expect(await joined).toBe(Number(version.split('.')[1]) >= 12 ? 'in' : 'wrong-key');
  });
});

test('a wrong key, a closed port and something else that listens are told apart', async () => {
  const { port, program } = await serve();
  await expect(join(port, { authkey: 'wrong' })).rejects.toMatchObject({ code: 'wrong-key' });
  program.kill();
  await program.rest().catch(() => undefined);
  await expect(join(port)).rejects.toMatchObject({ code: 'unreachable' });
  const other = await serve(`
import socket
listener = socket.create_server(('127.0.0.1', 0))
print(listener.getsockname()[1])
while True:
    conn, _ = listener.accept()
    conn.sendall(b'HTTP/1.1 400 Bad Request\\r\\n\\r\\n')
`);
  await expect(join(other.port)).rejects.toMatchObject({ code: 'lost' });
});

test('a manager that dies ends the waiting call', async () => {
  const { port, program } = await serve();
  const { tasks } = await join(port);
  await tasks.get(0);
  await tasks.get(0);
  const waiting = tasks.get(60_000);
  setTimeout(() => program.kill(), 100);
  await expect(waiting).rejects.toMatchObject({ code: 'lost' });
  await expect(tasks.get(0)).rejects.toMatchObject({ code: 'lost' });
});

test('an exception or an object that the manager sends is not brought to life', async () => {
  const { port } = await serve(
    server.replace(
      "task_queue.put('https://example.org/%d' % n)",
      "task_queue.put(print) if n == 0 else task_queue.put('https://example.org/1')",
    ),
  );
  const { tasks } = await join(port);
  await expect(tasks.get(0)).rejects.toMatchObject({
    code: 'unreadable',
    message: expect.stringContaining('builtins.print'),
  });
  expect(await tasks.get(0)).toEqual({ kind: 'item', value: 'https://example.org/1' });
});

test('a manager without the queues is refused with its own words', async () => {
  const { port } = await serve(
    server.replace("QueueManager.register('get_result_queue', callable=lambda: result_queue)", ''),
  );
  await expect(join(port)).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringContaining('get_result_queue'),
  });
});
