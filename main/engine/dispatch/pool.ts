// The pool: keeps as many worker processes alive as asked for, replaces those that die, and stops a crash loop.
import { because, type Why } from '../../../shared/why.ts';
import type { Port } from '../../transport/port.ts';
import type { Tap } from '../tap.ts';
import type { TaskQueue } from './task-queue.ts';
import { WorkerLink, type LinkEvents } from './worker-link.ts';

/** A worker process that was just started. `kill` ends it at once. */
export type SpawnedWorker = { port: Port; pid: number | undefined; kill: () => void };

/** A worker that dies within this time of its start counts as a crash at the start. */
const EARLY_MS = 5000;
const EARLY_CRASHES_MAX = 5;
const FIRST_DELAY_MS = 200;
const LOOP_DELAY_MS = 60_000;
/** How long a worker that has said its end may take to leave. */
const LEAVE_MS = 2000;

export class Pool {
  readonly links = new Map<number, WorkerLink>();
  /** Set while workers crash at every start, in plain words. */
  trouble: Why | null = null;
  readonly #options: {
    spawn: () => SpawnedWorker;
    queue: TaskQueue;
    tap: Tap;
    now: () => number;
    events: LinkEvents;
  };
  readonly #processes = new Map<number, { kill: () => void; startedAt: number }>();
  readonly #respawns = new Set<NodeJS.Timeout>();
  #size = 0;
  #nextId = 1;
  #earlyCrashes = 0;
  #closed = false;
  /** Somebody waits until no worker is left. */
  #allLeft: (() => void) | null = null;

  constructor(options: {
    spawn: () => SpawnedWorker;
    queue: TaskQueue;
    tap: Tap;
    now: () => number;
    events: LinkEvents;
  }) {
    this.#options = options;
  }

  /** Starts or stops local workers until there are `size`. */
  resize(size: number): void {
    this.#size = size;
    const local = this.local;
    for (const link of local.slice(size)) link.stop();
    for (let n = local.length + this.#respawns.size; n < size; n++) this.#spawn();
  }

  /** Takes in a worker that came over the network; `place` is its own name for itself. */
  attach(port: Port, place: string, address: string): void {
    this.#link(port, 'remote', 0, place, address);
  }

  /** A number for the next holder of tasks, unique in this process. */
  nextId(): number {
    return this.#nextId++;
  }

  get ready(): WorkerLink[] {
    return [...this.links.values()].filter((link) => link.phase === 'ready');
  }

  /** Asks all to leave and waits for them; kills those that have not left after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    for (const timer of this.#respawns) clearTimeout(timer);
    this.#respawns.clear();
    for (const link of this.links.values()) link.stop();
    if (this.links.size > 0) {
      await new Promise<void>((left) => {
        const late = setTimeout(left, graceMs);
        this.#allLeft = () => {
          clearTimeout(late);
          left();
        };
      });
    }
    for (const { kill } of this.#processes.values()) kill();
    for (const link of this.links.values()) link.close();
  }

  /** How many workers of this machine there are or will be in a moment. */
  get expected(): number {
    const now = this.#options.now();
    return this.local.filter(
      ({ id, phase }) => phase === 'ready' || now - this.#processes.get(id)!.startedAt < EARLY_MS,
    ).length;
  }

  /** Workers of this machine, those that are starting included. */
  get local(): WorkerLink[] {
    return [...this.links.values()].filter((link) => link.kind === 'local' && link.phase !== 'stopping');
  }

  #spawn(): void {
    const { port, pid, kill } = this.#options.spawn();
    const link = this.#link(port, 'local', pid ?? 0, '');
    this.#processes.set(link.id, { kill, startedAt: this.#options.now() });
  }

  #link(port: Port, kind: 'local' | 'remote', pid: number, place: string, address = ''): WorkerLink {
    const { queue, tap, now, events } = this.#options;
    const link = new WorkerLink({
      id: this.nextId(),
      kind,
      pid,
      place,
      address,
      port,
      queue,
      tap,
      now,
      events: {
        ready: (ready) => events.ready(ready),
        gone: (gone, why) => this.#gone(gone, why),
      },
    });
    this.links.set(link.id, link);
    return link;
  }

  #gone(link: WorkerLink, why: Why | null): void {
    this.links.delete(link.id);
    const process = this.#processes.get(link.id);
    this.#processes.delete(link.id);
    // One that has said its end is about to leave by itself.
    if (process && why === null) setTimeout(process.kill, LEAVE_MS).unref();
    else process?.kill();
    if (process && !this.#closed && this.local.length + this.#respawns.size < this.#size) {
      const early = why !== null && this.#options.now() - process.startedAt < EARLY_MS;
      this.#earlyCrashes = early ? this.#earlyCrashes + 1 : 0;
      this.#respawnLater(why);
    }
    this.#options.events.gone(link, why);
    if (this.links.size === 0) this.#allLeft?.();
  }

  #respawnLater(why: Why | null): void {
    const looping = this.#earlyCrashes >= EARLY_CRASHES_MAX;
    if (looping) {
      const times = this.#earlyCrashes;
      this.trouble = because('workers-crash', { times, because: why ?? because('no-reason') });
    }
    const delayMs = looping ? LOOP_DELAY_MS : FIRST_DELAY_MS * this.#earlyCrashes;
    const timer = setTimeout(() => {
      this.#respawns.delete(timer);
      this.trouble = null;
      if (!this.#closed && this.local.length < this.#size) this.#spawn();
    }, delayMs);
    this.#respawns.add(timer);
  }
}
