// Taking in: what workers report, applied to the store within a turn.
import path from 'node:path';
import { needsTarget, type FromWorker, type Outcome } from '../../../shared/protocol.ts';
import { maskCredentials } from '../../../shared/url.ts';
import { asMirrored, type Extent } from '../../../shared/download.ts';
import { fail, type Failure } from '../../../shared/failure.ts';
import { because, type Why } from '../../../shared/why.ts';
import type { Desk, Turn } from './desk.ts';
import { FetchedSums } from '../fetched-sums.ts';
import { hostsOf, lengthOf, namingOf, targetOf, workerOf, type Holder, type Lease } from './lease.ts';
import { chooseName, safeName } from '../names.ts';
import { partTimeOf } from './part-time.ts';
import type { Renewal, Settlement } from './task-queue.ts';

/** Held by so many crashed workers in a row, a download is leased to a worker of its own; one more that it had alone fails it. */
export const SUSPECT_AT = 2;
const CRASHES_MAX = 3;

/** The news that a holder is gone; `why` null: it was asked to leave. */
type Lost = { kind: 'lost'; why: Why | null };
/** What a turn takes in. */
export type Report =
  | { holder: Holder; message: Renewal | Lost }
  | { holder: Holder; message: Settlement; settled: (counted: boolean) => void };

export class TakingIn {
  readonly #desk: Desk;
  readonly #kick: () => void;

  /** `kick`: looks for work soon. */
  constructor(desk: Desk, kick: () => void) {
    this.#desk = desk;
    this.#kick = kick;
  }

  /** Applies a report within the turn's transaction. What it changes in memory waits for the commit, so that it can be tried again. */
  apply(report: Report, turn: Turn): void {
    if ('settled' in report) {
      const { holder, message, settled } = report;
      const counted = this.#settle(holder, message, turn);
      turn.after.push(() => settled(counted));
    } else this.#renew(report.holder, report.message, turn);
  }

