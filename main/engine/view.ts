// What faces see: rows, counts, totals and traffic, put together from the store, the leases and the tap.
import path from 'node:path';
import type { Counts, Detail, ListQuery, Selection, Totals } from '../../shared/api.ts';
import type { DownloadId, Extent, Row } from '../../shared/download.ts';
import type { MachineMode } from '../../shared/machines.ts';
import { told } from '../../shared/told.ts';
import type { TapMessage, ThreadCounts, Traffic } from '../../shared/traffic.ts';
import { maskCredentials } from '../../shared/url.ts';
import type { DiskRoom } from './disk-room.ts';
import type { Dispatch } from './dispatch/dispatch.ts';
import type { Guests } from './dispatch/guests.ts';
import type { Lease } from './dispatch/lease.ts';
import { isLive, LiveOrder } from './dispatch/live-order.ts';
import type { Pool } from './dispatch/pool.ts';
import { Rate } from './rate.ts';
import type { SpeedLimits } from './dispatch/speed-limits.ts';
import type { Store, Stored } from './store/store.ts';
import type { Tap } from './tap.ts';

const SEGMENTS_SHOWN = 64;
const MESSAGES_SHOWN = 500;

export type ViewParts = {
  store: Store;
  dispatch: Dispatch;
  pool: Pool;
  guests: Guests;
  tap: Tap;
  disk: DiskRoom;
  now: () => number;
  dir: () => string;
  limits: SpeedLimits;
  modeHere: () => MachineMode;
  /** Pools of threads that are not a worker's, by name. */
  threads: Readonly<Record<string, (() => ThreadCounts) | undefined>>;
};

export class View {
  readonly #parts: ViewParts;
  readonly #commits = new Rate();
  readonly #live = new LiveOrder();
  #lastLoad = { transactions: 0, busyMs: 0, at: 0, busyPercent: 0 };

  constructor(parts: ViewParts) {
    this.#parts = parts;
  }

  list(query: ListQuery, offset: number, limit: number): { rows: Row[]; total: number; revision: number } {
    const { store, dispatch } = this.#parts;
    return {
      rows: store.list
        .rows(this.ids(query, offset, limit))
        .map((stored) => rowOf(stored, dispatch.leases.get(stored.id))),
      total: store.list.count(query),
      revision: dispatch.revision,
    };
  }

