// Shares one speed limit out among worker processes, so that together they keep to it and no download idles on what another needs.

/** A download. `held`: the limit held it back lately; null: not known yet. */
export type Sharer = { worker: number; bytesPerS: number; held: boolean | null };

/** One that is not held back may become so much faster before it is. */
const HEADROOM = 1.25;
/** What a worker has beyond its downloads' shares, so that it can begin one. */
const IDLE_BYTES_PER_S = 1024;

/**
 * Shares in bytes a second by worker. Each download that is held back gets the same; one that is not needs little more than
 * what it uses, and what it uses and the others get is the limit together. Its headroom comes on top: once it is used, the
 * next round takes that into account.
 */
export function shareOut(
  limitBytesPerS: number,
  workers: readonly number[],
  downloads: readonly Sharer[],
): Map<number, number> {
  const shares = new Map(workers.map((worker) => [worker, 0]));
  const give = (worker: number, bytesPerS: number) => shares.set(worker, (shares.get(worker) ?? 0) + bytesPerS);
  let left = limitBytesPerS;
  let open = downloads;
  for (;;) {
    const each = left / open.length;
    const sated = open.filter((download) => needOf(download) < each);
    if (sated.length === 0 || sated.length === open.length) {
      for (const { worker } of open) give(worker, each);
      break;
    }
    for (const download of sated) {
      give(download.worker, needOf(download));
      left -= download.bytesPerS;
    }
    open = open.filter((download) => !sated.includes(download));
  }
  for (const [worker, share] of shares) shares.set(worker, Math.max(IDLE_BYTES_PER_S, share));
  return shares;
}

function needOf({ bytesPerS, held }: Sharer): number {
  return held === false ? bytesPerS * HEADROOM + IDLE_BYTES_PER_S : Infinity;
}
