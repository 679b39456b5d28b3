// A rate that costs two numbers: events a second, decaying over the last seconds.

const TAU_MS = 2000;

export class Rate {
  total = 0;
  #value = 0;
  #at = 0;

  add(count: number, now: number): void {
    this.total += count;
    this.#value = this.perS(now) + (count * 1000) / TAU_MS;
    this.#at = now;
  }

  /** Events a second, smoothed over about two seconds. */
  perS(now: number): number {
    const rate = this.#value * Math.exp(-Math.max(0, now - this.#at) / TAU_MS);
    return rate < 0.01 ? 0 : rate;
  }
}
