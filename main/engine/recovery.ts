// The start after whatever happened, and the backups that make it harmless.
import type { Adding } from './adding.ts';
import type { Removals } from './removals.ts';
import type { Store } from './store/store.ts';

/** What an earlier process left open: running ones queue again, hidden ones go, a list that lost something is completed. */
export function recover(parts: { store: Store; removals: Removals; adding: Adding; now: () => number }): void {
  const { store, removals, adding, now } = parts;
  store.transaction(() => store.requeueRunning());
  removals.finishOld();
  const lost = store.journalled();
  if (lost.length === 0) return;
  adding.addMissing(lost);
  // The journal begins anew, or what is removed from here on would come back by it.
  backUp(store, now(), 0);
}

/** Backs the list up when the last time is `maxAgeMs` ago. Where that fails, as on a full disk, the list goes on without. */
export function backUp(store: Store, nowMs: number, maxAgeMs: number): void {
  try {
    store.backUp(nowMs, maxAgeMs);
  } catch (error) {
    process.emitWarning(`The list could not be backed up: ${(error as Error).message}`);
  }
}
