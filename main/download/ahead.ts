// Tasks that wait in the worker for the place of one that ends: many small files then cost no trip to the engine between two.
import type { Task } from '../../shared/protocol.ts';
import { hostOf } from '../../shared/url.ts';

export class Ahead {
  readonly #waiting = new Map<number, { task: Task; host: string; untilMs: number }>();
  readonly #waitMaxMs: number;
  readonly #giveBack: (task: Task) => void;
  #timer: NodeJS.Timeout | null = null;

  /** `giveBack`: a task has waited for `waitMaxMs` in vain; another worker may be free for it. */
  constructor(waitMaxMs: number, giveBack: (task: Task) => void) {
    this.#waitMaxMs = waitMaxMs;
    this.#giveBack = giveBack;
  }

  get size(): number {
    return this.#waiting.size;
  }

  add(task: Task): void {
    this.#waiting.set(task.id, { task, host: hostOf(task.url), untilMs: performance.now() + this.#waitMaxMs });
    this.#timer ??= setTimeout(() => this.#expire(), this.#waitMaxMs);
  }

  get({ id, epoch }: { id: number; epoch: number }): Task | undefined {
    const task = this.#waiting.get(id)?.task;
    return task?.epoch === epoch ? task : undefined;
  }

  /** The first that may take the place of `ended`, with its `connections`. */
  takeFor(ended: Task, connections: number): Task | null {
    const host = hostOf(ended.url);
    for (const [id, each] of this.#waiting) {
      if (each.host !== host) continue;
      this.#waiting.delete(id);
      return { ...each.task, connections };
    }
    return null;
  }

  /** Takes one away. */
  delete(id: number): void {
    this.#waiting.delete(id);
  }

  takeAll(): Task[] {
    const all = [...this.#waiting.values()].map(({ task }) => task);
    this.#waiting.clear();
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    return all;
  }

  #expire(): void {
    this.#timer = null;
    const now = performance.now();
    for (const [id, { task, untilMs }] of this.#waiting) {
      if (untilMs > now) {
        this.#timer = setTimeout(() => this.#expire(), untilMs - now);
        return;
      }
      this.#waiting.delete(id);
      this.#giveBack(task);
    }
  }
}
