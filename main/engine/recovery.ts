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
/** The clock of a file server may be a little ahead of ours. */
const CLOCKS_DIFFER_MS = 5000;

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
  // What the journal lacks a backup must have; else there is time for it later.
  if (store.trouble === null && lost.length === 0) return backUp(store, now(), Infinity);
  learnFinished(store);
  if (store.trouble !== null) learnFromNotes(store, notes);
  // The journal begins anew, or what is removed from here on would come back by it.
  backUp(store, now(), 0);
}

/** Of those whose finished files are there, a restored list learns that they need not be fetched once more. */
function learnFinished(store: Store): void {
  for (const { at, ...done } of store.finishedLately()) {
    const stored = store.get(done.id);
    if (!stored || stored.status === 'done' || !isUntouched(path.join(stored.dir, done.name), done.sizeBytes, at))
      continue;
    store.transaction(() => {
      if (store.reserveName(done.id, done.name) !== done.name) return;
      store.finish(done.id, { ...done, here: true, hashLeft: done.sha256 === null, sums: false }, at);
      store.events.add(done.id, { at, kind: 'done', detail: { sizeBytes: done.sizeBytes } });
    });
  }
}

/** Whether a file of that size is there, and nobody has written to it since `at`. */
function isUntouched(file: string, sizeBytes: number, at: number): boolean {
  try {
    const found = fs.lstatSync(file);
    return found.isFile() && found.size === sizeBytes && found.mtimeMs <= at + CLOCKS_DIFFER_MS;
  } catch {
    return false;
  }
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
