// Going on after whatever happened: the start after a crash, the end of a full disk, and the backups for the worst.
import fs from 'node:fs';
import path from 'node:path';
import { validatorsIn } from '../../shared/part-note.ts';
import type { Adding } from './adding.ts';
import type { DiskRoom } from './disk-room.ts';
import type { Removals } from './removals.ts';
import { isStoreFull } from './store/sql.ts';
import type { Store } from './store/store.ts';

const ROOM_AT_LEAST_BYTES = 1024 * 1024;

/**
 * What an earlier process left open: running ones queue again, hidden ones go, a list that lost something is completed.
 * `notes`: the folder where workers note what they have written.
 */
export function recover(parts: {
  store: Store;
  removals: Removals;
  adding: Adding;
  notes: string;
  now: () => number;
}): void {
  const { store, removals, adding, notes, now } = parts;
  store.transaction(() => store.requeueRunning());
  if (store.trouble !== null) store.forgetPartTimes();
  removals.finishOld();
  const lost = store.journalled();
  adding.addMissing(lost);
  if (store.trouble !== null) learnFromNotes(store, notes);
  if (lost.length === 0) return;
  // The journal begins anew, or what is removed from here on would come back by it.
  backUp(store, now(), 0);
}

/** Of unfinished files that a restored list knows nothing of, it learns which content they are a piece of: then workers go on with them. */
function learnFromNotes(store: Store, notes: string): void {
  for (const name of fs.existsSync(notes) ? fs.readdirSync(notes) : []) {
    const stored = store.get(Number(name));
    if (!stored || stored.status === 'done' || stored.validators) continue;
    try {
      store.saveProbe(stored.id, validatorsIn(fs.readFileSync(path.join(notes, name), 'utf8'), stored.url));
    } catch {
      // A crash cut it off: that one begins anew.
    }
  }
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