  /** The ids of a page of the list. */
  ids(query: ListQuery, offset: number, limit: number): DownloadId[] {
    const { store, dispatch, now } = this.#parts;
    if (!isLive(query)) return store.list.ids(query, offset, limit);
    return this.#live.ids(
      query,
      { leases: [...dispatch.leases.values()], list: store.list, now: now() },
      offset,
      limit,
    );
  }

  /** The addresses (without what is secret in them) or the names of downloads, in the order of the query or the ids. */
  linesOf(which: Selection, what: 'url' | 'name'): string[] {
    const { store, dispatch } = this.#parts;
    const ids = 'ids' in which ? which.ids : this.ids(which.query, 0, store.list.count(which.query));
    return store.list.rows(ids).map((stored) => rowOf(stored, dispatch.leases.get(stored.id))[what]);
  }

  running(): Row[] {
    return [...this.#parts.dispatch.leases.values()]
      .filter((lease) => lease.ending === null && !lease.ahead)
      .map((lease) => rowOf({ ...lease.stored, status: 'running' }, lease));
  }

  counts(): Counts {
    return this.#parts.store.list.counts();
  }

  totals(): Totals {
    const { store, dispatch, pool, disk, dir, limits, modeHere } = this.#parts;
    const leases = [...dispatch.leases.values()].filter(({ ahead }) => !ahead);
    const bytesPerS = leases.reduce((sum, lease) => sum + lease.bytesPerS, 0);
    const left = leases.reduce((sum, lease) => sum + Math.max(0, (lease.stored.sizeBytes ?? 0) - arrived(lease)), 0);
    return {
      bytesPerS,
      leftMs: bytesPerS > 0 ? ((left + store.list.bytesLeft()) / bytesPerS) * 1000 : null,
      freeBytes: disk.freeBytes(dir()),
      limitBytesPerS: limits.allBytesPerS,
      schedule: limits.scheduled,
      workers: pool.ready.length,
      modeHere: modeHere(),
      trouble:
        (dispatch.trouble && told('list-not-written', dispatch.trouble)) ??
        (pool.trouble && told('workers-crash', pool.trouble)) ??
        (store.trouble && told('list-restored', store.trouble)),
    };
  }

  detail(id: DownloadId): Detail | null {
    const { store, dispatch } = this.#parts;
    const stored = store.get(id);
    if (!stored) return null;
    const { checksum, validators } = stored;
    return {
      row: rowOf(stored, dispatch.leases.get(id)),
      path: path.join(stored.dir, stored.status === 'done' ? stored.name : stored.partName),
      finalUrl: validators ? maskCredentials(validators.finalUrl) : null,
      validators: validators && {
        ...validators,
        finalUrl: maskCredentials(validators.finalUrl),
        ...(validators.mirror !== undefined && { mirror: maskCredentials(validators.mirror) }),
      },
      checksum: checksum?.hex ? `${checksum.algorithm}=${checksum.hex}` : null,
      sha256: stored.sha256,
      headers: Object.fromEntries(Object.keys(stored.headers).map((name) => [name, '***'])),
      exchange: store.exchanges.of(id),
      limitBytesPerS: stored.limitBytesPerS,
      events: store.events.of(id),
    };
  }

  /** All messages after `afterSeq` that the tap still has, oldest first. */
  messages(afterSeq: number): TapMessage[] {
    return this.#parts.tap.messages(afterSeq);
  }

  traffic(afterSeq: number): Traffic {
    const { dispatch, pool, guests, tap, store, now } = this.#parts;
    const at = now();
    const counts = store.list.counts();
    const producers = tap.producers();
    return {
      at,
      producers,
      taskQueue: {
        depth: counts.queued,
        capacity: null,
        puts: producers.reduce((sum, { puts }) => sum + puts, 0),
        gets: dispatch.handedOut.total,
        putsPerS: producers.reduce((sum, { putsPerS }) => sum + putsPerS, 0),
        getsPerS: dispatch.handedOut.perS(at),
        waitingGetters: dispatch.waitingGetters,
        waitingPutters: 0,
      },
      resultQueue: {
        ...dispatch.results.state(),
        // The list takes what there is and never waits.
        waitingGetters: guests.waitingForResults,
      },
      workers: [...pool.links.values(), ...guests.all].map((worker) => ({
        ...worker.state(),
        leases: this.#leasesOf(worker.id).map(({ id, epoch, leasedAt }) => ({ id, epoch, ageMs: at - leasedAt })),
        bytesPerS: this.#leasesOf(worker.id).reduce((sum, lease) => sum + lease.bytesPerS, 0),
      })),
      store: this.#storeLoad(at),
      locks: dispatch.targets.state(),
      hosts: dispatch.hosts(),
      threads: this.#threads(),
      messagesPerS: tap.messagesPerS(),
      messages: tap.messages(afterSeq, MESSAGES_SHOWN),
    };
  }

  #threads(): Traffic['threads'] {
    const { pool, threads } = this.#parts;
    const own = Object.entries(threads).flatMap(([name, state]) => (state ? [{ name, ...state() }] : []));
    const workers = [...pool.links.values()].flatMap((link) =>
      link.threads ? [{ name: link.name, ...link.threads }] : [],
    );
    return [...own, ...workers].filter((one) => one.threads + one.waiting > 0);
  }

  #leasesOf(holderId: number): Lease[] {
    return [...this.#parts.dispatch.leases.values()].filter(({ holder, ahead }) => holder.id === holderId && !ahead);
  }

  #storeLoad(at: number): Traffic['store'] {
    const { transactions, busyMs } = this.#parts.store.load;
    const last = this.#lastLoad;
    this.#commits.add(transactions - last.transactions, at);
    const busyPercent = at > last.at ? ((busyMs - last.busyMs) / (at - last.at)) * 100 : last.busyPercent;
    this.#lastLoad = { transactions, busyMs, at, busyPercent };
    return { transactionsPerS: this.#commits.perS(at), busyPercent };
  }
}

function arrived(lease: Lease): number {
  return Math.max(lease.receivedBytes, 0);
}

/** A download as a list shows it, with what its worker last said when it has one. */
function rowOf(stored: Stored, lease: Lease | undefined): Row {
  const live = lease && stored.status === 'running' ? lease : undefined;
  const sizeBytes = live?.stored.sizeBytes ?? stored.sizeBytes;
  return {
    id: stored.id,
    url: maskCredentials(stored.url),
    name: live?.stored.name ?? stored.name,
    host: stored.host,
    dir: stored.dir,
    category: stored.category,
    status: stored.status,
    sizeBytes,
    doneBytes: live ? arrived(live) : stored.doneBytes,
    bytesPerS: live?.bytesPerS ?? 0,
    connections: live?.openConnections ?? 0,
    segments: coarse(live?.extents ?? stored.extents, sizeBytes),
    failure: stored.failure,
    waiting: live?.waiting ?? (stored.notBefore > 0 ? { until: stored.notBefore, reason: 'retry' } : null),
    worker: live?.holder.id ?? null,
    verified: stored.verified,
    priority: stored.priority,
    position: stored.position,
    addedAt: stored.addedAt,
    finishedAt: stored.finishedAt,
  };
}

/** At most 64 extents: the closest neighbours are drawn as one. */
function coarse(extents: readonly Extent[], sizeBytes: number | null): Extent[] {
  if (extents.length <= SEGMENTS_SHOWN) return [...extents];
  const last = extents.at(-1)![1];
  const gap = (sizeBytes ?? last) / SEGMENTS_SHOWN / 2;
  const merged: Extent[] = [];
  for (const [start, end] of extents) {
    const previous = merged.at(-1);
    if (previous && (start - previous[1] < gap || merged.length === SEGMENTS_SHOWN)) previous[1] = end;
    else merged.push([start, end]);
  }
  return merged;
}
