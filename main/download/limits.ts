// Speed limits: a bucket fills at a rate, and who reads from the network asks it first, in turn with the other downloads.

/** Reading begins when so much may come, as time: few reads, and none of them large. */
const QUANTUM_MS = 25;
const QUANTUM_MAX_BYTES = 256 << 10;
/** How much may come at once after a pause, as time. */
const BURST_MS = 50;
/** What late timers cost is made good by so much more, and no more than this of it: 5 s never bring 5 % too much. */
const CATCH_UP = 0.25;
const OWED_MAX_MS = 150;
/** Who was let in before the bucket ran empty reads so much and waits then. */
const ROOM_MIN_BYTES = 64;

/** A download. */
interface Taker {
  waiting: (() => void)[];
  /** What it had, on a scale that begins for all who wait at the same place. */
  served: number;
  waitedMs: number;
  since: number;
}

export class Bucket {
  #bytesPerS: number | null;
  #tokens = 0;
  #owed = 0;
  #filledAt: number;
  readonly #takers = new Map<number, Taker>();
  #turnsDue = false;
  #timer: NodeJS.Timeout | null = null;
  /** Where the scale stands. */
  #served = 0;

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
    const before = this.#bytesPerS;
    // What is left, and what is owed on either side, never lasts longer than it would have.
    const factor = before === null || value === null ? 0 : Math.min(1, value / before);
    this.#tokens *= factor;
    this.#owed *= factor;
    this.#bytesPerS = value;
    this.#plan();
  }

  /** Whether to wait for a turn before more is read. */
  get isShut(): boolean {
    if (this.#bytesPerS === null) return false;
    this.#fill();
    return this.#tokens < this.#quantum;
  }

  /** How much to read at once now, at most. */
  get roomBytes(): number {
    if (this.#bytesPerS === null) return Infinity;
    this.#fill();
    return Math.max(ROOM_MIN_BYTES, Math.floor(this.#tokens));
  }

  /** Resolves when one connection of `key` may read. */
  turn(key: number): Promise<void> {
    const taker = this.#taker(key);
    if (taker.waiting.length === 0) {
      taker.served = Math.max(taker.served, this.#served);
      taker.since = performance.now();
    }
    return new Promise((go) => {
      taker.waiting.push(go);
      this.#plan();
    });
  }

  /** So much has come, whether it was its turn or not. */
  spend(key: number, byteCount: number): void {
    if (this.#bytesPerS === null) return;
    this.#fill();
    this.#tokens -= byteCount;
    const taker = this.#takers.get(key);
    if (taker) taker.served += byteCount;
  }

  /** How long `key` has waited here since this was last asked, in ms. */
  waitedMs(key: number): number {
    const taker = this.#takers.get(key);
    if (!taker) return 0;
    if (taker.waiting.length > 0) this.#noteWait(taker);
    const { waitedMs } = taker;
    taker.waitedMs = 0;
    return waitedMs;
  }

  /** Lets everything of `key` go now, because it is being stopped. */
  release(key: number): void {
    const taker = this.#takers.get(key);
    this.#takers.delete(key);
    taker?.waiting.forEach((go) => go());
  }

  get #quantum(): number {
    return Math.min(QUANTUM_MAX_BYTES, ((this.#bytesPerS ?? 0) * QUANTUM_MS) / 1000);
  }

  #taker(key: number): Taker {
    let taker = this.#takers.get(key);
    if (!taker) this.#takers.set(key, (taker = { waiting: [], served: this.#served, waitedMs: 0, since: 0 }));
    return taker;
  }

  #fill(): void {
    const now = performance.now();
    const rate = this.#bytesPerS;
    if (rate !== null) {
      const grown = ((now - this.#filledAt) * rate) / 1000;
      const madeGood = Math.min(this.#owed, grown * CATCH_UP);
      const tokens = this.#tokens + grown + madeGood;
      this.#tokens = Math.min(tokens, (rate * BURST_MS) / 1000);
      this.#owed = Math.min((rate * OWED_MAX_MS) / 1000, this.#owed - madeGood + tokens - this.#tokens);
    }
    this.#filledAt = now;
  }

  /** Gives the turn to the one that had the least. */
  #serve(): void {
    let next: Taker | null = null;
    for (const taker of this.#takers.values()) {
      if (taker.waiting.length > 0 && (next === null || taker.served < next.served)) next = taker;
    }
    if (next && !this.isShut) {
      this.#served = Math.max(this.#served, next.served);
      this.#noteWait(next);
      next.waiting.shift()!();
    }
    this.#plan();
  }

  #noteWait(taker: Taker): void {
    const now = performance.now();
    taker.waitedMs += now - taker.since;
    taker.since = now;
  }

  #plan(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#turnsDue || ![...this.#takers.values()].some(({ waiting }) => waiting.length > 0)) return;
    if (this.isShut) {
      const waitMs = Math.max(1, Math.ceil(((this.#quantum - this.#tokens) * 1000) / this.#bytesPerS!));
      this.#timer = setTimeout(() => this.#serve(), waitMs);
      return;
    }
    // One after the other: by then what the last one found to read is known, and it may stand in line again.
    this.#turnsDue = true;
    setImmediate(() => {
      this.#turnsDue = false;
      this.#serve();
    });
  }
}
