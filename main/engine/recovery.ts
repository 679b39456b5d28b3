// Going on after whatever happened: the start after a crash, the end of a full disk, and the backups for the worst.
import type { Adding } from './adding.ts';
import type { DiskRoom } from './disk-room.ts';
import type { Removals } from './removals.ts';
import { isStoreFull } from './store/sql.ts';
import type { Store } from './store/store.ts';

const ROOM_AT_LEAST_BYTES = 1024 * 1024;

/** What an earlier process left open: running ones queue again, hidden ones go, a list that lost something is completed. */
export function recover(parts: { store: Store; removals: Removals; adding: Adding; now: () => number }): void {
  const { store, removals, adding, now } = parts;
  store.transaction(() => store.requeueRunning());
  if (store.trouble !== null) store.forgetPartTimes();
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

/** Queues what waits for room on a disk that has some again. Returns whether there was any. */
export function resumeWhereRoomIs(store: Store, disk: DiskRoom): boolean {
  const waiting = store.list.waitingForRoom().filter(({ failure }) => failure?.retry === 'when-possible');
  const able = waiting.filter(({ dir, sizeBytes, doneBytes }) => {
    const free = disk.freeBytes(dir);
    return free === null || free > Math.max((sizeBytes ?? 0) - doneBytes, ROOM_AT_LEAST_BYTES);
  });
  if (able.length === 0) return false;
  try {
    store.transaction(() => {
      for (const { id } of able) store.setStatus(id, 'queued');
    });
    return true;
  } catch (error) {
    // The list's own disk is still full; there will be another time.
    if (!isStoreFull(error)) throw error;
    return false;
  }
}
