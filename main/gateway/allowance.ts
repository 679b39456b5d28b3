// How often somebody may do something: a bucket that fills with time, one for each who comes, bounded in number.
import { countedFor } from './address.ts';

/** So many are remembered; the least recent go first. */
const MAX_BUCKETS = 4096;

export class Allowance {
  readonly #perS: number;
  readonly #burst: number;
  readonly #buckets = new Map<string, { left: number; at: number }>();

  constructor(perS: number, burst = 2 * perS) {
    this.#perS = perS;
    this.#burst = burst;
  }

  /** Whether the one at `address` may do it once more now. */
  take(address: string): boolean {
    const now = performance.now();
    const who = countedFor(address);
    const bucket = this.#buckets.get(who) ?? { left: this.#burst, at: now };
    bucket.left = Math.min(this.#burst, bucket.left + ((now - bucket.at) / 1000) * this.#perS);
    bucket.at = now;
    const may = bucket.left >= 1;
    if (may) bucket.left--;
    this.#buckets.delete(who);
    this.#buckets.set(who, bucket);
    if (this.#buckets.size > MAX_BUCKETS) this.#buckets.delete(this.#buckets.keys().next().value!);
    return may;
  }
}
