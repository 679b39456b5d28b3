// The Python door, used by real Python programs as their authors would write them from the standard library's documentation.
import { afterEach, describe, expect } from 'vitest';
import { openPythonDoor, type PythonDoor, type PythonDoorOptions } from '../../../main/gateway/python/managers.ts';
import { MemoryQueues } from '../memory-queues.ts';
import { Program, pythons, testWithPython as test } from '../pythons.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function open(
  options: Partial<PythonDoorOptions> = {},
): Promise<{ door: PythonDoor; queues: MemoryQueues; errors: unknown[] }> {
  const queues = new MemoryQueues();
  const errors: unknown[] = [];
  const door = await openPythonDoor({
    host: '127.0.0.1',
    port: 0,
    authkey: Buffer.from('open sesame'),
    allowMd5: true,
    queues,
    onError: (error) => errors.push(error),
    ...options,
  });
  cleanups.push(() => door.close());
  return { door, queues, errors };
}

function start(source: string, command?: string): Program {
  const program = new Program(source, command);
  cleanups.push(() => program.kill());
  return program;
}

/** The lines that every program begins with. */
const joined = (door: PythonDoor, key = 'open sesame'): string => `
from multiprocessing.managers import BaseManager
import queue, os, time, threading

class QueueManager(BaseManager):
    pass

QueueManager.register('get_task_queue')
QueueManager.register('get_result_queue')
manager = QueueManager(address=('127.0.0.1', ${door.port}), authkey=b'${key}')
manager.connect()
tasks = manager.get_task_queue()
results = manager.get_result_queue()
`;

describe.each(pythons())('Python $version', ({ command }) => {
  test('produces, works and listens', async () => {
    const { door, queues } = await open();
    const program = start(
      `${joined(door)}
for n in range(3):
    tasks.put('https://example.org/%d' % n)
print(tasks.qsize(), tasks.empty(), tasks.full(), results.empty())
first = tasks.get()
second = tasks.get(timeout=1)
third = tasks.get_nowait()
print(first, second, third)
results.put(first + '--->success')
results.put(second + '--->failed: no such host')
results.put({'url': third, 'path': '/tmp/a', 'size': 3, 'sha256': 'AB' * 32})
tasks.task_done()
tasks.join()
for n in range(3):
    print(results.get(True, 5))
`,
      command,
    );
    expect(await program.rest()).toEqual([
      '3 False False True',
      'https://example.org/0 https://example.org/1 https://example.org/2',
      'https://example.org/0--->success',
      'https://example.org/1--->failed: no such host',
      'https://example.org/2--->success',
    ]);
    expect(queues.leases.size).toBe(0);
  });

  test('raises queue.Empty and queue.Full, at once and after the time', async () => {
    const { door, queues } = await open();
    queues.capacity = 1;
    const program = start(
      `${joined(door)}
def told(call, *args, **kwds):
    begin = time.monotonic()
    try:
        return call(*args, **kwds)
    except Exception as error:
        waited = 'waited' if time.monotonic() - begin >= 2 else 'at once'
        return '%s.%s %s %s' % (type(error).__module__.lstrip('_'), type(error).__name__, error, waited)
print(told(tasks.get_nowait))
print(told(tasks.get, False))
print(told(tasks.get, True, 2))
print(told(tasks.get, block=True, timeout=-1))
print(told(tasks.put, 'https://example.org/a'))
print(told(tasks.put_nowait, 'https://example.org/b'))
print(told(tasks.put, 'https://example.org/b', timeout=2))
print(tasks.full())
print(told(tasks.put, 7))
print(told(tasks.put, 'nonsense'))
print(told(results.put, 'https://example.org/a--->success'))
print(told(tasks.task_done))
print(told(tasks.get, 1, 2, 3))
print(tasks.get())
`,
      command,
    );
    expect(await program.rest()).toEqual([
      'queue.Empty  at once',
      'queue.Empty  at once',
      'queue.Empty  waited',
      `builtins.ValueError 'timeout' must be a non-negative number at once`,
      'None',
      'queue.Full  at once',
      'queue.Full  waited',
      'True',
      'builtins.TypeError a task is the URL of a download, as str at once',
      'builtins.ValueError nonsense is no http or https URL at once',
      'builtins.ValueError no lease of https://example.org/a is open: it was given back or has a result already at once',
      'builtins.ValueError task_done() called too many times at once',
      'builtins.TypeError takes at most 2 arguments (3 given) at once',
      'https://example.org/a',
    ]);
  });

  test('is told that its key is wrong', async () => {
    const { door } = await open();
    const program = start(
      `
from multiprocessing import AuthenticationError
try:
    exec(${JSON.stringify(joined(door, 'wrong'))})
except AuthenticationError as error:
    print(error)
`,
      command,
    );
    expect(await program.rest()).toEqual(['digest sent was rejected']);
    expect(door.counts()).toMatchObject({ wrongKeys: 1, logins: 0 });
  });
});

