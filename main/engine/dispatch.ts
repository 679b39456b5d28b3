// The heart: takes the messages of workers through the result queue and hands out tasks, a turn at a time, each one transaction.
import type { DownloadId } from '../../shared/download.ts';
import type { FromWorker } from '../../shared/protocol.ts';
import { Desk, type DispatchOptions, type Turn } from './desk.ts';
import { HandingOut } from './handing-out.ts';
import { lengthOf, type Ending, type Holder, type Lease } from './lease.ts';
import type { Locks } from './locks.ts';
import { Queue } from './queue.ts';
import type { Rate } from './rate.ts';
import { isStoreFull } from './store/sql.ts';
import { TakingIn, type Report } from './taking-in.ts';

/** Between two turns there is as much time as the last one took, so that many small files share a commit; at most this. */
const TURN_MAX_MS = 20;
/** Durable bytes are written down at most this late; sooner where a commit is quick: it gets a fiftieth of the time. */
const FLUSH_MAX_MS = 1000;
const FLUSH_MIN_MS = 50;
const COMMIT_SHARE = 50;
/** By then a worker has taken away the part file of what is done. */
const PART_GONE_MS = 5000;

export class Dispatch {
  readonly results: Queue<Report>;
  /** Why turns fail, in plain words (the database's disk is full); null when they do not. */
  trouble: string | null = null;
  readonly #desk: Desk;
  readonly #handingOut: HandingOut;
  readonly #takingIn: TakingIn;
  #unapplied: Report[] = [];
  #timer: NodeJS.Timeout | undefined;
  #wakeUp: NodeJS.Timeout | undefined;
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

  /** Grows with every change of membership, order or a settled row. */
  get revision(): number {
    return this.#desk.revision;
  }

  /** Tasks given to workers. */
  get handedOut(): Rate {
    return this.#handingOut.handedOut;
  }

  /** How many workers wait for tasks. */
  get waitingGetters(): number {
    return this.#handingOut.waitingGetters;
  }

  /** A message of a worker. Those that change what is stored go through the result queue. */
  accept(holder: Holder, message: FromWorker): void {
    switch (message.kind) {
      case 'get':
        return this.want(holder, message.count);
      case 'progress':
        for (const report of message.downloads) {
          const lease = this.#desk.leaseOf(holder, report);
          if (lease) Object.assign(lease, progressOf(report));
        }
        return this.#desk.options.progressed();
      case 'waiting': {
        const lease = this.#desk.leaseOf(holder, message);
        if (lease) lease.waiting = message.until === null ? null : { until: message.until, reason: message.reason };
        return this.#desk.options.progressed();
      }
      case 'saved': {
        const lease = this.#desk.leaseOf(holder, message);
        if (!lease) return;
        lease.extents = message.extents;
        lease.dirty = true;
        return this.#schedule(Math.max(0, this.#flushedAt + this.#flushMs - performance.now()));
      }
      case 'hello':
      case 'vitals':
      case 'pong':
        return;
      case 'probed':
      case 'event':
      case 'host-cap':
      case 'target-taken':
      case 'result':
        this.results.tryPut({ holder, message });
        return this.#schedule(this.#turnMs);
      default:
        message satisfies never;
    }
  }

  /** A holder waits for `count` more tasks. */
  want(holder: Holder, count: number): void {
    this.#handingOut.want(holder, count);
    this.kick();
  }

  /** A holder waits no longer. */
  unwant(holder: Holder): void {
    this.#handingOut.unwant(holder);
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

  /** A holder is gone: what it held goes back to the queue, at its place. `why` null: it was asked to leave. */
  lost(holder: Holder, why: string | null): void {
    this.unwant(holder);
    this.results.tryPut({ holder, message: { kind: 'lost', why } });
    this.#schedule(0);
  }

  /** Applies everything that has come and writes it down; for the end of the program. */
  settle(): void {
    this.#turn();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#wakeUp);
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return;
    if (this.#timer) {
      if (delayMs >= FLUSH_MIN_MS / 2) return;
      clearTimeout(this.#timer);
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#turn();
    }, delayMs);
  }

  /** One transaction for all that has come; what it lets out goes out after the commit. */
  #turn(): void {
    if (this.#stopped) return;
    this.#unapplied.push(...this.results.takeAll());
    const turn: Turn = { after: [], over: new Set(), done: [], renamed: new Set() };
    const begunMs = performance.now();
    try {
      this.#desk.options.store.transaction(() => {
        for (const report of this.#unapplied) this.#takingIn.apply(report, turn);
        this.#flush(turn);
        this.#desk.options.store.forgetParts(this.#desk.options.now() - PART_GONE_MS);
        this.#handingOut.fill(turn);
      });
    } catch (error) {
      if (!isStoreFull(error)) throw error;
      this.trouble = `The list could not be written: ${(error as Error).message}. Nothing is lost; the next try is in a second.`;
      this.#schedule(1000);
      return;
    }
    const tookMs = performance.now() - begunMs;
    this.#turnMs = Math.min(Math.round(tookMs), TURN_MAX_MS);
    this.#flushMs = Math.min(Math.max(tookMs * COMMIT_SHARE, FLUSH_MIN_MS), FLUSH_MAX_MS);
    this.trouble = null;
    this.results.taskDone(this.#unapplied.length);
    this.#unapplied = [];
    for (const act of turn.after) act();
    this.#tellSettled(turn.done);
    this.#desk.options.progressed();
    this.#wakeLater();
  }

  #flush(turn: Turn): void {
    const { store } = this.#desk.options;
    // One that is over has said its last word already, and that was another.
    const dirty = [...this.#desk.leases.values()].filter((lease) => lease.dirty && !turn.over.has(lease));
    for (const lease of dirty) store.saveExtents(lease.id, lease.extents, lengthOf(lease.extents));
    turn.after.push(() => {
      for (const lease of dirty) lease.dirty = false;
      this.#flushedAt = performance.now();
    });
  }

  #wakeLater(): void {
    clearTimeout(this.#wakeUp);
    const { store, now } = this.#desk.options;
    const at = this.waitingGetters > 0 ? store.nextStartAt(now()) : null;
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

function progressOf(report: { receivedBytes: number; bytesPerS: number; connections: number }) {
  return {
    receivedBytes: report.receivedBytes,
    bytesPerS: report.bytesPerS,
    openConnections: report.connections,
  };
}
