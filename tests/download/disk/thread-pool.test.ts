// A pool of threads keeps what people know of pools, and event loops free.
import { writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { hashHere, HashThreads, type HashFile } from '../../../main/download/disk/hashing.ts';
import { ThreadPool } from '../../../main/download/disk/thread-pool.ts';
import { tempDir } from '../../support/temp-dir.ts';
import type { Deed } from './thread-pool-end.ts';

function open(processes?: number): ThreadPool<Deed, number> {
  const pool = new ThreadPool<Deed, number>(new URL('./thread-pool-end.ts', import.meta.url), processes);
  onTestFinished(() => pool.terminate());
  return pool;
}

/** Deeds that wait until `open` is called. */
function gate() {
  const shared = new SharedArrayBuffer(4);
  const open = () => {
    Atomics.store(new Int32Array(shared), 0, 1);
    Atomics.notify(new Int32Array(shared), 0);
  };
  return { deed: { do: 'wait', gate: shared } satisfies Deed, open };
}

const double = (n: number): Deed => ({ do: 'double', n });

test('apply gives the result of one job, map of many in their order', async () => {
  const pool = open(3);
  expect(await pool.apply(double(21))).toBe(42);
  const all = Array.from({ length: 100 }, (_, n) => n);
  expect(await pool.map(all.map(double))).toEqual(all.map((n) => n * 2));
  expect(pool.state().threads).toBeLessThanOrEqual(3);
});

test('a full pool makes work wait, in its order', async () => {
  const pool = open(2);
  const { deed, open: go } = gate();
  const order: number[] = [];
  const held = [pool.apply(deed), pool.apply(deed)];
  const later = [1, 2, 3].map((n) => pool.apply(double(n)).then((result) => order.push(result)));
  expect(pool.state()).toEqual({ threads: 2, busy: 2, waiting: 3 });
  go();
  await Promise.all([...held, ...later]);
  expect([...order].sort()).toEqual([2, 4, 6]);
  expect(pool.state()).toEqual({ threads: 2, busy: 0, waiting: 0 });
});

test('there are as many threads as cores at most, unless told otherwise, and none before there is work', async () => {
  const pool = open();
  expect(pool.state().threads).toBe(0);
  const { deed, open: go } = gate();
  const jobs = Array.from({ length: os.cpus().length + 2 }, () => pool.apply(deed));
  expect(pool.state()).toEqual({ threads: os.cpus().length, busy: os.cpus().length, waiting: 2 });
  go();
  await Promise.all(jobs);
});

test('what a job throws comes back with its code, and the thread goes on', async () => {
  const pool = open(1);
  await expect(pool.apply({ do: 'throw' })).rejects.toMatchObject({ message: 'as told', code: 'ETOLD' });
  await expect(pool.map([double(1), { do: 'throw' }])).rejects.toThrow('as told');
  expect(await pool.apply(double(4))).toBe(8);
});

test('a thread that dies fails its job alone; the next ones have a new thread', async () => {
  const pool = open(1);
  const dead = pool.apply({ do: 'die' });
  const next = pool.apply(double(5));
  await expect(dead).rejects.toThrow('ended');
  expect(await next).toBe(10);
});

test('a closed pool takes nothing more, does what it has, and is joined then', async () => {
  const pool = open(1);
  expect(() => pool.join()).toThrow('closed before');
  const jobs = [1, 2, 3].map((n) => pool.apply(double(n)));
  pool.close();
  await expect(pool.apply(double(9))).rejects.toThrow('closed');
  await pool.join();
  expect(await Promise.all(jobs)).toEqual([2, 4, 6]);
  expect(pool.state()).toEqual({ threads: 0, busy: 0, waiting: 0 });
});

test('terminating ends at once what works and what waits', async () => {
  const pool = open(1);
  const jobs = [pool.apply(gate().deed), pool.apply(double(1))];
  const ends = Promise.allSettled(jobs);
  await vi.waitFor(() => expect(pool.state().busy).toBe(1));
  await pool.terminate();
  expect((await ends).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(pool.state().threads).toBe(0);
});

test('whatever the order of jobs, failures, deaths and closing: each job ends once and as it should, and never more work than may', async () => {
  const deed = fc.constantFrom<Deed['do'] | 'wait a turn'>('double', 'double', 'double', 'throw', 'die', 'wait a turn');
  const ending = fc.constantFrom<'close' | 'terminate'>('close', 'terminate');
  await fc.assert(
    fc.asyncProperty(
      fc.array(deed, { maxLength: 12 }),
      fc.integer({ min: 1, max: 3 }),
      ending,
      async (deeds, size, end) => {
        const pool = open(size);
        const jobs: { deed: Deed['do']; n: number; ends: unknown[] }[] = [];
        for (const [n, one] of deeds.entries()) {
          if (one === 'wait a turn') await new Promise(setImmediate);
          else {
            const job = { deed: one, n, ends: [] as unknown[] };
            jobs.push(job);
            pool.apply(one === 'double' ? double(n) : ({ do: one } as Deed)).then(
              (result) => job.ends.push(result),
              (error: Error) => job.ends.push(error.message),
            );
          }
          const { threads, busy } = pool.state();
          expect(Math.max(threads, busy)).toBeLessThanOrEqual(size);
        }
        if (end === 'close') pool.close();
        else await pool.terminate();
        await pool.join();
        await new Promise(setImmediate);
        for (const { deed: what, n, ends } of jobs) {
          const own = { double: n * 2, throw: 'as told', die: 'The thread that worked on it ended.', wait: 0 }[what];
          const broken = ['The pool was terminated.', 'The thread that worked on it ended.'];
          expect(ends).toHaveLength(1);
          expect(end === 'close' ? [own] : [own, ...broken]).toContain(ends[0]);
        }
        expect(pool.state()).toEqual({ threads: 0, busy: 0, waiting: 0 });
      },
    ),
    { numRuns: 25 },
  );
}, 120_000);

test('while hashes burn the processor in threads, the event loop is late by less than half of what it is without them', async () => {
  const file = path.join(tempDir(), 'big');
  await writeFile(file, Buffer.alloc(32 * 1024 * 1024, 7));
  const threads = new HashThreads(new URL('../../../main/hash-thread.ts', import.meta.url), 2);
  onTestFinished(() => threads.close());
  const lateness = async (hashFile: HashFile): Promise<number> => {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    // Eight files at once, as a worker may have.
    await Promise.all(Array.from({ length: 8 }, () => hashFile(file, 'sha512')));
    delay.disable();
    return delay.mean;
  };
  await threads.hashFile(file, 'sha256', 0, 1);
  expect(await lateness(threads.hashFile)).toBeLessThan((await lateness(hashHere)) / 2);
});