test('many threads and processes take each task once', async () => {
  const { door, queues } = await open();
  for (let n = 0; n < 300; n++) queues.tasks.push(`https://example.org/${n}`);
  const program = start(
    `${joined(door)}
from multiprocessing import get_context
def work():
    count = 0
    while True:
        try:
            url = tasks.get(block=False)
        except queue.Empty:
            return count
        results.put(url + '--->success')
        count += 1
def work_in_threads(done):
    threads = [threading.Thread(target=work) for n in range(4)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    work()
fork = get_context('fork')
processes = [fork.Process(target=work_in_threads, args=(None,)) for n in range(2)]
for process in processes: process.start()
for process in processes: process.join()
print([process.exitcode for process in processes])
`,
  );
  expect(await program.rest()).toEqual(['[0, 0]']);
  expect(new Set(queues.results.map(({ url }) => url)).size).toBe(300);
  expect(queues.results).toHaveLength(300);
});

test('references are counted, and what it asks of the manager is answered', async () => {
  const { door } = await open();
  const program = start(
    `${joined(door)}
print(manager._number_of_objects(), 'refcount=1' in manager._debug_info(), tasks, 'AutoProxy' in repr(tasks))
del tasks
print(manager._number_of_objects())
from multiprocessing.managers import AutoProxy, dispatch, Token
made = AutoProxy(results._token, 'pickle', authkey=manager._authkey)
print(made.qsize())
conn = manager._Client(manager._address, authkey=manager._authkey)
try:
    dispatch(conn, None, 'shutdown')
except Exception as error:
    print(type(error).__name__, 'not yours' in str(error))
print(results.qsize())
`,
  );
  expect(await program.rest()).toEqual([`2 True <Sluice's queue of tasks> True`, '1', '0', 'RemoteError True', '0']);
});

test('what a program has leased goes back when it is killed', async () => {
  const { door, queues } = await open();
  queues.tasks.push('https://example.org/a', 'https://example.org/b');
  const program = start(`${joined(door)}
print(tasks.get())
time.sleep(60)
`);
  expect(await program.line()).toBe('https://example.org/a');
  expect(door.clients()).toHaveLength(1);
  program.kill();
  await queues.when(() => queues.gone.length === 1);
  expect(queues.tasks).toEqual(['https://example.org/a', 'https://example.org/b']);
  expect(door.clients()).toHaveLength(0);
});

