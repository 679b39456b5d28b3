// A queue as people know it from multiprocessing: put and get with time-outs, bounded or not, join and close; observable.
import type { QueueState } from '../../../shared/traffic.ts';
import { Rate } from '../rate.ts';

/** `full` and `empty` are outcomes, not errors: a bounded queue that has no room, an open one that has nothing. */
export type PutOutcome = 'put' | 'full' | 'closed';
export type GetOutcome<T> = { kind: 'item'; item: T } | { kind: 'empty' } | { kind: 'closed' };

/** `timeoutMs` 0 does not wait at all; left out it waits for ever. */
export type WaitOptions = { timeoutMs?: number | undefined; signal?: AbortSignal };

type Waiter<O> = { settle: (outcome: O) => void };
type Putter<T> = Waiter<PutOutcome> & { item: T };

export class Queue<T> {
  readonly #items: T[] = [];
  readonly #capacity: number | null;
  readonly #now: () => number;
  readonly #getters = new Set<Waiter<GetOutcome<T>>>();
  readonly #putters = new Set<Putter<T>>();
  readonly #puts = new Rate();
  readonly #gets = new Rate();
  #head = 0;
  #unfinished = 0;
  #joiners: (() => void)[] = [];
  #closed = false;

  /** `capacity` null: unbounded. */
  constructor(options: { capacity: number | null; now: () => number }) {
    this.#capacity = options.capacity;
    this.#now = options.now;
  }

  get depth(): number {
    return this.#items.length - this.#head;
  }

  /** Adds an item, waiting for room in a full queue. */
  put(item: T, options: WaitOptions = {}): Promise<PutOutcome> {
    const now = this.tryPut(item);
    if (now !== 'full' || options.timeoutMs === 0) return Promise.resolve(now);
    return waitIn(this.#putters, (settle) => ({ item, settle }), 'full', options);
  }

  /** Adds an item if there is room at once. */
  tryPut(item: T): PutOutcome {
    if (this.#closed) return 'closed';
    const [getter] = this.#getters;
    if (getter) {
      this.#count(item);
      this.#gets.add(1, this.#now());
      getter.settle({ kind: 'item', item });
      return 'put';
    }
    if (this.#capacity !== null && this.depth >= this.#capacity) return 'full';
    this.#count(item);
    this.#items.push(item);
    return 'put';
  }

  /** Takes the oldest item, waiting for one. A closed queue gives what it has, then `closed`. */
  get(options: WaitOptions = {}): Promise<GetOutcome<T>> {
    if (options.signal?.aborted) return Promise.resolve({ kind: 'empty' });
    if (this.depth > 0) return Promise.resolve({ kind: 'item', item: this.#shift() });
    if (this.#closed) return Promise.resolve({ kind: 'closed' });
    if (options.timeoutMs === 0) return Promise.resolve({ kind: 'empty' });
    return waitIn(this.#getters, (settle) => ({ settle }), { kind: 'empty' }, options);
  }

  /** Takes all there is, oldest first, without waiting. */
  takeAll(): T[] {
    const taken: T[] = [];
    while (this.depth > 0) taken.push(this.#shift());
    return taken;
  }

  /** Says that an item taken earlier has been dealt with. Throws when called more often than items were put. */
  taskDone(count = 1): void {
    if (count > this.#unfinished) throw new RangeError('taskDone() called more often than items were put');
    this.#unfinished -= count;
    if (this.#unfinished > 0) return;
    for (const join of this.#joiners.splice(0)) join();
  }

  /** Resolves when every item ever put has been dealt with. */
  join(): Promise<void> {
    return this.#unfinished === 0 ? Promise.resolve() : new Promise((resolve) => this.#joiners.push(resolve));
  }

  /** Refuses further items; those who wait are told. */
  close(): void {
    this.#closed = true;
    for (const getter of [...this.#getters]) getter.settle({ kind: 'closed' });
    for (const putter of [...this.#putters]) putter.settle('closed');
  }

  state(): QueueState {
    const now = this.#now();
    return {
      depth: this.depth,
      capacity: this.#capacity,
      puts: this.#puts.total,
      gets: this.#gets.total,
      putsPerS: this.#puts.perS(now),
      getsPerS: this.#gets.perS(now),
      waitingGetters: this.#getters.size,
      waitingPutters: this.#putters.size,
    };
  }

  #count(_item: T): void {
    this.#puts.add(1, this.#now());
    this.#unfinished++;
  }

  #shift(): T {
    const item = this.#items[this.#head]!;
    this.#items[this.#head++] = undefined as T;
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items.splice(0, this.#head);
      this.#head = 0;
    }
    this.#gets.add(1, this.#now());
    const [putter] = this.#putters;
    if (putter) {
      this.#count(putter.item);
      this.#items.push(putter.item);
      putter.settle('put');
    }
    return item;
  }
}

/** Waits among `waiters` until `settle` is called, the time is over or the signal fires; then it is among them no more. */
export function waitIn<O, W extends Waiter<O>>(
  waiters: Set<W>,
  make: (settle: (outcome: O) => void) => W,
  onTimeout: O,
  { timeoutMs, signal }: WaitOptions,
): Promise<O> {
  return new Promise((resolve) => {
    const giveUp = () => waiter.settle(onTimeout);
    const timer = timeoutMs === undefined ? undefined : setTimeout(giveUp, timeoutMs);
    const waiter = make((outcome) => {
      waiters.delete(waiter);
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
      resolve(outcome);
    });
    waiters.add(waiter);
    if (signal?.aborted) giveUp();
    else signal?.addEventListener('abort', giveUp, { once: true });
  });
}
