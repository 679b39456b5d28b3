// What one turn of the engine shares: the leases, what is to be done once it is written down, and the ways to tell.
import path from 'node:path';
import type { DownloadId, EventKind, Validators } from '../../../shared/download.ts';
import type { Failure } from '../../../shared/failure.ts';
import type { Settings } from '../../../shared/settings.ts';
import { hostOf, maskCredentials } from '../../../shared/url.ts';
import type { DiskRoom } from '../disk-room.ts';
import type { HashLater } from '../hash-later.ts';
import { targetOf, type Ending, type Holder, type Lease } from './lease.ts';
import { Locks, type LockOwner } from './locks.ts';
import { foldName } from '../names.ts';
import { Pace } from './pace.ts';
import { PutOff } from './put-off.ts';
import type { Listeners, Signal } from '../signal.ts';
import type { HostCap } from '../store/side-tables.ts';
import { LATER_MAX_MS } from '../store/queued-table.ts';
import type { Store, Stored } from '../store/store.ts';
import type { Tap } from '../tap.ts';

const FORGIVE_MS = 60_000;
/** A wait that a server asks for is kept here, within these bounds. */
const LATER_MIN_MS = 1000;

export type DispatchOptions = {
  store: Store;
  tap: Tap;
  disk: DiskRoom;
  /** The folder where workers note what they have written. */
  notes: string;
  now: () => number;
  settings: () => Settings;
  /** Worker processes on this machine, those that are starting included. */
  localWorkers: () => number;
  /** No further tasks are handed out now: the program is about to end, or the timetable says no. */
  closing: () => boolean;
  signals: Listeners<Signal>;
  hashLater: HashLater;
  /** One is done whose file another machine keeps. */
  keptElsewhere: (stored: Stored) => void;
  /** There are more downloads than before. */
  grown: () => void;
  /** Something that a window shows has changed. */
  progressed: () => void;
};

/** What a turn has decided: what to do once it is written down, which leases are over, done or begun by then, which paths are given. */
export type Turn = {
  after: (() => void)[];
  over: Set<Lease>;
  done: Lease[];
  renamed: Set<string>;
  /** What was told of content, until it is kept. */
  probed: Map<Lease, Validators>;
  /** Those that waited ahead and have begun, with the connections that each took over. */
  begun: Map<Lease, number>;
};

/** The leases that are out, and what both halves of a turn do with them. */
export class Desk {
  readonly options: DispatchOptions;
  readonly leases = new Map<DownloadId, Lease>();
  /** One a path: two leases never write to the same one, not even while a removed download's worker lets go of it. */
  readonly targets = new Locks(foldTarget);
  /** Downloads that wait for their path, by what they wait as. A lease goes before them. */
  readonly blocked = new Map<DownloadId, LockOwner>();
  readonly putOff = new PutOff();
  /** How fast each holder is done with what it has, by its id. */
  readonly paces = new Map<number, Pace>();
  readonly #hostCaps: Map<string, HostCap>;
  /** Grows with every change of membership, order or a settled row. */
  revision = 1;

  constructor(options: DispatchOptions) {
    this.options = options;
    this.#hostCaps = options.store.hosts.caps();
  }

  /** How many connections a host allows now, as far as is known. A refusal is forgiven bit by bit: one more a minute. */
  capOf(host: string): number {
    const seen = this.#hostCaps.get(host);
    return seen ? seen.cap + Math.max(0, Math.floor((this.options.now() - seen.seenAt) / FORGIVE_MS)) : Infinity;
  }

  /** A host took no more than `cap` connections. */
  lowerCap(host: string, cap: number): void {
    const seenAt = this.options.now();
    this.options.store.hosts.save(host, cap, seenAt);
    this.#hostCaps.set(host, { cap, seenAt });
  }

  paceOf(holder: Holder): Pace {
    let pace = this.paces.get(holder.id);
    if (!pace) this.paces.set(holder.id, (pace = new Pace()));
    return pace;
  }

