// How often somebody may do something: a bucket that fills with time, one for each address, bounded in number.

/** Addresses remembered; the least recent go first. */
const MAX_ADDRESSES = 4096;

export class Allowance {
  readonly #perS: number;
  readonly #burst: number;
  readonly #buckets = new Map<string, { left: number; at: number }>();

  constructor(perS: number, burst = 2 * perS) {
    this.#perS = perS;
    this.#burst = burst;
  }

  /** Whether `address` may do it once more now. */
  take(address: string): boolean {
    const now = performance.now();
    const bucket = this.#buckets.get(address) ?? { left: this.#burst, at: now };
    bucket.left = Math.min(this.#burst, bucket.left + ((now - bucket.at) / 1000) * this.#perS);
    bucket.at = now;
    const may = bucket.left >= 1;
    if (may) bucket.left--;
    this.#buckets.delete(address);
    this.#buckets.set(address, bucket);
    if (this.#buckets.size > MAX_ADDRESSES) this.#buckets.delete(this.#buckets.keys().next().value!);
    return may;
  }
}
