// Ten thousand malformed messages at the Python door: it lives, its memory stays, its real programs go on.
import { expect } from 'vitest';
import { pickle, Tuple } from '../../main/gateway/python/pickle.ts';
import { openPythonDoor } from '../../main/gateway/python/managers.ts';
import { dice } from './dice.ts';
import { MemoryQueues } from './memory-queues.ts';
import { Program, testWithPython } from './pythons.ts';
import { authkey, cleanups, memoryWatch, ROUNDS, startsOfOthers, storm } from './storm.ts';

async function openDoor(): Promise<{ port: number; queues: MemoryQueues; errors: unknown[] }> {
  const queues = new MemoryQueues();
  const errors: unknown[] = [];
  const door = await openPythonDoor({
    host: '127.0.0.1',
    port: 0,
    authkey,
    allowMd5: true,
    queues,
    onError: (error) => errors.push(error),
  });
  cleanups.push(() => door.close());
  return { port: door.port, queues, errors };
}

/** A Python program that puts and gets until a line comes, then says how often. */
function pythonWorker(port: number): Program {
  const program = new Program(`
from multiprocessing.managers import BaseManager
import sys, threading
class M(BaseManager): pass
M.register('get_task_queue'); M.register('get_result_queue')
m = M(address=('127.0.0.1', ${port}), authkey=b'open sesame'); m.connect()
tasks, results = m.get_task_queue(), m.get_result_queue()
over = threading.Event()
threading.Thread(target=lambda: (sys.stdin.readline(), over.set()), daemon=True).start()
print('ready')
count = 0
while not over.wait(0.002):
    url = 'https://example.org/%d' % count
    tasks.put(url)
    assert tasks.get(timeout=5) == url
    results.put(url + '--->success')
    assert results.get(timeout=5) == url + '--->success'
    count += 1
m.get_task_queue().qsize()
print(count)
`);
  cleanups.push(() => program.kill());
  return program;
}

const message = (body: Buffer): Buffer => {
  const head = Buffer.alloc(4);
  head.writeInt32BE(body.length);
  return Buffer.concat([head, body]);
};

testWithPython('the Python door', { timeout: 60_000 }, async () => {
  const { port, errors } = await openDoor();
  const program = pythonWorker(port);
  expect(await program.line()).toBe('ready');
  const { bytes, pick, damage } = dice(3);
  const answers = [
    Buffer.alloc(16, 1),
    Buffer.concat([Buffer.from('{sha256}'), Buffer.alloc(32)]),
    Buffer.from('#WELCOME#'),
  ];
  await storm(port, (round) =>
    [
      () => bytes(300),
      () => Buffer.from(pick(...startsOfOthers), 'latin1'),
      () => message(pick(...answers)),
      () => damage(message(pick(...answers))),
      () => Buffer.from([0x7f, 0xff, 0xff, 0xff]),
      () => Buffer.from([0xff, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0, 0, 0, 0]),
      () => Buffer.concat(Array<Buffer>(50).fill(message(Buffer.alloc(0)))),
      () => message(pickle(new Tuple(null, 'dummy', new Tuple(), {}))),
    ][round % 8]!(),
  );
  program.write('stop');
  expect(Number(await program.line())).toBeGreaterThan(20);
  expect(errors).toEqual([]);
});

testWithPython('the Python door, by a program that has the key', { timeout: 60_000 }, async () => {
  const { port, queues, errors } = await openDoor();
  const program = new Program(`
from multiprocessing.managers import BaseManager, dispatch
import os, pickle, random
class M(BaseManager): pass
M.register('get_task_queue'); M.register('get_result_queue')
m = M(address=('127.0.0.1', ${port}), authkey=b'open sesame'); m.connect()
tasks = m.get_task_queue()
tasks.qsize()
conn = tasks._tls.connection
random.seed(4)
good = pickle.dumps((tasks._id, 'put', ('https://example.org/', True, None), {}))
wrong = [None, (), (1, 2, 3, 4), ('0', 'qsize', (), {}), (tasks._id, 'qsize', {}, ()), (tasks._id, 'mutex', (), {}),
         (tasks._id, '__class__', (), {}), (tasks._id, '#GETVALUE', (), {}), (tasks._id, 'get', (False, -1, 3), {}),
         (tasks._id, 'put', (), {'item': [[]], 'block': {}}), (tasks._id, 'qsize', (), {'a': 1})]
kinds = {}
for n in range(${ROUNDS}):
    if n % 5 == 0:
        evil = pickle.dumps(random.choice(wrong))
    elif n % 5 == 1:
        evil = random.randbytes(random.randint(1, 200))
    else:
        evil = bytearray(good)
        for _ in range(random.randint(1, 4)):
            evil[random.randrange(len(evil))] = random.randrange(256)
    conn.send_bytes(bytes(evil))
    kind = pickle.loads(conn.recv_bytes())[0]
    kinds[kind] = kinds.get(kind, 0) + 1
print(sum(kinds.values()), sorted(kinds))
print(m.get_task_queue().qsize() >= 0)
`);
  await expect.poll(() => queues.tasks.length, { timeout: 30_000 }).toBeGreaterThan(0);
  const memory = memoryWatch();
  const lines = await program.rest();
  memory.expectFlat();
  expect(lines).toEqual([`${ROUNDS} ['#ERROR', '#RETURN', '#TRACEBACK']`, 'True']);
  expect(errors).toEqual([]);
  expect(queues.tasks.every((url) => url.startsWith('http'))).toBe(true);
});