test('a program that dies while it waits takes nothing with it', async () => {
  const { door, queues } = await open();
  const program = start(`${joined(door)}
print('waiting')
tasks.get()
`);
  await program.line();
  while (door.clients().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  program.kill();
  await queues.when(() => queues.gone.length >= 1);
  queues.tasks.push('https://example.org/a');
  queues.changed();
  await new Promise((resolve) => setImmediate(resolve));
  expect(queues.tasks).toEqual(['https://example.org/a']);
  expect(queues.leases.size).toBe(0);
});

test('a blocked get is woken by a put from elsewhere', async () => {
  const { door } = await open();
  const getter = start(`${joined(door)}
print('ready')
print(tasks.get(timeout=10 ** 8))
`);
  expect(await getter.line()).toBe('ready');
  const putter = start(`${joined(door)}tasks.put('https://example.org/late')`);
  await putter.rest();
  expect(await getter.line()).toBe('https://example.org/late');
});

test('results come as dicts where that was chosen', async () => {
  const { door, queues } = await open({ results: 'dict' });
  queues.results.push({
    url: 'https://example.org/a',
    outcome: 'success',
    path: '/a',
    sizeBytes: 2 ** 40,
    sha256: '00'.repeat(32),
  });
  queues.results.push({ url: 'https://example.org/b', outcome: 'failed', why: '404' });
  const program = start(`${joined(door)}
print(results.get())
print(results.get())
`);
  expect(await program.rest()).toEqual([
    `{'url': 'https://example.org/a', 'status': 'success', 'path': '/a', 'size': 1099511627776, 'sha256': '${'00'.repeat(32)}'}`,
    `{'url': 'https://example.org/b', 'status': 'failed', 'error': '404'}`,
  ]);
});

test('malicious pickles are refused by name, and the same connection goes on', async () => {
  const { door, errors } = await open();
  const program = start(`${joined(door)}
from multiprocessing.managers import RemoteError
class Run:
    def __init__(self, *call): self.call = call
    def __reduce__(self): return self.call
deep = []
for n in range(200): deep = [deep]
cycle = []
cycle.append(cycle)
laughs = ['ha'] * 10
for n in range(9): laughs = [laughs] * 10
for evil in [Run(os.system, ('echo owned',)), Run(eval, ('1',)), deep, cycle, laughs, print, {'a': Run(exec, ('',))}]:
    try:
        tasks.put(evil)
        print('taken')
    except RemoteError as error:
        print(str(error).split('Sluice: ')[1].split('\\n')[0])
print(tasks.qsize())
`);
  expect(await program.rest()).toEqual([
    'Only plain data is taken; posix.system was refused.',
    'Only plain data is taken; builtins.eval was refused.',
    'The pickle is nested deeper than 100.',
    'The pickle is nested deeper than 100.',
    'The pickle has more than 100000 parts.',
    'Only plain data is taken; builtins.print was refused.',
    'Only plain data is taken; builtins.exec was refused.',
    '0',
  ]);
  expect(errors).toEqual([]);
});

test('a message that claims 2 GB ends its connection only', async () => {
  const { door } = await open();
  const program = start(`${joined(door)}
import struct
for head in [struct.pack('!i', 0x7fffffff), struct.pack('!iQ', -1, 2 ** 40), struct.pack('!i', -2)]:
    conn = manager._Client(manager._address, authkey=manager._authkey)
    os.write(conn.fileno(), head + b'x' * 1000)
    try:
        print(conn.recv())
    except (EOFError, ConnectionResetError):
        print('ended')
print(tasks.qsize())
`);
  expect(await program.rest()).toEqual(['ended', 'ended', 'ended', '0']);
});

test('MD5 is refused where that was chosen, and newer Pythons come in all the same', async () => {
  const { door } = await open({ allowMd5: false });
  for (const { command, version } of pythons()) {
    const program = start(
      `
from multiprocessing import AuthenticationError
try:
    exec(${JSON.stringify(joined(door))})
    print('in')
except AuthenticationError:
    print('out')
`,
      command,
    );
    expect([version, ...(await program.rest())]).toEqual([version, Number(version.split('.')[1]) >= 12 ? 'in' : 'out']);
  }
});

test('an engine that cannot take a lease back is told, and the door stays open', async () => {
  const { door, queues, errors } = await open();
  queues.giveBack = () => {
    throw new Error('closed');
  };
  const program = start(`${joined(door)}print(tasks.qsize())`);
  expect(await program.rest()).toEqual(['0']);
  await expect.poll(() => errors).toMatchObject([{ message: 'closed' }]);
  expect(await start(`${joined(door)}print(tasks.qsize())`).rest()).toEqual(['0']);
});

test('what goes wrong in the engine is told to the engine, not to the program', async () => {
  const { door, queues, errors } = await open();
  queues.size = () => {
    throw new Error('a secret path');
  };
  const program = start(`${joined(door)}
try:
    tasks.qsize()
except Exception as error:
    print(type(error).__name__, 'secret' in str(error))
`);
  expect(await program.rest()).toEqual(['RemoteError False']);
  expect(errors).toMatchObject([{ message: 'a secret path' }]);
});