  /** A result counts once, and only while its sender has the lease. */
  #settle(holder: Holder, { id, epoch, outcome, next }: Settlement, turn: Turn): boolean {
    const { store, now } = this.#desk.options;
    const lease = this.#desk.leaseOf(holder, { id, epoch });
    // Of what it had some time ago it only asks what has become of it.
    if (!lease && !store.machines.isBegun(id, holder.place)) {
      turn.after.push(() => holder.send({ kind: 'settled', ids: [id] }));
    }
    if (!lease || turn.over.has(lease) || !store.recordResult(id, epoch, outcome.kind, now())) return false;
    this.#applyOutcome(lease, outcome, turn);
    if (next) {
      const connections = turn.begun.get(lease) ?? lease.connections;
      this.#begin(this.#desk.leaseOf(holder, next), connections, next.connections, turn);
    }
    return true;
  }

  #renew(holder: Holder, message: Renewal | Lost, turn: Turn): void {
    const { leases } = this.#desk;
    if (message.kind === 'lost') {
      const held = [...leases.values()].filter((lease) => lease.holder === holder && !turn.over.has(lease));
      const running = held.filter((lease) => this.#desk.runs(lease, turn));
      for (const lease of held) this.#takeBack(lease, message.why, running.length === 1, turn);
      this.#desk.paces.delete(holder.id);
      return;
    }
    if (message.kind === 'host-cap') {
      const { host, connections } = message;
      const own = [...leases.values()].filter((lease) => lease.holder === holder);
      // What others fetch elsewhere is not its to slow down.
      if (own.some(({ stored }) => hostsOf(stored).includes(host))) this.#desk.lowerCap(host, connections);
      return;
    }
    const lease = 'id' in message ? this.#desk.leaseOf(holder, message) : undefined;
    if (!lease || turn.over.has(lease)) return;
    switch (message.kind) {
      case 'probed':
        return this.#applyProbe(lease, message, turn);
      case 'target-taken': {
        return this.#rename(lease, lease.wantedName, lease.taken + 1, turn);
      }
      case 'event':
        return this.#desk.note(lease.id, message.event, message.detail);
      case 'exchange':
        return this.#desk.options.store.exchanges.save(lease.id, message.exchange);
      default:
        return;
    }
  }

  /** It waited ahead and has the place of one that is done, with its connections; `taken`: as many as the holder knew of. */
  #begin(lease: Lease | undefined, connections: number, taken: number, turn: Turn): void {
    if (!lease?.ahead || turn.over.has(lease) || turn.begun.has(lease)) return;
    const { now, signals } = this.#desk.options;
    turn.begun.set(lease, connections);
    this.#desk.note(lease.id, 'started', workerOf(lease.holder));
    turn.after.push(() => {
      lease.ahead = false;
      lease.connections = connections;
      lease.leasedAt = now();
      const { id, epoch, holder } = lease;
      if (connections !== taken) holder.send({ kind: 'connections', id, epoch, connections });
      signals.tell({ event: 'started', id: lease.id, url: maskCredentials(lease.stored.url) });
    });
  }

  #applyProbe(lease: Lease, probed: Extract<FromWorker, { kind: 'probed' }>, turn: Turn): void {
    const { store } = this.#desk.options;
    const { contentDisposition } = probed;
    // A worker that does not know yet of a new link speaks of the old one.
    const isOldLink = lease.ending === 'requeue' && store.get(lease.id)?.url !== lease.stored.url;
    const validators = isOldLink ? asMirrored(probed.validators)! : probed.validators;
    turn.probed.set(lease, validators);
    turn.after.push(() => {
      lease.stored = { ...lease.stored, validators, sizeBytes: validators.totalBytes };
      this.#checkRoom(lease);
      this.#desk.revision++;
    });
    if (!needsTarget(namingOf(lease.stored), lease.stored.url, probed)) return;
    const { finalUrl, contentType } = validators;
    const wanted = chooseName({ contentDisposition, finalUrl, contentType });
    this.#rename(lease, wanted, 0, turn);
  }

  /** Gives a lease the wanted name, numbered from `taken` on until nobody else has it, nor writes to its path. */
  #rename(lease: Lease, wanted: string, taken: number, turn: Turn): void {
    // What was removed gets no name any more: others may have it, and its worker was told to stop.
    if (lease.ending === 'removed') return;
    const { dir } = lease.stored;
    let name = this.#desk.options.store.reserveName(lease.id, wanted, taken);
    while (this.#desk.targetTaken(targetOf({ dir, name }), lease, turn)) {
      taken += 1;
      name = this.#desk.options.store.reserveName(lease.id, wanted, taken);
    }
    turn.renamed.add(this.#desk.targets.idOf(targetOf({ dir, name })));
    turn.after.push(() => {
      lease.wantedName = wanted;
      lease.taken = taken;
      this.#retarget(lease, name);
    });
  }

  #retarget(lease: Lease, name: string): void {
    const { stored } = lease;
    const category = stored.categoryGiven ? stored.category : this.#desk.options.store.names.category(name);
    lease.stored = { ...stored, name, category };
    this.#desk.lockTarget(lease);
    lease.holder.send({ kind: 'target', id: lease.id, epoch: lease.epoch, path: targetOf(lease.stored) });
  }

  /** Running downloads together must fit on the disk they go to. */
  #checkRoom(lease: Lease): void {
    const { dir } = lease.stored;
    const { disk } = this.#desk.options;
    const free = disk.freeBytes(dir);
    if (free === null || !lease.holder.shared) return;
    let needed = 0;
    for (const other of this.#desk.leases.values()) {
      const { sizeBytes } = other.stored;
      const counts = !other.ahead && other.ending === null && other.holder.place === '' && sizeBytes !== null;
      if (!counts || !disk.isShared(other.stored.dir, dir)) continue;
      needed += Math.max(0, sizeBytes - Math.max(other.receivedBytes, lengthOf(other.extents)));
    }
    if (needed > free) this.#desk.recall([lease.id], 'no-room');
  }

  #applyOutcome(lease: Lease, outcome: Outcome, turn: Turn): void {
    const { store, now } = this.#desk.options;
    const { id } = lease;
    const url = maskCredentials(lease.stored.url);
    this.#endLease(lease, turn);
    switch (outcome.kind) {
      case 'done': {
        // A program elsewhere may name its file as it likes; in this list it has a name of its own.
        const { hashLater, keptElsewhere } = this.#desk.options;
        const here = lease.holder.place === '' || outcome.sentBack === true;
        const name = here ? path.basename(outcome.path) : safeName(outcome.path);
        const hashLeft = here && outcome.sha256 === null && hashLater.wanted;
        const sums = here && FetchedSums.is({ url: lease.stored.url, name });
        const found = { here, hashLeft, sums, name: store.reserveName(id, name), validators: turn.probed.get(lease) };
        const left = store.finish(id, { ...outcome, ...found }, now());
        turn.probed.delete(lease);
        if (!lease.holder.shared) store.machines.fetched(id, lease.holder.place, here ? null : outcome.path);
        const { sizeBytes, verified, endTold = true } = outcome;
        this.#desk.note(id, 'done', { sizeBytes, ...(!endTold && !verified && { endTold }) });
        turn.done.push(lease);
        this.#desk.paceOf(lease.holder).add(performance.now());
        const { path: file, sha256 } = outcome;
        turn.after.push(() => {
          this.#desk.putOff.gave(lease.stored.host);
          if (!here) keptElsewhere(lease.stored);
          hashLater.finished({ event: 'done', id, url, path: file, sizeBytes, sha256 }, left);
          const stored = sums ? store.get(id) : undefined;
          if (stored) hashLater.sums.fetched(stored);
        });
        return;
      }
      case 'failed':
        this.#letGo(lease, outcome.extents);
        // It was paused or removed meanwhile: that is what it stays.
        if (lease.ending !== null && lease.ending !== 'no-room') return this.#settleEnding(lease, turn);
        return this.#desk.fail(id, lease.stored.url, outcome.failure, turn);
      case 'released':
        this.#letGo(lease, outcome.extents);
        return this.#settleEnding(lease, turn);
      default:
        outcome satisfies never;
    }
  }

  /** A worker has let go of the unfinished file: from now on nobody writes to it. */
  #letGo(lease: Lease, extents: Extent[]): void {
    const { store } = this.#desk.options;
    store.saveExtents(lease, extents, lengthOf(extents));
    if (lease.holder.place === '' && extents.length > 0) store.savePartTime(lease.id, partTimeOf(lease.stored));
  }

  #settleEnding(lease: Lease, turn: Turn): void {
    const { store } = this.#desk.options;
    switch (lease.ending) {
      case 'no-room':
        return this.#desk.fail(lease.id, lease.stored.url, noRoom(lease), turn);
      case 'paused':
        this.#desk.note(lease.id, 'paused', {});
        turn.after.push(() => this.#kick());
        return;
      case 'removed':
        // The store has said so already, when it was asked for.
        turn.after.push(() => this.#kick());
        return;
      case 'requeue':
      case null:
        if (store.get(lease.id)?.status === 'running') store.setStatus(lease.id, 'queued');
        turn.after.push(() => this.#kick());
        return;
      default:
        lease.ending satisfies never;
    }
  }

  /** `alone`: the holder had no other lease, so that its crash is this download's. */
  #takeBack(lease: Lease, why: Why | null, alone: boolean, turn: Turn): void {
    const { store } = this.#desk.options;
    const waited = !this.#desk.runs(lease, turn);
    store.saveExtents(lease, lease.extents, lengthOf(lease.extents));
    this.#endLease(lease, turn);
    // One that only waited there has nothing to do with how it ended.
    if (why === null || waited) return this.#settleEnding(lease, turn);
    this.#desk.note(lease.id, 'worker-lost', { ...workerOf(lease.holder), ...why });
    const crashes = lease.holder.shared ? store.countCrash(lease.id, alone ? CRASHES_MAX : SUSPECT_AT) : 0;
    if (crashes < CRASHES_MAX || lease.ending !== null) return this.#settleEnding(lease, turn);
    this.#desk.fail(
      lease.id,
      lease.stored.url,
      fail('worker-crashed', because('worker-ended', { crashes, because: why }), 'by-hand'),
      turn,
    );
  }

  #endLease(lease: Lease, turn: Turn): void {
    turn.over.add(lease);
    turn.after.push(() => {
      this.#desk.leases.delete(lease.id);
      this.#desk.targets.releaseAll(lease.owner);
      this.#desk.revision++;
    });
  }
}

function noRoom(lease: Lease): Failure {
  const { dir, sizeBytes } = lease.stored;
  return fail('disk-full', because('no-room-for-all', { dir, bytes: sizeBytes ?? 0 }), 'when-possible');
}
