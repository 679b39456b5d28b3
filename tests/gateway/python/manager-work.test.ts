// Work for managers that real Python programs serve: every task that was taken has one result there, or goes back.
import fs from 'node:fs';
import net from 'node:net';
import { expect, onTestFinished, vi } from 'vitest';
import type { Task } from '../../../shared/protocol.ts';
import { Engine } from '../../../main/engine/engine.ts';
import { workForManager, type ManagerWorkOptions } from '../../../main/gateway/python/manager-work.ts';
import { doneOf, fakeWorkers, type FakeWorker } from '../../engine/fake-worker.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { Program, testWithPython as test } from '../pythons.ts';

/** A manager whose program prints its port, then what its result queue receives, then that its task queue was joined. */
const manager = (tasks: string, { taskRoom = 0, resultRoom = 0, print = 'results.get()' } = {}) => `
from multiprocessing.managers import BaseManager
import queue, sys, threading
# In one piece: print writes the end of a line by itself, and another thread comes in between.
def say(what): sys.stdout.write(f'{what}\\n')
class Results(queue.Queue):
    def put(self, item, block=True, timeout=None):
        try: super().put(item, block, timeout)
        except queue.Full:
            say('full')
            raise
tasks, results = queue.Queue(${taskRoom}), Results(${resultRoom})
class QueueManager(BaseManager): pass
QueueManager.register('get_task_queue', callable=lambda: tasks)
QueueManager.register('get_result_queue', callable=lambda: results)
server = QueueManager(address=('127.0.0.1', 0), authkey=b'abc').get_server()
for task in ${tasks}: tasks.put(task)
threading.Thread(target=server.serve_forever, daemon=True).start()
say(server.address[1])
def joined():
    tasks.join()
    say('joined')
threading.Thread(target=joined, daemon=True).start()
def show():
    while True: say(${print})
threading.Thread(target=show, daemon=True).start()
for line in sys.stdin: say(eval(line))
`;

async function serve(source: string): Promise<{ program: Program; port: number }> {
  const program = new Program(source);
  onTestFinished(() => program.kill());
  return { program, port: Number(await program.line()) };
}

/** An engine that works for the manager at `port`. */
function work(
  port: number,
  onTask: (worker: FakeWorker, task: Task) => void,
  options: Partial<ManagerWorkOptions> = {},
) {
  const { spawn, workers } = fakeWorkers(onTask);
  const engine = new Engine({ dataDir: tempDir(), spawnWorker: spawn, overrides: { dir: tempDir(), workers: 1 } });
  engine.start();
  const stop = new AbortController();
  const troubles: string[] = [];
  const ended = workForManager({
    ...{ host: '127.0.0.1', port, authkey: Buffer.from('abc'), allowMd5: true, engine },
    ...{ dict: false, room: 8, exit: false, signal: stop.signal },
    onJoined: () => troubles.push('joined'),
    onTrouble: ({ code }) => troubles.push(code),
    ...options,
  });
  const leave = () => {
    stop.abort();
    return ended;
  };
  onTestFinished(async () => {
    await leave();
    await engine.close();
  });
  return { engine, ended, leave, troubles, workers };
}

function fetched(worker: FakeWorker, task: Task): void {
  fs.writeFileSync(task.targetPath, '0123456789');
  worker.settle(task, doneOf(task));
}

const lines = async (program: Program, count: number): Promise<string[]> => {
  const all: string[] = [];
  while (all.length < count) all.push(await program.line());
  return all.sort();
};

/** A line to `port` that can be cut, so that nobody comes through until it is mended, or can at once again. */
async function lineTo(port: number) {
  const sockets: net.Socket[] = [];
  const relay = net.createServer((socket) => {
    const onward = net.connect(port, '127.0.0.1');
    for (const end of [socket, onward]) end.on('error', () => undefined);
    socket.pipe(onward).pipe(socket);
    sockets.push(socket, onward);
  });
  const listen = (at: number) => new Promise<void>((resolve) => relay.listen(at, '127.0.0.1', resolve));
  await listen(0);
  onTestFinished(() => void relay.close());
  const { port: relayed } = relay.address() as net.AddressInfo;
  const cut = () => sockets.splice(0).forEach((socket) => socket.destroy());
  /** The connection that was made last ends, and over the others nothing comes any more. */
  const half = () => {
    for (const socket of sockets.splice(-2)) socket.destroy();
    for (const socket of sockets) socket.unpipe().pause();
  };
  return { port: relayed, cut, half, shut: () => (relay.close(), cut()), mend: () => listen(relayed) };
}

test('each of several tasks with one address has its result, and the join of the program ends', async () => {
  const { program, port } = await serve(manager(`['http://a.test/x', 'http://a.test/x', 'http://A.test/x']`));
  const held: (() => void)[] = [];
  const { ended, workers } = work(port, (worker, task) => held.push(() => fetched(worker, task)), { exit: true });
  await vi.waitFor(() => expect(workers[0]?.tasks).toHaveLength(1));
  held[0]!();
  expect(await lines(program, 4)).toEqual([
    'http://A.test/x--->success',
    'http://a.test/x--->success',
    'http://a.test/x--->success',
    'joined',
  ]);
  expect(await ended).toEqual({ lost: 0, failed: false });
});

