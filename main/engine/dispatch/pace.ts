// How many downloads a worker ends in a moment: so many more it gets ahead of time, or it would wait for each of them.

/** Long enough to count in, short enough to notice the first large file after a thousand small ones. */
const WINDOW_MS = 50;

export class Pace {
  #sinceMs = 0;
  #count = 0;
  #perMs = 0;

  /** One has ended. */
  add(nowMs: number): void {
    this.#turnOver(nowMs);
    this.#count += 1;
  }

  /** How many end within `ms`, by what was seen last. */
  within(ms: number, nowMs: number): number {
    this.#turnOver(nowMs);
    return Math.floor(this.#perMs * ms);
  }

  #turnOver(nowMs: number): void {
    const ms = nowMs - this.#sinceMs;
    if (ms < WINDOW_MS) return;
    this.#perMs = this.#count / ms;
    this.#count = 0;
    this.#sinceMs = nowMs;
  }
}
