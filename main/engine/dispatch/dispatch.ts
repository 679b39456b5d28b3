// The heart, the task queue on the list: takes in what holders say through the result queue and hands out tasks, a turn at a time, each one transaction.
import type { DownloadId } from '../../../shared/download.ts';
import { needsTarget, type FromWorker } from '../../../shared/protocol.ts';
import { systemWhy } from '../../../shared/system-why.ts';
import type { Traffic } from '../../../shared/traffic.ts';
import { maskCredentials } from '../../../shared/url.ts';
import { because, type Why } from '../../../shared/why.ts';
import { Desk, type DispatchOptions, type Turn } from './desk.ts';
import { HandingOut } from './handing-out.ts';
import { lengthOf, namingOf, placesOf, type Ending, type Holder, type Lease } from './lease.ts';
import type { Locks } from './locks.ts';
import { Queue, type WaitOptions } from './queue.ts';
import type { Rate } from '../rate.ts';
import { hostPlaces, isFull } from './scheduler.ts';
import type { Signal } from '../signal.ts';
import { isStoreFull } from '../store/sql.ts';
import type { Prepared } from '../store/store.ts';
import { TakingIn, type Report } from './taking-in.ts';
import type { LeaseOutcome, Renewal, Settlement, TaskQueue } from './task-queue.ts';

/**
 * Between two turns there is as much time as the last one took, so that many small files share a commit; at most this, and
 * this when nobody waits for an answer.
 */
const TURN_MAX_MS = 20;
/** Durable bytes are written down at most this late; sooner where a commit is quick: it gets a hundredth of the time. */
const FLUSH_MAX_MS = 1000;
const FLUSH_MIN_MS = 50;
const COMMIT_SHARE = 100;
/** So many of what is put at once are told to the tap one by one. */
const TAPPED = 100;
/** By then a worker has taken away the part file of what is done. */
const PART_GONE_MS = 5000;

/** What somebody puts, until it is kept. */
type Put = { tasks: readonly Prepared[]; kept: (ids: DownloadId[]) => void; refused: (error: Error) => void };

export class Dispatch implements TaskQueue {
  readonly results: Queue<Report>;
  /** Why turns fail, in plain words (the database's disk is full); null when they do not. */
  trouble: Why | null = null;
  readonly #desk: Desk;
  readonly #handingOut: HandingOut;
  readonly #takingIn: TakingIn;
  readonly #holders = new WeakSet<Holder>();
  #puts: Put[] = [];
  #unapplied: Report[] = [];
  #timer: NodeJS.Timeout | undefined;
  #wakeUp: NodeJS.Timeout | undefined;
  #dueAt = 0;
  #turnMs = 0;
  #flushedAt = 0;
  #flushMs = FLUSH_MIN_MS;
  #stopped = false;

  constructor(options: DispatchOptions) {
    this.#desk = new Desk(options);
    this.#handingOut = new HandingOut(this.#desk, () => this.kick());
    this.#takingIn = new TakingIn(this.#desk, () => this.kick());
    this.results = new Queue({ capacity: null, now: options.now });
  }

  get leases(): ReadonlyMap<DownloadId, Lease> {
    return this.#desk.leases;
  }

  /** Who may write to which path, and who waits for it. */
  get targets(): Locks {
    return this.#desk.targets;
  }

