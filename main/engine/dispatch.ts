// The heart: hands tasks to workers, takes their messages through the result queue, and writes all of a turn at once.
import fs from 'node:fs';
import path from 'node:path';
import type { DownloadId, EventKind } from '../../shared/download.ts';
import type { Failure } from '../../shared/failure.ts';
import { needsTarget, type FromWorker, type Outcome } from '../../shared/protocol.ts';
import type { Settings } from '../../shared/settings.ts';
import { maskCredentials } from '../../shared/url.ts';
import type { DiskRoom } from './disk-room.ts';
import { lengthOf, namingOf, newLease, taskOf, type Ending, type Holder, type Lease } from './lease.ts';
import { chooseName, safeName } from './names.ts';
import { Queue } from './queue.ts';
import { Rate } from './rate.ts';
import { busyHosts, plan } from './scheduler.ts';
import type { Signal } from './signal.ts';
import type { Store } from './store/store.ts';

/** Between two turns there is as much time as the last one took, so that many small files share a commit; at most this. */
const TURN_MAX_MS = 20;
/** Durable bytes are written down at most this late; sooner where a commit is quick: it gets a fiftieth of the time. */
const FLUSH_MAX_MS = 1000;
const FLUSH_MIN_MS = 50;
const COMMIT_SHARE = 50;
/** Held by so many crashed workers in a row, a download is leased to a worker of its own; one more that it had alone fails it. */
const SUSPECT_AT = 2;
const CRASHES_MAX = 3;
/** By then a worker has taken away the part file of what is done. */
const PART_GONE_MS = 5000;
/** How far down the list one turn looks for work: at first, and when that was not enough. */
const GLANCE = 2;
const LOOKAHEAD = 64;

type Report = { holder: Holder; message: FromWorker | { kind: 'lost'; why: string | null } };
/** What a turn has decided: what to do once it is written down, and which leases are over by then. */
type Turn = { after: (() => void)[]; over: Set<Lease>; done: Lease[] };

export class Dispatch {
  readonly leases = new Map<DownloadId, Lease>();
  readonly results: Queue<Report>;
  /** Tasks given to workers. */
  readonly handedOut = new Rate();
  /** Grows with every change of membership, order or a settled row. */
  revision = 1;
  /** Why turns fail, in plain words (the database's disk is full); null when they do not. */
  trouble: string | null = null;
  readonly #options: DispatchOptions;
  readonly #wants = new Map<number, { holder: Holder; count: number }>();
  readonly #madeDirs = new Set<string>();
  #hostCaps: Map<string, number>;
  #unapplied: Report[] = [];
  #timer: NodeJS.Timeout | undefined;
  #wakeUp: NodeJS.Timeout | undefined;
  #turnMs = 0;
  #flushedAt = 0;
  #flushMs = FLUSH_MIN_MS;
  #stopped = false;

  constructor(options: DispatchOptions) {
    this.#options = options;
    this.results = new Queue({ capacity: null, now: options.now });
    this.#hostCaps = options.store.hostCaps();
  }

