// Decides who gets which download next. Pure: what it is given goes in, a plan comes out.
import type { DownloadId } from '../../../shared/download.ts';
import { ruleFor } from '../../../shared/host-rules.ts';

export type Limits = {
  parallel: number;
  connectionsPerDownload: number;
  connectionsPerHost: number;
  /** Those with a number of their own for a host. */
  hostRules?: readonly { host: string; connections: number | null }[];
};

/** A worker that waits for tasks. `shared` workers run on this machine and count against `parallel`. */
export type Want = {
  holder: number;
  count: number;
  shared: boolean;
  /** Where it keeps files; left out: on this machine. */
  place?: string;
};

export type Running = {
  holder: number;
  host: string;
  connections: number;
  /** How many more it may open at the hosts of its mirrors, by host. */
  mirrors?: Readonly<Record<string, number>>;
  shared: boolean;
  alone: boolean;
};

/** The connections a host was seen to allow at most; Infinity when nothing is known. */
type CapOf = (host: string) => number;

export type PlanState = {
  /** Queued ones in the order in which they are to start. */
  candidates: readonly {
    id: DownloadId;
    host: string;
    alone: boolean;
    connections?: number | null;
    /** The place that has some of it; null or left out: none. */
    begunAt?: string | null;
  }[];
  running: readonly Running[];
  /** Holders that have more ahead of time. */
  waiting: readonly number[];
  wants: readonly Want[];
  capOf: CapOf;
};

export type Start = { id: DownloadId; holder: number; connections: number };

/**
 * Who starts what. Keeps `parallel` on this machine, `connectionsPerHost` (or what the host allows) a host, and gives each
 * new task to the worker with the fewest. The connections of a host are shared out evenly among the tasks in sight.
 * What a place has some of goes there, if a worker of that place has room.
 * No worker of this machine gets more than `perWorker`, so that those still starting have their part.
 * One that must be `alone` (workers died while they held it) gets a worker to itself, so that it harms no other.
 */
export function plan(state: PlanState, limits: Limits, perWorker = Infinity): Start[] {
  const load = new Map<number, number>();
  for (const { holder } of state.running) load.set(holder, (load.get(holder) ?? 0) + 1);
  const closed = new Set(state.running.filter((task) => task.alone).map((task) => task.holder));
  const wants = state.wants.filter((want) => want.count > 0 && !closed.has(want.holder)).map((want) => ({ ...want }));
  let sharedLeft = limits.parallel - state.running.filter((task) => task.shared).length;
  const hosts = new Map<string, HostBudget>();
  for (const { host, connections, mirrors = {} } of state.running) {
    const budget = hostBudget(hosts, host, state, limits);
    budget.used += connections;
    budget.tasks += 1;
    for (const [mirror, places] of Object.entries(mirrors)) hostBudget(hosts, mirror, state, limits).used += places;
  }
  for (const { host } of state.candidates.slice(0, Math.max(limits.parallel, 1))) {
    hostBudget(hosts, host, state, limits).tasks += 1;
  }

  const starts: Start[] = [];
  for (const { id, host, alone, connections: own, begunAt = null } of state.candidates) {
    const budget = hostBudget(hosts, host, state, limits);
    const free = budget.total - budget.used;
    if (free < 1) continue;
    const perShared = sharedLeft > 0 ? perWorker : 0;
    const there = begunAt === null ? [] : wants.filter(({ place = '' }) => place === begunAt);
    const want = leastLoaded(there, load, perShared) ?? leastLoaded(wants, load, perShared);
    if (!want) break;
    if (alone && ((load.get(want.holder) ?? 0) > 0 || state.waiting.includes(want.holder))) continue;
    const fair = Math.max(1, Math.floor(budget.total / Math.max(1, budget.tasks)));
    const connections = Math.min(own ?? limits.connectionsPerDownload, fair, free);
    budget.used += connections;
    want.count = alone ? 0 : want.count - 1;
    if (want.shared) sharedLeft -= 1;
    load.set(want.holder, (load.get(want.holder) ?? 0) + 1);
    starts.push({ id, holder: want.holder, connections });
  }
  return starts;
}

