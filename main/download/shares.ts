// This worker's shares of the limits: of all downloads together, and of those from the hosts that have a rule.
import { ruleFor } from '../../shared/host-rules.ts';
import type { SharedLimit, SpeedShares } from '../../shared/protocol.ts';
import { hostOf } from '../../shared/url.ts';
import { Bucket } from './limits.ts';

export class Shares {
  readonly #all = new Bucket(null);
  readonly #rules = new Map<string, { host: string; bucket: Bucket }>();
  readonly #byUrl = new Map<string, readonly Bucket[]>();

  /** Takes effect at once, also for those who wait. */
  set({ all, hosts }: SpeedShares): void {
    this.#all.bytesPerS = all;
    for (const [host, bytesPerS] of Object.entries(hosts)) {
      const rule = this.#rules.get(host) ?? { host, bucket: new Bucket(null) };
      rule.bucket.bytesPerS = bytesPerS;
      this.#rules.set(host, rule);
    }
    for (const [host, { bucket }] of this.#rules) {
      if (host in hosts) continue;
      bucket.bytesPerS = null;
      this.#rules.delete(host);
    }
    this.#byUrl.clear();
  }

  /** What bytes from `url` have to pass now. */
  of(url: string): readonly Bucket[] {
    const known = this.#byUrl.get(url);
    if (known) return known;
    const rule = ruleFor([...this.#rules.values()], hostOf(url));
    const buckets = rule ? [rule.bucket, this.#all] : [this.#all];
    // A list may have very many addresses.
    if (this.#byUrl.size > 1000) this.#byUrl.clear();
    this.#byUrl.set(url, buckets);
    return buckets;
  }

  /** Which of them a download has waited for at least `ms` since this was last asked. */
  heldBy(key: number, ms: number): SharedLimit[] {
    const held: SharedLimit[] = [];
    if (this.#all.waitedMs(key) >= ms) held.push('all');
    const waitedMs = [...this.#rules.values()].map(({ bucket }) => bucket.waitedMs(key));
    if (waitedMs.some((each) => each >= ms && each > 0)) held.push('host');
    return held;
  }

  /** Lets everything of a download go now, because it is being stopped. */
  release(key: number): void {
    this.#all.release(key);
    for (const { bucket } of this.#rules.values()) bucket.release(key);
  }
}