test('what is no URL, or no plain data, has a result that says so, and the next task is taken', async () => {
  const { program, port } = await serve(manager(`[7, print, 'nonsense', 'http://a.test/x']`));
  const { ended } = work(port, fetched, { exit: true });
  const said = await lines(program, 5);
  expect(said.map((line) => line.replace(/: .*/, ''))).toEqual([
    '7--->failed',
    'a task that cannot be read--->failed',
    'http://a.test/x--->success',
    'joined',
    'nonsense--->failed',
  ]);
  expect(await ended).toEqual({ lost: 0, failed: false });
});

test('when the line breaks it joins again, and tells what ended meanwhile', async () => {
  const { program, port } = await serve(manager(`['http://a.test/1', 'http://a.test/2']`));
  const line = await lineTo(port);
  const held: (() => void)[] = [];
  const { troubles } = work(line.port, (worker, task) => held.push(() => fetched(worker, task)));
  await vi.waitFor(() => expect(held).toHaveLength(2));
  line.cut();
  held.forEach((settle) => settle());
  expect(await lines(program, 3)).toEqual(['http://a.test/1--->success', 'http://a.test/2--->success', 'joined']);
  expect(troubles).toEqual(['joined', 'lost', 'joined']);
});

test('when one connection ends and the other falls silent it joins again all the same', async () => {
  const { program, port } = await serve(manager(`['http://a.test/1']`));
  const line = await lineTo(port);
  const held: (() => void)[] = [];
  const { troubles } = work(line.port, (worker, task) => held.push(() => fetched(worker, task)));
  await vi.waitFor(() => expect(held).toHaveLength(1));
  line.half();
  held[0]!();
  expect(await lines(program, 2)).toEqual(['http://a.test/1--->success', 'joined']);
  expect(troubles).toEqual(['joined', 'lost', 'joined']);
});

test('where the list cannot be written, the program hears that of each task', async () => {
  const { program, port } = await serve(manager(`['http://a.test/1', 'http://a.test/2']`));
  const { engine } = work(port, fetched);
  vi.spyOn(engine.adding, 'addOrResume').mockRejectedValue(new Error('the disk is full'));
  expect(await lines(program, 3)).toEqual([
    'http://a.test/1--->failed: the disk is full',
    'http://a.test/2--->failed: the disk is full',
    'joined',
  ]);
});

test('a full result queue is asked until it has room', async () => {
  const { program, port } = await serve(
    manager(`['http://a.test/1', 'http://a.test/2', 'http://a.test/3']`, {
      resultRoom: 1,
      print: 'threading.Event().wait()',
    }),
  );
  work(port, fetched);
  expect(await program.line()).toBe('full');
  expect(await program.line()).toBe('full');
  const said: string[] = [];
  while (said.length < 3) {
    program.write('results.get(timeout=30)');
    for (let line = await program.line(); ; line = await program.line()) {
      if (line === 'full') continue;
      said.push(line);
      break;
    }
  }
  expect(said.sort()).toEqual([1, 2, 3].map((n) => `http://a.test/${n}--->success`));
});

test('who leaves gives back what has not ended, and tells the rest', async () => {
  const { program, port } = await serve(manager(`['http://a.test/1', 'http://a.test/2', 'http://a.test/3']`));
  const { leave, workers } = work(port, (worker, task) => {
    if (task.url.endsWith('2')) fetched(worker, task);
  });
  await vi.waitFor(() => expect(workers[0]?.tasks).toHaveLength(3));
  expect(await program.line()).toBe('http://a.test/2--->success');
  expect(await leave()).toEqual({ lost: 0, failed: false });
  program.write('(sorted(tasks.queue), tasks.unfinished_tasks)');
  expect(await program.line()).toBe(`(['http://a.test/1', 'http://a.test/3'], 2)`);
});

test('who leaves while the line is broken tries once more to give back what is open', async () => {
  const { program, port } = await serve(manager(`['http://a.test/1', 'http://a.test/2']`));
  const line = await lineTo(port);
  const { leave, workers, troubles } = work(line.port, () => undefined);
  await vi.waitFor(() => expect(workers[0]?.tasks).toHaveLength(2));
  line.shut();
  await vi.waitFor(() => expect(troubles).toContain('unreachable'), 10_000);
  await line.mend();
  expect(await leave()).toEqual({ lost: 0, failed: false });
  program.write('(sorted(tasks.queue), tasks.unfinished_tasks)');
  expect(await program.line()).toBe(`(['http://a.test/1', 'http://a.test/2'], 2)`);
});

test('what a full task queue does not take back is told as failed', async () => {
  const { program, port } = await serve(manager(`['http://a.test/1']`, { taskRoom: 1 }));
  const { leave, workers } = work(port, () => undefined, { room: 1 });
  await vi.waitFor(() => expect(workers[0]?.tasks).toHaveLength(1));
  program.write(`tasks.put('http://a.test/2')`);
  expect(await program.line()).toBe('None');
  expect(await leave()).toEqual({ lost: 0, failed: false });
  expect(await program.line()).toMatch(/^http:\/\/a\.test\/1--->failed: /);
});

test('a manager that is gone is tried again while something is open there, else not by who leaves when all is done', async () => {
  const { program, port } = await serve(manager(`['http://a.test/1']`));
  const waits = work(port, () => undefined, { exit: true });
  await vi.waitFor(() => expect(waits.workers[0]?.tasks).toHaveLength(1));
  program.kill();
  await vi.waitFor(() => expect(waits.troubles).toContain('unreachable'));
  expect(await waits.leave()).toEqual({ lost: 1, failed: false });
  expect(await work(port, fetched, { exit: true }).ended).toEqual({ lost: 0, failed: true });
});