/** A holder with room for `room` more ahead of time, to begin as those that it runs from `hosts` are done. */
export type AheadHolder = { holder: number; room: number; hosts: ReadonlySet<string> };

/** Who holds what ahead of time: in their order, each goes where its host is in use and the most room is. */
export function planAhead<C extends { host: string }>(
  candidates: readonly C[],
  holders: readonly AheadHolder[],
): (C & { holder: number })[] {
  const left = holders.map((each) => ({ ...each }));
  return candidates.flatMap((candidate) => {
    const able = left.filter(({ room, hosts }) => room > 0 && hosts.has(candidate.host));
    const best = able.reduce<(typeof able)[number] | null>(
      (most, each) => (most && most.room >= each.room ? most : each),
      null,
    );
    if (!best) return [];
    best.room -= 1;
    return [{ ...candidate, holder: best.holder }];
  });
}

/** Who has how many of a host's places. */
export type HostPlaces = { host: string; used: number; places: number; holders: Set<number> };

/** The hosts in use: each connection of a task takes one of the places there are, until the task is over or its holder dies. */
export function hostPlaces(
  running: readonly Pick<Running, 'host' | 'holder' | 'connections' | 'mirrors'>[],
  capOf: CapOf,
  limits: Limits,
): HostPlaces[] {
  const hosts = new Map<string, HostPlaces>();
  for (const { host: own, holder, connections, mirrors = {} } of running) {
    for (const [host, places] of [[own, connections] as const, ...Object.entries(mirrors)]) {
      let one = hosts.get(host);
      if (!one) hosts.set(host, (one = { host, used: 0, places: allowance(host, capOf, limits), holders: new Set() }));
      one.used += places;
      if (places > 0) one.holders.add(holder);
    }
  }
  return [...hosts.values()];
}

/** How many of its `connections` a new task may open at the hosts of its mirrors: what all others leave of their places. */
export function mirrorPlaces(
  mirrors: readonly string[],
  connections: number,
  others: Parameters<typeof hostPlaces>[0],
  capOf: CapOf,
  limits: Limits,
): Record<string, number> {
  const used = new Map(hostPlaces(others, capOf, limits).map((one) => [one.host, one.used]));
  return Object.fromEntries(
    mirrors.map((host) => {
      const free = allowance(host, capOf, limits) - (used.get(host) ?? 0);
      return [host, Math.max(0, Math.min(connections, free))];
    }),
  );
}

/** Hosts that take no further task now. */
export function busyHosts(running: readonly Running[], capOf: CapOf, limits: Limits): string[] {
  return hostPlaces(running, capOf, limits)
    .filter(isFull)
    .map(({ host }) => host);
}

export function isFull({ used, places }: HostPlaces): boolean {
  return used >= places;
}

type HostBudget = { total: number; used: number; tasks: number };

function hostBudget(hosts: Map<string, HostBudget>, host: string, state: PlanState, limits: Limits): HostBudget {
  let budget = hosts.get(host);
  if (!budget) {
    budget = { total: allowance(host, state.capOf, limits), used: 0, tasks: 0 };
    hosts.set(host, budget);
  }
  return budget;
}

function allowance(host: string, capOf: CapOf, limits: Limits): number {
  const own = ruleFor(limits.hostRules ?? [], host)?.connections ?? null;
  return Math.min(own ?? limits.connectionsPerHost, capOf(host));
}

function leastLoaded(wants: Want[], load: ReadonlyMap<number, number>, perShared: number): Want | undefined {
  let best: Want | undefined;
  for (const want of wants) {
    if (want.count < 1 || (want.shared && (load.get(want.holder) ?? 0) >= perShared)) continue;
    if (!best || (load.get(want.holder) ?? 0) < (load.get(best.holder) ?? 0)) best = want;
  }
  return best;
}
