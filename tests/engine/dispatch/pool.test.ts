// The pool: how many worker processes there are, what stops those that crash at once, and who is killed.
import os from 'node:os';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { Engine } from '../../../main/engine/engine.ts';
import { Pool } from '../../../main/engine/dispatch/pool.ts';
import { Tap } from '../../../main/engine/tap.ts';
import type { TaskQueue } from '../../../main/engine/dispatch/task-queue.ts';
import { memoryPorts } from '../../../main/transport/memory.ts';
import type { Aside, Port } from '../../../main/transport/port.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { fakeWorkers } from '../fake-worker.ts';

afterEach(() => vi.useRealTimers());

/** A pool of processes that do nothing by themselves. */
function pool() {
  vi.useFakeTimers();
  const processes: { end: Port; kill: () => void; killed: boolean }[] = [];
  const spawn = () => {
    const [port, end] = memoryPorts();
    const one = { end, killed: false, kill: () => (one.killed = true) };
    processes.push(one);
    return { port, pid: processes.length, kill: one.kill };
  };
  const events = { ready: () => {}, gone: () => {} };
  const made = new Pool({ spawn, queue: {} as TaskQueue, tap: new Tap(Date.now), now: Date.now, events });
  return { pool: made, processes };
}

/** All that is said by now is heard. */
const heard = () => vi.advanceTimersByTimeAsync(0);

test('there are as many workers as the machine has cores, when there is work for them', async () => {
  const dataDir = tempDir();
  const { spawn, workers } = fakeWorkers();
  const engine = new Engine({ dataDir, spawnWorker: spawn, overrides: { dir: dataDir } });
  onTestFinished(() => engine.close());
  engine.start();
  const downloads = Array.from({ length: 100 }, (_, n) => ({ url: `http://${n}.test/f` }));
  await engine.adding.add(downloads, { producer: 'test' });
  await vi.waitFor(() => expect(workers).toHaveLength(Math.min(32, os.cpus().length)));
});

test('one that crashes is replaced, and after five in a row right after their start nobody is for a minute', async () => {
  const { pool: workers, processes } = pool();
  workers.resize(1);
  for (let crashes = 1; crashes <= 5; crashes++) {
    expect(processes).toHaveLength(crashes);
    expect(workers.trouble).toBeNull();
    processes.at(-1)!.end.close();
    await heard();
    if (crashes < 5) await vi.advanceTimersByTimeAsync(200 * crashes);
  }
  expect(workers.trouble?.message).toMatch(/ended 5 times in a row/);
  await vi.advanceTimersByTimeAsync(59_000);
  expect(processes).toHaveLength(5);
  await vi.advanceTimersByTimeAsync(1000);
  expect(processes).toHaveLength(6);
  expect(workers.trouble).toBeNull();
});

test('one that has lived for a while is no crash loop', async () => {
  const { pool: workers, processes } = pool();
  workers.resize(1);
  for (let crashes = 0; crashes < 10; crashes++) {
    await vi.advanceTimersByTimeAsync(5000);
    processes.at(-1)!.end.close();
    await heard();
    await heard();
  }
  expect(processes).toHaveLength(11);
  expect(workers.trouble).toBeNull();
});

test('who does not leave is killed: when asked at the end, and after it has said its end', async () => {
  const { pool: workers, processes } = pool();
  workers.resize(2);
  const [stays, says] = processes;
  workers.resize(1);
  says!.end.close();
  await heard();
  expect(processes.map(({ killed }) => killed)).toEqual([false, false]);
  await vi.advanceTimersByTimeAsync(2000);
  expect(processes.map(({ killed }) => killed)).toEqual([false, true]);
  const closed = workers.close(1500);
  await vi.advanceTimersByTimeAsync(1400);
  expect(stays!.killed).toBe(false);
  await vi.advanceTimersByTimeAsync(200);
  await closed;
  expect(stays!.killed).toBe(true);
});

test('what passes a port beside its messages counts for the rates of its lane', async () => {
  const { pool: workers } = pool();
  const [port] = memoryPorts();
  let tell: (aside: Aside) => void = () => {};
  workers.attach({ ...port, onAside: (listener) => (tell = listener) }, 'elsewhere', '');
  const [link] = workers.links.values();
  for (let n = 0; n < 6; n++) tell({ way: 'in', message: { kind: 'piece', id: 1 }, bytes: 1000 });
  for (let n = 0; n < 2; n++) tell({ way: 'out', message: { kind: 'credit', id: 1 } });
  // Smoothed over two seconds.
  expect(link!.state()).toMatchObject({ inPerS: 3, outPerS: 1 });
  await vi.advanceTimersByTimeAsync(5000);
  tell({ way: 'in', message: { kind: 'piece', id: 1 } });
  expect(link!.state().seenAt, 'it was heard').toBe(Date.now());
});