  /** The hosts in use, who has places there, and how many wait for one: with a worker already, or next in the queue. */
  hosts(): Traffic['hosts'] {
    const { store, settings } = this.#desk.options;
    const leases = [...this.#desk.leases.values()];
    const running = leases.filter(({ ahead }) => !ahead).map((lease) => placesOf(lease));
    const hosts = hostPlaces(running, (host) => this.#desk.capOf(host), settings());
    const queued = store.queued.ofHosts(hosts.filter(isFull).map(({ host }) => host));
    const names = new Map(leases.map(({ holder }) => [holder.id, holder.name]));
    return hosts.sort(byName).map((one) => {
      const ahead = leases.filter((lease) => lease.ahead && lease.stored.host === one.host).length;
      const holders = [...one.holders].map((id) => names.get(id)!);
      // More run than it was seen to take at once: each has one connection, and they wait for one another.
      const beyond = Math.max(0, one.used - one.places);
      return { ...one, used: one.used - beyond, holders, waiters: beyond + ahead + (queued.get(one.host) ?? 0) };
    });
  }

  /** Grows with every change of membership, order or a settled row. */
  get revision(): number {
    return this.#desk.revision;
  }

  /** Tasks given to workers. */
  get handedOut(): Rate {
    return this.#handingOut.handedOut;
  }

  /** How many downloads end in a second, by what was seen last. */
  get donePerS(): number {
    const nowMs = performance.now();
    return [...this.#desk.paces.values()].reduce((sum, pace) => sum + pace.within(1000, nowMs), 0);
  }

  /** How many workers wait for tasks. */
  get waitingGetters(): number {
    return this.#handingOut.waitingGetters;
  }

  /** Those that come in one turn share a transaction. */
  put(tasks: readonly Prepared[]): Promise<DownloadId[]> {
    return new Promise((kept, refused) => {
      if (this.#stopped) return refused(new Error('The task queue is closed.'));
      this.#puts.push({ tasks, kept, refused });
      this.kick();
    });
  }

  lease(holder: Holder, count: number, wait: WaitOptions = {}): Promise<LeaseOutcome> {
    if (this.#stopped || holder.gone.aborted) return Promise.resolve('closed');
    if (!this.#holders.has(holder)) {
      this.#holders.add(holder);
      holder.gone.addEventListener('abort', () => this.#lost(holder), { once: true });
    }
    const outcome = this.#handingOut.lease(holder, count, wait);
    this.kick();
    return outcome;
  }

  /** What changes what is stored goes through the result queue. */
  renew(holder: Holder, report: Renewal): void {
    switch (report.kind) {
      case 'progress':
        for (const one of report.downloads) {
          const lease = this.#desk.leaseOf(holder, one);
          if (!lease) continue;
          // It gave back what others may wait for.
          if (lease.openConnections > lease.connections && one.connections <= lease.connections) this.kick();
          Object.assign(lease, progressOf(one));
        }
        return this.#desk.options.progressed();
      case 'waiting': {
        const lease = this.#desk.leaseOf(holder, report);
        if (lease) lease.waiting = report.wait;
        return this.#desk.options.progressed();
      }
      case 'saved': {
        const lease = this.#desk.leaseOf(holder, report);
        if (!lease) return;
        if (lengthOf(report.extents) > lengthOf(lease.extents)) this.#desk.putOff.gave(lease.stored.host);
        lease.extents = report.extents;
        lease.brought = report.brought ?? [];
        lease.dirty = true;
        return this.#schedule(Math.max(0, this.#flushedAt + this.#flushMs - performance.now()));
      }
      case 'probed':
      case 'event':
      case 'exchange':
      case 'host-cap':
      case 'target-taken':
        this.results.tryPut({ holder, message: report });
        return this.#schedule(this.#isAwaited(holder, report) ? this.#gatherMs : TURN_MAX_MS);
      default:
        report satisfies never;
    }
  }

  settle(holder: Holder, message: Settlement): Promise<boolean> {
    return new Promise((settled) => {
      if (this.#stopped) return settled(false);
      this.results.tryPut({ holder, message, settled });
      this.#schedule(message.next ? TURN_MAX_MS : this.#gatherMs);
    });
  }

  /** How long others may still speak up to share the turn: the last one that works has nobody to wait for. */
  get #gatherMs(): number {
    return this.#desk.leases.size > 1 ? this.#turnMs : 0;
  }

  /** Whether its sender can not go on before it is answered. */
  #isAwaited(holder: Holder, report: Renewal): boolean {
    if (report.kind === 'exchange') return false;
    if (report.kind !== 'probed') return true;
    const lease = this.#desk.leaseOf(holder, report);
    return lease !== undefined && needsTarget(namingOf(lease.stored), lease.stored.url, report);
  }

  watch(listener: (signal: Signal) => void): () => void {
    return this.#desk.options.signals.on(listener);
  }

  /** Looks for work soon: something was added, resumed or allowed. */
  kick(): void {
    this.#schedule(0);
  }

  /** The list changed by somebody's hand: pages fetched before are stale, and there may be work. */
  listChanged(): void {
    this.#desk.revision++;
    this.kick();
  }

  /** Takes leases back: the worker flushes and releases; `ending` says what the download becomes. */
  recall(ids: readonly DownloadId[], ending: Exclude<Ending, null>): void {
    this.#desk.recall(ids, ending);
  }

  /** What waits with workers ahead of time comes back: it was handed over by rules that hold no more. */
  recallAhead(): void {
    const ids = [...this.#desk.leases.values()].filter(({ ahead }) => ahead).map(({ id }) => id);
    this.#desk.recall(ids, 'requeue');
  }

  /** Applies everything that has come and writes it down, then takes nothing more; for the end of the program. */
  close(): void {
    this.#turn();
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#wakeUp);
    this.#handingOut.close();
    // The disk was full to the last.
    for (const report of this.#unapplied) if ('settled' in report) report.settled(false);
  }

  /** What a holder had that is gone goes back to the queue, at its place. */
  #lost(holder: Holder): void {
    this.#handingOut.forget(holder);
    this.results.tryPut({ holder, message: { kind: 'lost', why: holder.gone.reason as Why | null } });
    this.#schedule(0);
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return;
    const dueAt = performance.now() + delayMs;
    // Who asks for less time brings it forward; nobody puts it off.
    if (this.#timer && this.#dueAt <= dueAt) return;
    clearTimeout(this.#timer);
    this.#dueAt = dueAt;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#turn();
    }, delayMs);
  }

  /** One transaction for all that has come; what it lets out goes out after the commit. */
  #turn(): void {
    if (this.#stopped) return;
    this.#keepPuts();
    this.#unapplied.push(...this.results.takeAll());
    const turn: Turn = {
      after: [],
      over: new Set(),
      done: [],
      renamed: new Set(),
      probed: new Map(),
      begun: new Map(),
    };
    const begunMs = performance.now();
    try {
      this.#desk.options.store.transaction(() => {
        for (const report of this.#unapplied) this.#takingIn.apply(report, turn);
        for (const lease of turn.begun.keys()) {
          // One that is being taken back is queued again already, or it stays as a person wants it.
          if (!turn.over.has(lease) && lease.ending === null) this.#desk.options.store.begin(lease.id);
        }
        for (const [{ id }, validators] of turn.probed) this.#desk.options.store.saveProbe(id, validators);
        this.#flush(turn);
        this.#desk.options.store.forgetParts(this.#desk.options.now() - PART_GONE_MS);
        this.#handingOut.fill(turn);
      });
    } catch (error) {
      if (!isStoreFull(error)) throw error;
      this.trouble = because('list-not-written', { because: systemWhy(error) });
      this.#handingOut.dismiss();
      this.#schedule(1000);
      return;
    }
    const tookMs = performance.now() - begunMs;
    this.#turnMs = Math.min(Math.round(tookMs), TURN_MAX_MS);
    this.#flushMs = Math.min(Math.max(tookMs * COMMIT_SHARE, FLUSH_MIN_MS), FLUSH_MAX_MS);
    this.trouble = null;
    const reports = this.#unapplied.length;
    this.results.taskDone(reports);
    this.#unapplied = [];
    if (reports > 0) this.#desk.options.tap.saw('result queue > store', { kind: 'commit', reports });
    for (const act of turn.after) act();
    this.#handingOut.dismiss();
    this.#tellSettled(turn.done);
    this.#desk.options.progressed();
    this.#wakeLater();
  }

  /** One transaction for all that was put since the last turn. */
  #keepPuts(): void {
    const puts = this.#puts;
    if (puts.length === 0) return;
    this.#puts = [];
    const { store, now, grown, hashLater } = this.#desk.options;
    const tasks = puts.length === 1 ? puts[0]!.tasks : puts.flatMap((put) => put.tasks);
    let ids: DownloadId[];
    try {
      ids = store.add(tasks, now());
    } catch (error) {
      for (const { refused } of puts) refused(error as Error);
      return;
    }
    let at = 0;
    hashLater.sums.added(tasks, ids);
    for (const put of puts) put.kept(ids.slice(at, (at += put.tasks.length)));
    this.#desk.revision++;
    this.#tellAdded(tasks, ids);
    grown();
  }

  #tellAdded(tasks: readonly Prepared[], ids: readonly DownloadId[]): void {
    const { tap, signals } = this.#desk.options;
    const counts = new Map<string, number>();
    for (const [index, { producer, download }] of tasks.entries()) {
      const id = ids[index]!;
      counts.set(producer, (counts.get(producer) ?? 0) + 1);
      if (index >= TAPPED && signals.size === 0) continue;
      const url = maskCredentials(download.url);
      if (index < TAPPED) tap.saw(`${producer} > task queue`, { kind: 'put', url }, id);
      signals.tell({ event: 'added', id, url });
    }
    for (const [producer, count] of counts) tap.produced(producer, count);
  }

  #flush(turn: Turn): void {
    const { store } = this.#desk.options;
    // One that is over has said its last word already, and that was another.
    const dirty = [...this.#desk.leases.values()].filter((lease) => lease.dirty && !turn.over.has(lease));
    for (const lease of dirty) store.saveExtents(lease, lease.extents, lengthOf(lease.extents));
    turn.after.push(() => {
      for (const lease of dirty) lease.dirty = false;
      this.#flushedAt = performance.now();
    });
  }

  #wakeLater(): void {
    clearTimeout(this.#wakeUp);
    const { store, now } = this.#desk.options;
    const at = this.waitingGetters > 0 ? store.queued.nextStartAt(now()) : null;
    if (at !== null) this.#wakeUp = setTimeout(() => this.kick(), Math.min(Math.max(at - now(), 1), 60_000));
  }

  /** What is done is in writing now, so that the workers may take the part files' own names away. */
  #tellSettled(done: readonly Lease[]): void {
    for (const holder of new Set(done.map((lease) => lease.holder))) {
      const ids = done.filter((lease) => lease.holder === holder).map(({ id }) => id);
      holder.send({ kind: 'settled', ids });
    }
  }
}

function byName(one: { host: string }, other: { host: string }): number {
  return one.host < other.host ? -1 : 1;
}

function progressOf(report: Extract<FromWorker, { kind: 'progress' }>['downloads'][number]) {
  return {
    receivedBytes: report.receivedBytes,
    bytesPerS: report.bytesPerS,
    openConnections: report.connections,
    heldBy: report.heldBy ?? null,
  };
}
