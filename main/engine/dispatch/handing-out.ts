// Handing out: who gets which download now, in which folder, and the message that says so.
import fs from 'node:fs';
import path from 'node:path';
import type { DownloadId } from '../../../shared/download.ts';
import { fail, type Failure } from '../../../shared/failure.ts';
import { maskCredentials } from '../../../shared/url.ts';
import { because } from '../../../shared/why.ts';
import type { Desk, Turn } from './desk.ts';
import { mirrorHosts, newLease, placesOf, targetOf, taskOf, workerOf, type Holder, type Lease } from './lease.ts';
import { isPartTouched } from './part-time.ts';
import { waitIn, type WaitOptions } from './queue.ts';
import { Rate } from '../rate.ts';
import { Regranting } from './regranting.ts';
import { busyHosts, mirrorPlaces, plan, planAhead } from './scheduler.ts';
import type { Candidate, Stored } from '../store/store.ts';
import { SUSPECT_AT } from './taking-in.ts';
import type { LeaseOutcome } from './task-queue.ts';

/** How far down the list one turn looks for work: at first, and when that was not enough. */
const GLANCE = 2;
const LOOKAHEAD = 64;
/** A worker holds what it will begin within this time: more than it takes to hear of a result and to answer it. */
const AHEAD_MS = 100;

/** Nobody has room for more than this; who asks for more has lost count. */
const ASKED_MAX = 4096;

/** What a holder asked for and has not got; `now`: it does not wait for what is not there. */
type Ask = { count: number; now: boolean; settle: (outcome: LeaseOutcome) => void };
type Want = { holder: Holder; asks: Set<Ask> };

export class HandingOut {
  /** Tasks given to workers. */
  readonly handedOut = new Rate();
  readonly #desk: Desk;
  readonly #wants = new Map<number, Want>();
  readonly #madeDirs = new Set<string>();
  /** Found there in this turn. */
  readonly #seenDirs = new Set<string>();
  readonly #regranting: Regranting;
  readonly #kick: () => void;

  /** `kick`: looks for work soon. */
  constructor(desk: Desk, kick: () => void) {
    this.#desk = desk;
    this.#regranting = new Regranting(desk);
    this.#kick = kick;
  }