  /** Whether it runs, or will after this turn. */
  runs(lease: Lease, turn: Turn): boolean {
    return !turn.over.has(lease) && (!lease.ahead || turn.begun.has(lease));
  }

  /** The lease that a message speaks of, if its sender still has it. */
  leaseOf(holder: Holder, { id, epoch }: { id: DownloadId; epoch: number }): Lease | undefined {
    const lease = this.leases.get(id);
    return lease && lease.holder === holder && lease.epoch === epoch ? lease : undefined;
  }

  /** Whether the path of a download is another lease's, one that this turn does not end, or will be after this turn. */
  targetTaken(target: string, own: Lease | null, turn: Turn): boolean {
    if (turn.renamed.has(this.targets.idOf(target))) return true;
    const owner = this.targets.holderOf(target);
    return owner !== null && owner !== own?.owner && ![...turn.over].some((lease) => lease.owner === owner);
  }

  /** The lease goes to the path of its name now, and leaves the one that it had. */
  lockTarget(lease: Lease): void {
    const target = targetOf(lease.stored);
    if (this.targets.holderOf(target) === lease.owner) return;
    this.targets.releaseAll(lease.owner);
    const waiting = new Set(this.blocked.values());
    for (let at = this.targets.holderOf(target); at && waiting.has(at); at = this.targets.holderOf(target)) {
      this.targets.releaseAll(at);
    }
    if (!this.targets.tryAcquire(target, lease.owner)) throw new Error(`Two leases go to ${target}.`);
  }

  /** Takes leases back: the worker flushes and releases; `ending` says what the download becomes. */
  recall(ids: readonly DownloadId[], ending: Exclude<Ending, null>): void {
    for (const id of ids) {
      const lease = this.leases.get(id);
      if (!lease) continue;
      const asked = lease.ending !== null;
      lease.ending = ending;
      if (!asked) lease.holder.send({ kind: 'cancel', id, epoch: lease.epoch });
    }
  }

  /**
   * The download fails, or waits when it can go on by itself later: once there is room, or when its server said (RFC 9110
   * 10.2.3), and that as often in a row as the settings let anything be tried again.
   */
  fail(id: DownloadId, rawUrl: string, told: Failure, turn: Turn): void {
    const host = hostOf(rawUrl);
    const failure = this.putOff.judge(host, id, told, this.options.settings().maxRetries);
    const { code, message, said, retry, retryAfterMs, httpStatus: status = null } = failure;
    const waits = retry === 'when-possible' || retryAfterMs !== undefined;
    if (retryAfterMs !== undefined) {
      const afterMs = Math.min(Math.max(retryAfterMs, LATER_MIN_MS), LATER_MAX_MS);
      this.options.store.setStatus(id, 'queued', failure, this.options.now() + afterMs);
      this.note(id, 'retrying', { ...said, code, message, status, afterMs });
    } else {
      this.options.store.setStatus(id, waits ? 'paused' : 'failed', failure);
      this.note(id, code === 'disk-full' ? 'disk-full' : 'failed', { ...said, code, message });
    }
    const url = maskCredentials(rawUrl);
    turn.after.push(() => {
      this.putOff.count(host, id, retryAfterMs !== undefined);
      this.revision++;
      this.options.signals.tell({ event: waits ? 'waiting' : 'failed', id, url, code, message });
    });
  }

  /** A line in the download's event log. */
  note(id: DownloadId, kind: EventKind, detail: Record<string, string | number | boolean | null>): void {
    this.options.store.events.add(id, { at: this.options.now(), kind, detail });
  }
}

/** Folders are told apart as they are written, names as file systems may: without regard to case. */
function foldTarget(target: string): string {
  const at = target.lastIndexOf(path.sep) + 1;
  return target.slice(0, at) + foldName(target.slice(at));
}