  /** How many tasks workers wait for. */
  get waitingGetters(): number {
    return [...this.#wants.values()].reduce((sum, { count }) => sum + count, 0);
  }

  /** A message of a worker. Those that change what is stored go through the result queue. */
  accept(holder: Holder, message: FromWorker): void {
    switch (message.kind) {
      case 'get':
        return this.want(holder, message.count);
      case 'progress':
        for (const report of message.downloads) {
          const lease = this.#leaseOf(holder, report);
          if (lease) Object.assign(lease, progressOf(report));
        }
        return this.#options.progressed();
      case 'waiting': {
        const lease = this.#leaseOf(holder, message);
        if (lease) lease.waiting = message.until === null ? null : { until: message.until, reason: message.reason };
        return this.#options.progressed();
      }
      case 'saved': {
        const lease = this.#leaseOf(holder, message);
        if (!lease) return;
        lease.extents = message.extents;
        lease.dirty = true;
        return this.#schedule(Math.max(0, this.#flushedAt + this.#flushMs - this.#options.now()));
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
    const want = this.#wants.get(holder.id);
    if (want) want.count += count;
    else this.#wants.set(holder.id, { holder, count });
    this.kick();
  }

  /** A holder waits no longer. */
  unwant(holder: Holder): void {
    this.#wants.delete(holder.id);
  }

  /** Looks for work soon: something was added, resumed or allowed. */
  kick(): void {
    this.#schedule(0);
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

  /** A holder is gone: what it held goes back to the queue, at its place. `why` null: it was asked to leave. */
  lost(holder: Holder, why: string | null): void {
    this.#wants.delete(holder.id);
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

  // --- turns

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
    const turn: Turn = { after: [], over: new Set(), done: [] };
    const begunMs = performance.now();
    try {
      this.#options.store.transaction(() => {
        for (const report of this.#unapplied) this.#apply(report, turn);
        this.#flush(turn);
        this.#options.store.forgetParts(this.#options.now() - PART_GONE_MS);
        this.#fill(turn);
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
    this.#options.progressed();
    this.#wakeLater();
  }

  #flush(turn: Turn): void {
    const { store, now } = this.#options;
    const dirty = [...this.leases.values()].filter((lease) => lease.dirty);
    for (const lease of dirty) store.saveExtents(lease.id, lease.extents, lengthOf(lease.extents));
    turn.after.push(() => {
      for (const lease of dirty) lease.dirty = false;
      this.#flushedAt = now();
    });
  }

  #wakeLater(): void {
    clearTimeout(this.#wakeUp);
    const { store, now } = this.#options;
    const at = this.#wants.size > 0 ? store.nextStartAt(now()) : null;
    if (at !== null) this.#wakeUp = setTimeout(() => this.kick(), Math.min(Math.max(at - now(), 1), 60_000));
  }

  // --- handing out

  #fill(turn: Turn): void {
    const { store, now, settings } = this.#options;
    const wants = [...this.#wants.values()].filter(({ count }) => count > 0);
    if (wants.length === 0 || this.#options.closing()) return;
    const limits = settings();
    const held = [...this.leases.values()].filter((lease) => !turn.over.has(lease));
    const running = held.map((lease) => ({
      holder: lease.holder.id,
      host: lease.stored.host,
      connections: lease.connections,
      shared: lease.holder.shared,
      alone: lease.stored.crashes >= SUSPECT_AT,
    }));
    const free = freePlaces(wants, held, limits.parallel);
    if (free === 0) return;
    const seen = (limit: number) =>
      store
        .candidates(now(), limit, busyHosts(running, this.#hostCaps, limits))
        .filter(({ id }) => !held.some((lease) => lease.id === id))
        .map(({ id, host, crashes }) => ({ id, host, alone: crashes >= SUSPECT_AT }));
    const starting = (candidates: ReturnType<typeof seen>) =>
      plan(
        {
          candidates,
          running,
          wants: wants.map(({ holder, count }) => ({ holder: holder.id, count, shared: holder.shared })),
          hostCaps: this.#hostCaps,
        },
        limits,
      );
    // Mostly the first few will do; further down only when hosts or suspects among them have to wait.
    let starts = starting(seen(free + GLANCE));
    if (starts.length < free) starts = starting(seen(LOOKAHEAD + limits.parallel));
    const begun: Lease[] = [];
    for (const start of starts) {
      const { holder } = this.#wants.get(start.holder)!;
      const stored = store.lease(start.id, holder.place);
      const refused = holder.place === '' ? this.#prepareDir(stored.dir) : null;
      if (refused) {
        this.#fail(start.id, stored.url, refused, turn);
        continue;
      }
      begun.push(newLease(stored, holder, start.connections, now()));
    }
    turn.after.push(() => this.#handOver(begun, limits.hash));
  }

  #handOver(begun: readonly Lease[], hash: boolean): void {
    const perHolder = new Map<Holder, Lease[]>();
    for (const lease of begun) {
      this.leases.set(lease.id, lease);
      const want = this.#wants.get(lease.holder.id);
      if (want) want.count -= 1;
      perHolder.set(lease.holder, [...(perHolder.get(lease.holder) ?? []), lease]);
    }
    if (begun.length > 0) this.revision++;
    this.handedOut.add(begun.length, this.#options.now());
    for (const [holder, leases] of perHolder) {
      holder.send({ kind: 'tasks', tasks: leases.map((lease) => taskOf(lease, hash, this.#options.notes)) });
    }
    for (const { id, stored } of begun) this.#signal({ event: 'started', id, url: maskCredentials(stored.url) });
  }

  /** Makes the folder; a failure when it cannot be made or written. */
  #prepareDir(dir: string): Failure | null {
    if (this.#madeDirs.has(dir) && fs.existsSync(dir)) return null;
    try {
      fs.mkdirSync(dir, { recursive: true });
      fs.accessSync(dir, fs.constants.W_OK);
      this.#madeDirs.add(dir);
      return null;
    } catch (error) {
      return dirFailure(dir, error as NodeJS.ErrnoException);
    }
  }

  // --- taking in

  #apply({ holder, message }: Report, turn: Turn): void {
    const { store, now } = this.#options;
    if (message.kind === 'lost') {
      const held = [...this.leases.values()].filter((lease) => lease.holder === holder);
      for (const lease of held) this.#takeBack(lease, message.why, held.length === 1, turn);
      return;
    }
    if (message.kind === 'host-cap') {
      store.saveHostCap(message.host, message.connections, now());
      this.#hostCaps.set(message.host, message.connections);
      return;
    }
    if (!('id' in message)) return;
    const lease = this.#leaseOf(holder, message);
    if (!lease) return;
    switch (message.kind) {
      case 'probed':
        return this.#applyProbe(lease, message, turn);
      case 'target-taken': {
        const taken = lease.taken + 1;
        const name = store.reserveName(lease.id, lease.wantedName, taken);
        turn.after.push(() => this.#retarget(lease, name, taken));
        return;
      }
      case 'event':
        return this.#note(lease.id, message.event, message.detail);
      case 'result':
        if (!store.recordResult(lease.id, lease.epoch, message.outcome.kind, now())) return;
        return this.#applyOutcome(lease, message.outcome, turn);
      default:
        return;
    }
  }

  #applyProbe(lease: Lease, probed: Extract<FromWorker, { kind: 'probed' }>, turn: Turn): void {
    const { store } = this.#options;
    const { validators, contentDisposition } = probed;
    store.saveProbe(lease.id, validators);
    turn.after.push(() => {
      lease.stored = { ...lease.stored, validators, sizeBytes: validators.totalBytes };
      this.#checkRoom(lease);
      this.revision++;
    });
    if (!needsTarget(namingOf(lease.stored), lease.stored.url, probed)) return;
    const { finalUrl, contentType } = validators;
    const wanted = chooseName({ contentDisposition, finalUrl, contentType });
    const name = store.reserveName(lease.id, wanted);
    turn.after.push(() => {
      lease.wantedName = wanted;
      this.#retarget(lease, name, 0);
    });
  }

  #retarget(lease: Lease, name: string, taken: number): void {
    lease.taken = taken;
    lease.stored = { ...lease.stored, name };
    lease.holder.send({ kind: 'target', id: lease.id, epoch: lease.epoch, path: path.join(lease.stored.dir, name) });
  }

  /** Running downloads together must fit on the disk they go to. */
  #checkRoom(lease: Lease): void {
    const { dir } = lease.stored;
    const free = this.#options.disk.freeBytes(dir);
    if (free === null || !lease.holder.shared) return;
    let needed = 0;
    for (const other of this.leases.values()) {
      if (other.stored.dir === dir && other.stored.sizeBytes !== null && other.ending === null) {
        needed += Math.max(0, other.stored.sizeBytes - Math.max(other.receivedBytes, lengthOf(other.extents)));
      }
    }
    if (needed > free) this.recall([lease.id], 'no-room');
  }

  #applyOutcome(lease: Lease, outcome: Outcome, turn: Turn): void {
    const { store, now } = this.#options;
    const { id } = lease;
    const url = maskCredentials(lease.stored.url);
    this.#endLease(lease, turn);
    switch (outcome.kind) {
      case 'done': {
        // A program elsewhere may name its file as it likes; in this list it has a name of its own.
        const name = lease.holder.place === '' ? path.basename(outcome.path) : safeName(outcome.path);
        store.finish(id, { ...outcome, name: store.reserveName(id, name) }, now());
        this.#note(id, 'done', { sizeBytes: outcome.sizeBytes });
        turn.done.push(lease);
        const { path: file, sizeBytes, sha256 } = outcome;
        turn.after.push(() => this.#signal({ event: 'done', id, url, path: file, sizeBytes, sha256 }));
        return;
      }
      case 'failed':
        store.saveExtents(id, outcome.extents, lengthOf(outcome.extents));
        // It was paused or removed meanwhile: that is what it stays.
        if (lease.ending !== null && lease.ending !== 'no-room') return this.#settleEnding(lease, turn);
        return this.#fail(id, lease.stored.url, outcome.failure, turn);
      case 'released':
        store.saveExtents(id, outcome.extents, lengthOf(outcome.extents));
        return this.#settleEnding(lease, turn);
      default:
        outcome satisfies never;
    }
  }

  #settleEnding(lease: Lease, turn: Turn): void {
    const { store } = this.#options;
    switch (lease.ending) {
      case 'no-room':
        return this.#fail(lease.id, lease.stored.url, noRoom(lease), turn);
      case 'paused':
      case 'removed':
        // The store has said so already, when it was asked for.
        turn.after.push(() => this.kick());
        return;
      case 'requeue':
      case null:
        if (store.get(lease.id)?.status === 'running') store.setStatus(lease.id, 'queued');
        turn.after.push(() => this.kick());
        return;
      default:
        lease.ending satisfies never;
    }
  }

  #fail(id: DownloadId, rawUrl: string, failure: Failure, turn: Turn): void {
    const waits = failure.retry === 'when-possible';
    this.#options.store.setStatus(id, waits ? 'paused' : 'failed', failure);
    this.#note(id, failure.code === 'disk-full' ? 'disk-full' : 'failed', {
      code: failure.code,
      message: failure.message,
    });
    const url = maskCredentials(rawUrl);
    const { code, message } = failure;
    turn.after.push(() => {
      this.revision++;
      this.#signal({ event: waits ? 'waiting' : 'failed', id, url, code, message });
    });
  }

  /** `alone`: the holder had no other lease, so that its crash is this download's. */
  #takeBack(lease: Lease, why: string | null, alone: boolean, turn: Turn): void {
    const { store } = this.#options;
    store.saveExtents(lease.id, lease.extents, lengthOf(lease.extents));
    this.#endLease(lease, turn);
    if (why === null) return this.#settleEnding(lease, turn);
    this.#note(lease.id, 'worker-lost', { worker: lease.holder.name, why });
    const crashes = lease.holder.shared ? store.countCrash(lease.id, alone ? CRASHES_MAX : SUSPECT_AT) : 0;
    if (crashes < CRASHES_MAX || lease.ending !== null) return this.#settleEnding(lease, turn);
    this.#fail(
      lease.id,
      lease.stored.url,
      {
        code: 'worker-crashed',
        message: `The worker process that held it ended ${crashes} times in a row (${why}).`,
        retry: 'by-hand',
      },
      turn,
    );
  }

  /** What is done is in writing now, so that the workers may take the part files' own names away. */
  #tellSettled(done: readonly Lease[]): void {
    for (const holder of new Set(done.map((lease) => lease.holder))) {
      const ids = done.filter((lease) => lease.holder === holder).map(({ id }) => id);
      holder.send({ kind: 'settled', ids });
    }
  }

  #endLease(lease: Lease, turn: Turn): void {
    turn.over.add(lease);
    turn.after.push(() => {
      this.leases.delete(lease.id);
      this.revision++;
    });
  }

  #leaseOf(holder: Holder, { id, epoch }: { id: DownloadId; epoch: number }): Lease | undefined {
    const lease = this.leases.get(id);
    return lease && lease.holder === holder && lease.epoch === epoch ? lease : undefined;
  }

  #note(id: DownloadId, kind: EventKind, detail: Record<string, string | number | boolean | null>): void {
    this.#options.store.addEvent(id, { at: this.#options.now(), kind, detail });
  }

