import { expect, test } from 'vitest';
import { holderName, linesOf } from '../../renderer/views/traffic/lane-lines.ts';
import { wordsIn } from '../../renderer/words.ts';
import { createFormat } from '../../shared/format.ts';
import type { WorkerState } from '../../shared/traffic.ts';

const format = createFormat('en');
const words = wordsIn('en', format);
const worker: WorkerState = {
  id: 3,
  pid: 4711,
  machine: 'attic',
  kind: 'remote',
  runtime: 'node 24',
  seenAt: 0,
  state: 'ready',
  slots: 4,
  leases: [
    { id: 1, epoch: 1, ageMs: 5_000 },
    { id: 2, epoch: 1, ageMs: 65_000 },
  ],
  bytesPerS: 2_000_000,
  rssBytes: 85_000_000,
  cpuPercent: 12,
  loopDelayMs: 1,
  inPerS: 3,
  outPerS: 1,
};

test('a lane says who works where, what it holds and for how long, and what that costs; a low one less', () => {
  const whole = [
    ['Worker 3', '2.00 MB/s'],
    ['pid 4711 · attic', '2 leases · 1:05'],
    ['CPU 12%', '85.0 MB'],
  ];
  expect(linesOf(worker, 80, words, format)).toEqual(whole);
  expect(linesOf(worker, 60, words, format)).toEqual(whole.slice(0, 2));
  expect(linesOf(worker, 34, words, format)).toEqual(whole.slice(0, 1));
});

test('a long name of a machine is cut in a lane, and told in full beside it', () => {
  const far = { ...worker, machine: 'ip-10-0-31-7.eu-west-1.compute.internal' };
  expect(linesOf(far, 80, words, format)[1]![0]).toBe('pid 4711 · ip-10-0-…nternal');
  expect(linesOf(far, Infinity, words, format)[1]![0]).toBe(`pid 4711 · ${far.machine}`);
});

test('what is not known is left out: what a Python program costs, the speed and memory of one that starts', () => {
  const python = { ...worker, kind: 'python', pid: 0, machine: '127.0.0.1', rssBytes: 0, cpuPercent: 0 } as const;
  expect(linesOf({ ...python, leases: [] }, 80, words, format)).toEqual([
    ['Worker 3', '2.00 MB/s'],
    ['127.0.0.1', '0 leases'],
  ]);
  const other = { ...worker, kind: 'local', state: 'starting', leases: [], rssBytes: 0 } as const;
  expect(linesOf({ ...other, leases: [] }, 80, words, format)).toEqual([
    ['Worker 3', 'Starting'],
    ['pid 4711 · this computer', '0 leases'],
    ['CPU 12%', ''],
  ]);
});

test('who holds a lock is called as its lane is, in either language; others by their own name', () => {
  expect(holderName('worker 3', words)).toBe('Worker 3');
  expect(holderName('worker 3', wordsIn('zh-CN', format))).toBe('工作进程 3');
  expect(holderName('attic', words)).toBe('attic');
});
