// Speed limits: a bucket gives out bytes at a rate, in turn to each download that waits.

/** How much may go at once after a pause, as time. */
const BURST_MS = 50;
/** What a late timer cost those who waited is made good by so much more, for a second's worth at most. */
const CATCH_UP = 0.4;
const IDLE_MS = 500;

interface Waiter {
  byteCount: number;
  go: () => void;
}

export class Bucket {
  #bytesPerS: number | null;
  #tokens = 0;
  #owed = 0;
  #roundDue = false;
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
      if (!this.#roundDue && !this.#timer) this.#plan();
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
      const grown = ((now - this.#filledAt) * rate) / 1000;
      const madeGood = Math.min(this.#owed, grown * CATCH_UP);
      const burst = (rate * BURST_MS) / 1000;
      const tokens = this.#tokens + grown + madeGood;
      const over = Math.max(0, tokens - burst);
      // Who did not ask for long has nothing to be made good.
      const idle = this.#queues.size === 0 && now - this.#filledAt > IDLE_MS;
      this.#owed = idle ? 0 : Math.min(rate, this.#owed - madeGood + over);
      this.#tokens = tokens - over;
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
    this.#plan();
  }

  #plan(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#queues.size === 0 || this.#roundDue) return;
    if (this.#bytesPerS !== null && this.#tokens <= 0) {
      const waitMs = Math.max(1, Math.ceil((-this.#tokens * 1000) / this.#bytesPerS));
      this.#timer = setTimeout(() => this.#serve(), waitMs);
      return;
    }
    // Not at once: who just had a turn must get the chance to stand in line again before the others have their second.
    this.#roundDue = true;
    setImmediate(() => {
      this.#roundDue = false;
      this.#serve();
    });
  }
}
