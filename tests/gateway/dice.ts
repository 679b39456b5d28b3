// Repeatable chance, for those who send nonsense.

export function dice(seed: number) {
  const next = (): number => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n: number): number => Math.floor(next() * n);
  const bytes = (n: number): Buffer => Buffer.from(Array.from({ length: below(n) + 1 }, () => below(256)));
  const pick = <T>(...all: T[]): T => all[below(all.length)]!;
  /** A good message with some bytes changed, or its end cut off. */
  const damage = (good: Buffer): Buffer => {
    const bad = Buffer.from(good);
    for (let n = below(4); n >= 0; n--) bad[below(bad.length)] = below(256);
    return below(3) === 0 ? bad.subarray(0, below(bad.length)) : bad;
  };
  return { below, bytes, pick, damage };
}
