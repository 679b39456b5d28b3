// Those who take tasks or results without speaking the worker protocol, as Traffic shows them.
import { Guest, type Visitor } from './guest.ts';
import type { Queue } from './queue.ts';
import type { Tap } from '../tap.ts';
import type { TaskQueue } from './task-queue.ts';

type Result = { readonly url: string; readonly outcome: string };
type Results = Pick<Queue<Result>, 'state'>;

export class Guests {
  /** Those who take tasks. */
  readonly all = new Set<Guest>();
  readonly #queue: TaskQueue;
  readonly #tap: Tap;
  readonly #nextId: () => number;
  readonly #results = new Set<Results>();

  constructor(queue: TaskQueue, tap: Tap, nextId: () => number) {
    this.#queue = queue;
    this.#tap = tap;
    this.#nextId = nextId;
  }

  /** Takes in somebody who gets tasks without a Port. */
  admit(visitor: Visitor): Guest {
    const guest = new Guest(this.#nextId(), visitor, this.#queue, this.#tap);
    this.all.add(guest);
    guest.gone.addEventListener('abort', () => this.all.delete(guest), { once: true });
    return guest;
  }

  /** From now on guests wait for results at this queue. Returns what ends it. */
  open(results: Results): () => void {
    this.#results.add(results);
    return () => this.#results.delete(results);
  }

  /** How many wait for a result now. */
  get waitingForResults(): number {
    return [...this.#results].reduce((sum, results) => sum + results.state().waitingGetters, 0);
  }

  /** Somebody of this name has taken a result. */
  took(name: string, { url, outcome }: Result): void {
    this.#tap.saw(`result queue > ${name}`, { kind: 'result', url, outcome });
  }
}
