// Shares one speed limit out among worker processes, so that together they keep to it and none idles on what another needs.

export type Sharer = { id: number; tasks: number; bytesPerS: number; share: number | null };

/** A worker that uses less than this part of its share is taken to need no more than a bit above what it uses. */
const SATED = 0.8;
const HEADROOM = 1.25;
/** What a worker without tasks keeps, so that it can begin. */
const IDLE_BYTES_PER_S = 1024;

/**
 * Shares in bytes a second by worker id. What the sated ones use and what the others may use is the limit together (idle
 * workers' start-up crumbs aside): a sated one keeps some headroom, which the next round takes into account once it is used.
 */
export function shareOut(limitBytesPerS: number, sharers: readonly Sharer[]): Map<number, number> {
  const shares = new Map<number, number>();
  let open = sharers.filter((sharer) => sharer.tasks > 0);
  for (const { id, tasks } of sharers) if (tasks === 0) shares.set(id, IDLE_BYTES_PER_S);
  let left = limitBytesPerS;
  for (;;) {
    const tasks = open.reduce((sum, sharer) => sum + sharer.tasks, 0);
    const perTask = left / tasks;
    const sated = open.filter((sharer) => needOf(sharer) < perTask * sharer.tasks);
    if (sated.length === 0 || sated.length === open.length) {
      for (const { id, tasks: own } of open) shares.set(id, Math.max(1, perTask * own));
      return shares;
    }
    for (const sharer of sated) {
      shares.set(sharer.id, needOf(sharer));
      left -= sharer.bytesPerS;
    }
    open = open.filter((sharer) => !sated.includes(sharer));
  }
}

function needOf({ bytesPerS, share }: Sharer): number {
  if (share === null || bytesPerS >= share * SATED) return Infinity;
  return bytesPerS * HEADROOM + IDLE_BYTES_PER_S;
}
