// Speed limits: a bucket gives out bytes at a rate, in turn to each download that waits.

/** How much may go at once after a pause, as time. */
const BURST_MS = 80;

interface Waiter {
  byteCount: number;
  go: () => void;
}

export class Bucket {
  #bytesPerS: number | null;
  #tokens = 0;
  #filledAt: number;
  readonly #queues = new Map<number, Waiter[]>();
  #timer: NodeJS.Timeout | null = null;

  /** `bytesPerS` null: no limit. */
  constructor(bytesPerS: number | null) {
    this.#bytesPerS = bytesPerS;
    this.#filledAt = performance.now();
  }

  get bytesPerS(): number | null {
    return this.#bytesPerS;
  }

  /** Changes the rate, also for those who wait already. */
  set bytesPerS(value: number | null) {
    this.#fill();
    this.#bytesPerS = value;
    // A debt made at a high rate would last very long at a low one.
    this.#tokens = Math.max(this.#tokens, 0);
    this.#serve();
  }

  /** Resolves when `byteCount` may go; undefined when at once. `key`: who asks; keys are served in turn. */
  take(key: number, byteCount: number): Promise<void> | undefined {
    if (this.#bytesPerS === null) return undefined;
    if (this.#queues.size === 0) {
      this.#fill();
      if (this.#tokens > 0) {
        this.#tokens -= byteCount;
        return undefined;
      }
    }
    return new Promise((go) => {
      const queue = this.#queues.get(key);
      if (queue) queue.push({ byteCount, go });
      else this.#queues.set(key, [{ byteCount, go }]);
      this.#serve();
    });
  }

  /** Lets everything of `key` go now, because it is being stopped. */
  release(key: number): void {
    const queue = this.#queues.get(key);
    this.#queues.delete(key);
    queue?.forEach((waiter) => waiter.go());
  }

  #fill(): void {
    const now = performance.now();
    const rate = this.#bytesPerS;
    if (rate !== null) {
      const burst = (rate * BURST_MS) / 1000;
      this.#tokens = Math.min(burst, this.#tokens + ((now - this.#filledAt) * rate) / 1000);
    }
    this.#filledAt = now;
  }

  /** Gives each who waits one turn, as far as the bytes go; those that are left make the next round. */
  #serve(): void {
    this.#fill();
    for (const [key, queue] of [...this.#queues]) {
      if (this.#bytesPerS !== null && this.#tokens <= 0) break;
      const waiter = queue.shift();
      // To the back of the line, so that the next turn is another's.
      this.#queues.delete(key);
      if (queue.length > 0) this.#queues.set(key, queue);
      if (!waiter) continue;
      this.#tokens -= waiter.byteCount;
      waiter.go();
    }
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#queues.size === 0) return;
    // Not at once: who just had a turn must get the chance to stand in line again before the others have their second.
    if (this.#bytesPerS === null || this.#tokens > 0) setImmediate(() => this.#serve());
    else
      this.#timer = setTimeout(() => this.#serve(), Math.max(1, Math.ceil((-this.#tokens * 1000) / this.#bytesPerS)));
  }
}
