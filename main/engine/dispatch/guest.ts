// Somebody who takes tasks without speaking the worker protocol, such as a program behind the Python door.
import type { DownloadId } from '../../../shared/download.ts';
import type { Outcome, Task, ToWorker } from '../../../shared/protocol.ts';
import type { Why } from '../../../shared/why.ts';
import type { Holder } from './lease.ts';
import type { WaitOptions } from './queue.ts';
import { Rate } from '../rate.ts';
import type { Tap } from '../tap.ts';
import type { TaskQueue } from './task-queue.ts';
import { firstTask, type WorkerFacts } from './worker-link.ts';

export type Visitor = { name: string; machine: string; kind: 'python' };

export class Guest implements Holder {
  readonly id: number;
  readonly shared = false;
  readonly place: string;
  readonly name: string;
  readonly ownName: string;
  /** What it has, by download. */
  readonly tasks = new Map<DownloadId, Task>();
  readonly #visitor: Visitor;
  readonly #queue: TaskQueue;
  readonly #tap: Tap;
  readonly #life = new AbortController();
  /** Leased, and not yet given out by `lease`. */
  readonly #fresh: Task[] = [];
  readonly #in = new Rate();
  readonly #out = new Rate();
  #seenAt = Date.now();

  constructor(id: number, visitor: Visitor, queue: TaskQueue, tap: Tap) {
    this.id = id;
    this.place = `${visitor.kind} ${visitor.name}`;
    this.name = this.ownName = visitor.name;
    this.#visitor = visitor;
    this.#queue = queue;
    this.#tap = tap;
  }

  get gone(): AbortSignal {
    return this.#life.signal;
  }

  send(message: ToWorker): void {
    this.#out.add(1, Date.now());
    this.#tap.saw(`engine > worker ${this.id}`, message, 'id' in message ? message.id : firstTask(message));
    if (message.kind === 'tasks') {
      for (const task of message.tasks) this.tasks.set(task.id, task);
      this.#fresh.push(...message.tasks);
    }
    // It cannot be interrupted; what it may still put counts for nothing.
    if (message.kind === 'cancel') void this.settle(message.id, { kind: 'released', extents: [] });
  }

  /** Leases one task; null when none came in time. */
  async lease(wait: WaitOptions): Promise<Task | null> {
    this.#seenAt = Date.now();
    await this.#queue.lease(this, 1, wait);
    return this.#fresh.shift() ?? null;
  }

  /** Says what became of a task. False when it has no such task (any more). */
  settle(id: DownloadId, outcome: Outcome): Promise<boolean> {
    this.#seenAt = Date.now();
    const task = this.tasks.get(id);
    if (!task) return Promise.resolve(false);
    this.tasks.delete(id);
    const message = { kind: 'result', id, epoch: task.epoch, outcome } as const;
    this.#in.add(1, this.#seenAt);
    this.#tap.saw(`worker ${this.id} > engine`, message, id);
    return this.#queue.settle(this, message);
  }

  /** It is gone: what it has goes back to the queue. */
  leave(why: Why): void {
    this.tasks.clear();
    this.#life.abort(why);
  }

  state(): WorkerFacts {
    const { machine, kind } = this.#visitor;
    const unknown = { rssBytes: 0, cpuPercent: 0, loopDelayMs: 0 };
    const now = Date.now();
    return {
      id: this.id,
      pid: 0,
      machine,
      runtime: 'Python',
      seenAt: this.#seenAt,
      kind,
      state: 'ready',
      slots: 1,
      ...unknown,
      inPerS: this.#in.perS(now),
      outPerS: this.#out.perS(now),
    };
  }
}
