// Somebody who takes tasks without speaking the worker protocol, such as a program behind the Python door.
import type { DownloadId } from '../../shared/download.ts';
import type { Outcome, Task, ToWorker } from '../../shared/protocol.ts';
import type { Dispatch } from './dispatch.ts';
import type { Holder } from './lease.ts';
import type { Tap } from './tap.ts';
import type { WorkerFacts } from './worker-link.ts';

export type Visitor = {
  name: string;
  machine: string;
  kind: 'python';
  onTask: (task: Task) => void;
};

export class Guest implements Holder {
  readonly id: number;
  readonly shared = false;
  readonly place: string;
  /** What it has, by download. */
  readonly tasks = new Map<DownloadId, Task>();
  onLeave: () => void = () => {};
  readonly #visitor: Visitor;
  readonly #dispatch: Dispatch;
  readonly #tap: Tap;
  #seenAt = Date.now();

  constructor(id: number, visitor: Visitor, dispatch: Dispatch, tap: Tap) {
    this.id = id;
    this.place = `${visitor.kind} ${visitor.name}`;
    this.#visitor = visitor;
    this.#dispatch = dispatch;
    this.#tap = tap;
  }

  get name(): string {
    return this.#visitor.name;
  }

  send(message: ToWorker): void {
    this.#tap.saw(`task queue > ${this.name}`, message, 'id' in message ? message.id : null);
    if (message.kind === 'tasks') {
      for (const task of message.tasks) {
        this.tasks.set(task.id, task);
        this.#visitor.onTask(task);
      }
    }
    // It cannot be interrupted; what it may still put counts for nothing.
    if (message.kind === 'cancel') this.settle(message.id, { kind: 'released', extents: [] });
  }

  /** Asks for one task. One that is there comes before this returns, through `onTask`. */
  want(): void {
    this.#seenAt = Date.now();
    this.#dispatch.want(this, 1);
    this.#dispatch.settle();
  }

  unwant(): void {
    this.#dispatch.unwant(this);
  }

  /** Says what became of a task. False when it has no such task (any more). */
  settle(id: DownloadId, outcome: Outcome): boolean {
    this.#seenAt = Date.now();
    const task = this.tasks.get(id);
    if (!task) return false;
    this.tasks.delete(id);
    const message = { kind: 'result', id, epoch: task.epoch, outcome } as const;
    this.#tap.saw(`${this.name} > result queue`, message, id);
    this.#dispatch.accept(this, message);
    return true;
  }

  /** It is gone: what it has goes back to the queue. */
  leave(why: string): void {
    this.tasks.clear();
    this.#dispatch.lost(this, why);
    this.onLeave();
  }

  state(): WorkerFacts {
    const { machine, kind } = this.#visitor;
    const idle = { rssBytes: 0, cpuPercent: 0, loopDelayMs: 0, inPerS: 0, outPerS: 0 };
    return {
      id: this.id,
      pid: 0,
      machine,
      runtime: 'Python',
      seenAt: this.#seenAt,
      kind,
      state: 'ready',
      slots: 1,
      ...idle,
    };
  }
}
