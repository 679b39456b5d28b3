import { expect, test } from 'vitest';
import {
  busyHosts,
  hostPlaces,
  mirrorPlaces,
  plan,
  planAhead,
  type PlanState,
} from '../../../main/engine/dispatch/scheduler.ts';

const limits = { parallel: 4, connectionsPerDownload: 8, connectionsPerHost: 16 };
const state = (given: Partial<PlanState>): PlanState => ({
  candidates: [],
  running: [],
  waiting: [],
  wants: [{ holder: 1, count: 100, shared: true }],
  capOf: () => Infinity,
  ...given,
});
const queued = (...hosts: string[]) => hosts.map((host, index) => ({ id: index + 1, host, alone: false }));

test('starts in list order and no more than `parallel`', () => {
  const starts = plan(state({ candidates: queued('a', 'b', 'c', 'd', 'e') }), limits);
  expect(starts.map(({ id }) => id)).toEqual([1, 2, 3, 4]);
});

test('gives each task to the worker with the fewest', () => {
  const wants = [1, 2].map((holder) => ({ holder, count: 10, shared: true }));
  const running = [{ holder: 1, host: 'x', connections: 1, shared: true, alone: false }];
  const starts = plan(state({ candidates: queued('a', 'b', 'c'), wants, running }), limits);
  expect(starts.map(({ holder }) => holder)).toEqual([2, 1, 2]);
});

test('a worker elsewhere does not count against this machine', () => {
  const wants = [{ holder: 9, count: 2, shared: false }];
  const running = Array.from({ length: 4 }, () => ({
    holder: 1,
    host: 'x',
    connections: 1,
    shared: true,
    alone: false,
  }));
  expect(plan(state({ candidates: queued('a', 'b', 'c'), wants, running }), limits)).toHaveLength(2);
});

test('what a place has some of goes there, and elsewhere only when nobody there has room', () => {
  const wants = [
    { holder: 1, count: 1, shared: true },
    { holder: 2, count: 1, shared: false, place: 'attic' },
    { holder: 3, count: 1, shared: false, place: 'cellar' },
  ];
  const begun = (...places: (string | null)[]) =>
    places.map((begunAt, index) => ({ id: index + 1, host: `h${index}`, alone: false, begunAt }));
  const holdersOf = (...places: (string | null)[]) =>
    plan(state({ candidates: begun(...places), wants }), limits).map(({ holder }) => holder);
  expect(holdersOf('cellar', 'attic', '')).toEqual([3, 2, 1]);
  expect(holdersOf('cellar', 'cellar', null)).toEqual([3, 1, 2]);
});

test('shares the connections of a host among its tasks', () => {
  const starts = plan(state({ candidates: queued('a', 'a', 'a', 'a') }), limits);
  expect(starts.map(({ connections }) => connections)).toEqual([4, 4, 4, 4]);
});

test('a host that allows one connection gets one task; others go on', () => {
  const starts = plan(
    state({ candidates: queued('a', 'a', 'b'), capOf: (host) => (host === 'a' ? 1 : Infinity) }),
    limits,
  );
  expect(starts).toMatchObject([
    { id: 1, connections: 1 },
    { id: 3, connections: 8 },
  ]);
});

test('names the hosts that take no more', () => {
  const running = [{ holder: 1, host: 'a', connections: 16, shared: true, alone: false }];
  expect(busyHosts(running, () => Infinity, limits)).toEqual(['a']);
  expect(busyHosts(running, () => Infinity, { ...limits, connectionsPerHost: 17 })).toEqual([]);
});

test('a suspect waits for a worker of its own, and keeps it to itself', () => {
  const suspect = { id: 1, host: 'a', alone: true };
  const wants = [1, 2].map((holder) => ({ holder, count: 10, shared: true }));
  const busy = [1, 2].map((holder) => ({ holder, host: 'x', connections: 1, shared: true, alone: false }));
  expect(plan(state({ candidates: [suspect], wants, running: busy }), limits)).toEqual([]);
  const starts = plan(state({ candidates: [suspect, { id: 2, host: 'b', alone: false }], wants }), limits);
  expect(starts.map(({ holder }) => holder)).toEqual([1, 2]);
  const running = [{ holder: 1, host: 'a', connections: 1, shared: true, alone: true }];
  expect(plan(state({ candidates: queued('b'), wants: [wants[0]!], running }), limits)).toEqual([]);
});

test('a suspect does not join those that wait ahead with a worker', () => {
  const suspect = { id: 1, host: 'a', alone: true };
  expect(plan(state({ candidates: [suspect], waiting: [1] }), limits)).toEqual([]);
});

test('ahead of time a worker gets more of the hosts that it fetches from, in list order, as far as it has room', () => {
  const holders = [
    { holder: 1, room: 3, hosts: new Set(['a']) },
    { holder: 2, room: 1, hosts: new Set(['a', 'b']) },
  ];
  const given = planAhead(queued('a', 'b', 'c', 'b', 'a', 'a', 'a'), holders);
  expect(given.map(({ id, holder }) => [id, holder])).toEqual([
    [1, 1],
    [2, 2],
    [5, 1],
    [6, 1],
  ]);
});

test('what a download may open at its mirrors takes places there, and mirrors get what is left of theirs', () => {
  const running = [
    { holder: 1, host: 'a', connections: 8, mirrors: { m: 6, n: 0 }, shared: true, alone: false },
    { holder: 2, host: 'm', connections: 8, shared: true, alone: false },
  ];
  const capOf = (host: string) => (host === 'n' ? 3 : Infinity);
  const used = hostPlaces(running, capOf, limits).map(({ host, used, holders }) => [host, used, [...holders]]);
  expect(used).toEqual([
    ['a', 8, [1]],
    ['m', 14, [1, 2]],
    ['n', 0, []],
  ]);
  expect(mirrorPlaces(['m', 'n', 'o'], 8, running, capOf, limits)).toEqual({ m: 2, n: 3, o: 8 });
  expect(plan(state({ candidates: queued('m', 'm'), running }), limits).map(({ connections }) => connections)).toEqual([
    2,
  ]);
  const full = [{ ...running[0]!, mirrors: { m: 16 } }];
  expect(busyHosts(full, capOf, limits)).toEqual(['m']);
  expect(mirrorPlaces(['m'], 8, full, capOf, limits)).toEqual({ m: 0 });
});