  /** How many workers wait for tasks. */
  get waitingGetters(): number {
    return [...this.#wants.values()].filter(({ asks, holder }) => asks.size > 0 && !holder.resting).length;
  }

  /** A holder waits for `count` more tasks, `timeoutMs` 0: only for what the next turn has. */
  lease(holder: Holder, count: number, { timeoutMs, signal }: WaitOptions): Promise<LeaseOutcome> {
    let want = this.#wants.get(holder.id);
    if (!want) this.#wants.set(holder.id, (want = { holder, asks: new Set() }));
    if (countOf(want) + count > ASKED_MAX) return Promise.resolve('empty');
    const now = timeoutMs === 0;
    const wait = { timeoutMs: now ? undefined : timeoutMs, ...(signal && { signal }) };
    return waitIn<LeaseOutcome, Ask>(want.asks, (settle) => ({ count, now, settle }), 'empty', wait);
  }

  /** A holder is gone. */
  forget(holder: Holder): void {
    const want = this.#wants.get(holder.id);
    this.#wants.delete(holder.id);
    for (const { settle } of [...(want?.asks ?? [])]) settle('closed');
  }

  /** Nothing is handed out any more. */
  close(): void {
    for (const { holder } of [...this.#wants.values()]) this.forget(holder);
  }

  /** The turn is over: those who do not wait go without. */
  dismiss(): void {
    for (const { asks } of this.#wants.values()) for (const { now, settle } of [...asks]) if (now) settle('empty');
  }

  /** Leases what can start, in the turn's transaction; the tasks go out after it. */
  fill(turn: Turn): void {
    if (this.#desk.options.closing()) return;
    const wants = [...this.#wants.values()].filter(({ asks, holder }) => asks.size > 0 && !holder.resting);
    const started = wants.length > 0 ? this.#fill(wants, turn) : [];
    const begun = [...this.#desk.leases.values(), ...started].filter((lease) => this.#desk.runs(lease, turn));
    this.#regranting.look(turn, begun, freePlaces(wants, begun, this.#desk.options.settings().parallel));
  }

  #fill(wants: readonly Want[], turn: Turn): Lease[] {
    const { now } = this.#desk.options;
    this.#seenDirs.clear();
    const begun: Lease[] = [];
    for (const start of this.#starts(wants, turn)) {
      const { holder } = this.#wants.get(start.holder)!;
      const stored = this.#lease(start.id, holder.place);
      const refused = holder.place === '' ? this.#prepareDir(stored.dir) : null;
      if (refused) this.#desk.fail(start.id, stored.url, refused, turn);
      else {
        const lease = newLease(stored, holder, start.connections, now());
        lease.mirrorConnections = this.#mirrorPlaces(lease, begun, turn);
        begun.push(lease);
        this.#desk.note(start.id, 'started', workerOf(holder));
      }
    }
    for (const { id, holder: holderId, dir } of this.#startsAhead(wants, begun, turn)) {
      const { holder } = this.#wants.get(holderId)!;
      // A folder that cannot be used is said when its turn comes.
      if (holder.place !== '' || !this.#prepareDir(dir)) {
        begun.push(newLease(this.#lease(id, holder.place, true), holder, null, now()));
      }
    }
    if (begun.length > 0) turn.after.push(() => this.#handOver(begun));
    return begun;
  }

  /** Leases one, without what is not in its unfinished file any more. */
  #lease(id: DownloadId, place: string, ahead = false): Stored {
    const { store, notes } = this.#desk.options;
    const stored = store.lease(id, place, ahead);
    if (place !== '' || stored.partTimeMs === null) return stored;
    store.savePartTime(id, null);
    if (stored.extents.length === 0 || !isPartTouched(stored)) return stored;
    this.#desk.note(id, 'part-file-lost', { claimedBytes: stored.doneBytes });
    const nothing = { extents: [], brought: [], doneBytes: 0 };
    store.saveExtents({ id, brought: [] }, [], 0);
    // It speaks of what was there before.
    fs.rmSync(path.join(notes, String(id)), { force: true });
    return { ...stored, ...nothing };
  }

  /** What those that run, and those begun before it in this turn, leave of the places at its mirrors. */
  #mirrorPlaces(lease: Lease, begun: readonly Lease[], turn: Turn): Record<string, number> {
    const hosts = mirrorHosts(lease.stored);
    if (hosts.length === 0) return {};
    const others = [...this.#desk.leases.values(), ...begun].filter((other) => this.#desk.runs(other, turn));
    const places = others.map((other) => placesOf(other));
    return mirrorPlaces(
      hosts,
      lease.connections,
      places,
      (host) => this.#desk.capOf(host),
      this.#desk.options.settings(),
    );
  }

  #starts(wants: readonly Want[], turn: Turn) {
    const { leases, options } = this.#desk;
    const capOf = (host: string) => this.#desk.capOf(host);
    const limits = options.settings();
    const held = [...leases.values()].filter((lease) => !turn.over.has(lease));
    const begun = held.filter((lease) => this.#desk.runs(lease, turn));
    const free = freePlaces(wants, begun, limits.parallel);
    if (free === 0) return [];
    const ids = held.map(({ id }) => id);
    const running = begun.map((lease) => ({
      // One that was told to have fewer may need a moment.
      ...placesOf(lease, Math.max(turn.begun.get(lease) ?? lease.connections, lease.openConnections)),
      shared: lease.holder.shared,
      alone: lease.stored.crashes >= SUSPECT_AT,
    }));
    const state = {
      running,
      waiting: held.filter((lease) => !this.#desk.runs(lease, turn)).map(({ holder }) => holder.id),
      wants: wants.map((want) => {
        const { id, shared, place } = want.holder;
        return { holder: id, count: countOf(want), shared, place };
      }),
      capOf,
    };
    const startsAmong = (limit: number) => {
      const given = new Set<string>();
      const busy = busyHosts(running, capOf, limits);
      // A machine that comes back goes on with what it has, before anything else.
      const places = wants.flatMap(({ holder }) => (holder.place === '' ? [] : [holder.place]));
      const own = options.store.queued.begunBy(places, options.now(), limit, busy, ids);
      const all = options.store.queued.candidates(options.now(), limit, busy, ids);
      const candidates = [...own, ...all.filter(({ id }) => !own.some((one) => one.id === id))]
        .filter((candidate) => this.#mayGo(candidate, given, turn))
        .map(({ crashes, ...candidate }) => ({ ...candidate, alone: crashes >= SUSPECT_AT }));
      const here = begun.filter(({ holder }) => holder.shared).length + candidates.length;
      const share = Math.min(limits.parallel, here) / Math.max(1, options.localWorkers());
      return plan({ ...state, candidates }, limits, Math.ceil(share));
    };
    // Mostly the first few will do; further down only when hosts or suspects among them have to wait.
    const starts = startsAmong(free + GLANCE);
    return starts.length < free ? startsAmong(LOOKAHEAD + limits.parallel) : starts;
  }

  /** What workers may hold ahead of time: they go on with the next of many small files without asking for each. */
  #startsAhead(wants: readonly Want[], started: readonly Lease[], turn: Turn) {
    const nowMs = performance.now();
    const held = [...[...this.#desk.leases.values()].filter((lease) => !turn.over.has(lease)), ...started];
    const holders = wants.flatMap((want) => {
      const { holder } = want;
      const own = held.filter((lease) => lease.holder === holder);
      const running = own.filter((lease) => this.#desk.runs(lease, turn));
      if (running.some(({ stored }) => stored.crashes >= SUSPECT_AT)) return [];
      const wanted = Math.min(holder.aheadMax ?? 0, this.#desk.paceOf(holder).within(AHEAD_MS, nowMs));
      const room = Math.min(
        wanted - (own.length - running.length),
        countOf(want) - started.filter((lease) => lease.holder === holder).length,
      );
      // A host that refused connections is not pressed.
      const hosts = running.map(({ stored }) => stored.host).filter((host) => this.#desk.capOf(host) === Infinity);
      return room > 0 ? [{ holder: holder.id, room, hosts: new Set(hosts) }] : [];
    });
    if (holders.length === 0) return [];
    const { store, now } = this.#desk.options;
    const given = new Set(started.map(({ stored }) => this.#desk.targets.idOf(targetOf(stored))));
    const room = holders.reduce((sum, holder) => sum + holder.room, 0);
    const ids = held.map(({ id }) => id);
    const candidates = store.queued
      .candidates(now(), room, [], ids)
      // One that waits ahead takes over the connections of another, as many as those are.
      .filter(({ crashes, connections }) => crashes < SUSPECT_AT && connections === null)
      .filter((candidate) => this.#mayGo(candidate, given, turn));
    return planAhead(candidates, holders);
  }

  /** Whether nobody else writes to the download's path; else it is looked at again when that one leaves. */
  #mayGo(candidate: Candidate, given: Set<string>, turn: Turn): boolean {
    const target = targetOf(candidate);
    const { targets, blocked } = this.#desk;
    const id = targets.idOf(target);
    // Two ways to write one folder: the second waits for the next turn, and is told apart by its lock then.
    if (given.has(id)) return false;
    if (!this.#desk.targetTaken(target, null, turn)) {
      given.add(id);
      return true;
    }
    if (blocked.has(candidate.id)) return false;
    const owner = { name: `download ${candidate.id}` };
    blocked.set(candidate.id, owner);
    void targets.acquire(target, owner).then(() => {
      targets.releaseAll(owner);
      blocked.delete(candidate.id);
      this.#kick();
    });
    return false;
  }

  #handOver(begun: readonly Lease[]): void {
    const { leases, options } = this.#desk;
    const perHolder = new Map<Holder, Lease[]>();
    for (const lease of begun) {
      leases.set(lease.id, lease);
      this.#desk.lockTarget(lease);
      perHolder.set(lease.holder, [...(perHolder.get(lease.holder) ?? []), lease]);
    }
    this.#desk.revision++;
    this.handedOut.add(begun.length, options.now());
    for (const [holder, own] of perHolder) {
      for (const ahead of [false, true]) {
        const tasks = own.filter((lease) => lease.ahead === ahead).map((lease) => taskOf(lease, options.notes));
        if (tasks.length > 0) holder.send({ kind: ahead ? 'ahead' : 'tasks', tasks });
      }
      this.#answer(holder, own.length);
    }
    for (const { id, stored, ahead } of begun)
      if (!ahead) options.signals.tell({ event: 'started', id, url: maskCredentials(stored.url) });
  }

  /** A holder got `given` tasks: the oldest of its asks first. */
  #answer(holder: Holder, given: number): void {
    let left = given;
    for (const ask of [...(this.#wants.get(holder.id)?.asks ?? [])]) {
      const part = Math.min(ask.count, left);
      ask.count -= part;
      left -= part;
      if (ask.count === 0) ask.settle('leased');
    }
  }

  /** Makes the folder; a failure when it cannot be made or written. */
  #prepareDir(dir: string): Failure | null {
    if (this.#seenDirs.has(dir)) return null;
    this.#seenDirs.add(dir);
    if (this.#madeDirs.has(dir) && fs.existsSync(dir)) return null;
    try {
      fs.mkdirSync(dir, { recursive: true });
      fs.accessSync(dir, fs.constants.W_OK);
      this.#madeDirs.add(dir);
      return null;
    } catch (error) {
      this.#seenDirs.delete(dir);
      return dirFailure(dir, error as NodeJS.ErrnoException);
    }
  }
}

function countOf({ asks }: Want): number {
  let count = 0;
  for (const ask of asks) count += ask.count;
  return count;
}

/** How many tasks could start now, as far as workers and `parallel` go. */
function freePlaces(wants: readonly Want[], held: readonly Lease[], parallel: number) {
  let shared = 0;
  let others = 0;
  for (const want of wants) {
    if (want.holder.shared) shared += countOf(want);
    else others += countOf(want);
  }
  const room = Math.max(0, parallel - held.filter(({ holder }) => holder.shared).length);
  return Math.min(shared, room) + others;
}

function dirFailure(dir: string, error: NodeJS.ErrnoException): Failure {
  switch (error.code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return fail('no-permission', because('may-not-write-into', { dir }), 'by-hand');
    case 'ENOTDIR':
    case 'EEXIST':
      return fail('disk-error', because('no-folder', { dir }), 'by-hand');
    case 'ENAMETOOLONG':
      return fail('path-too-long', because('folder-too-long', { dir }), 'by-hand');
    case 'ENOSPC':
    case 'EDQUOT':
      return fail('disk-full', because('no-room-for-folder', { dir }), 'when-possible');
    default:
      return fail('disk-error', because('folder-unusable', { dir, cause: error.code ?? error.message }), 'by-hand');
  }
}