  #signal(signal: Signal): void {
    this.#options.signal(signal);
  }
}

export type DispatchOptions = {
  store: Store;
  disk: DiskRoom;
  /** The folder where workers note what they have written. */
  notes: string;
  now: () => number;
  settings: () => Settings;
  /** No further tasks are handed out: the program is about to end. */
  closing: () => boolean;
  signal: (signal: Signal) => void;
  /** Something that a window shows has changed. */
  progressed: () => void;
};

/** How many tasks could start now, as far as workers and `parallel` go. */
function freePlaces(wants: readonly { holder: Holder; count: number }[], held: readonly Lease[], parallel: number) {
  let shared = 0;
  let others = 0;
  for (const { holder, count } of wants) {
    if (holder.shared) shared += count;
    else others += count;
  }
  const room = Math.max(0, parallel - held.filter(({ holder }) => holder.shared).length);
  return Math.min(shared, room) + others;
}

function progressOf(report: { receivedBytes: number; bytesPerS: number; connections: number }) {
  return {
    receivedBytes: report.receivedBytes,
    bytesPerS: report.bytesPerS,
    openConnections: report.connections,
  };
}

function noRoom(lease: Lease): Failure {
  const { dir, sizeBytes } = lease.stored;
  return {
    code: 'disk-full',
    message: `There is not enough room in ${dir} for this file (${sizeBytes} bytes) and the others that are running. It goes on when there is.`,
    retry: 'when-possible',
  };
}

function dirFailure(dir: string, error: NodeJS.ErrnoException): Failure {
  const by = { retry: 'by-hand' } as const;
  switch (error.code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return { ...by, code: 'no-permission', message: `Sluice may not write into ${dir}. Choose another folder.` };
    case 'ENAMETOOLONG':
      return { ...by, code: 'path-too-long', message: `The path ${dir} is longer than this system takes.` };
    case 'ENOSPC':
    case 'EDQUOT':
      return { code: 'disk-full', message: `There is no room to make the folder ${dir}.`, retry: 'when-possible' };
    default:
      return { ...by, code: 'disk-error', message: `The folder ${dir} cannot be used: ${error.message}` };
  }
}

function isStoreFull(error: unknown): boolean {
  const code = String((error as { code?: unknown }).code);
  return code === 'SQLITE_FULL' || code.startsWith('SQLITE_IOERR') || code === 'SQLITE_BUSY';
}
