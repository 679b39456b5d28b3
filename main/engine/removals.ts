// Removing with a way back: entries are hidden at once, their unfinished files go when the time to undo is over.
import fs from 'node:fs';
import path from 'node:path';
import type { Selection } from '../../shared/api.ts';
import { RIVAL_SUFFIX } from '../../shared/protocol.ts';
import type { Dispatch } from './dispatch/dispatch.ts';
import type { Listeners, Signal } from './signal.ts';
import type { Store, Stored } from './store/store.ts';

/** How long a removal can be undone. */
const UNDO_MS = 10_000;

export class Removals {
  readonly #store: Store;
  readonly #dispatch: Dispatch;
  readonly #notes: string;
  readonly #signals: Listeners<Signal>;
  readonly #now: () => number;
  readonly #timers = new Map<number, NodeJS.Timeout>();
  #lastStamp = 0;

  constructor(options: {
    store: Store;
    dispatch: Dispatch;
    notes: string;
    signals: Listeners<Signal>;
    now: () => number;
  }) {
    this.#store = options.store;
    this.#dispatch = options.dispatch;
    this.#notes = options.notes;
    this.#signals = options.signals;
    this.#now = options.now;
  }

  /** Clears away what an earlier process left: part files of done downloads, removals whose time to undo is over. */
  finishOld(): void {
    this.clearParts();
    for (const stamp of this.#store.bin.stamps()) this.#purge(stamp, false);
  }

  /** Takes away what a worker did not live to: the part files' own names of what is done. */
  clearParts(): void {
    for (const left of this.#store.partsLeft()) this.clearPart(left);
  }

  /** Takes away what there is here of a file that is done, or nobody wants any more. */
  clearPart({ id, dir, partName }: Pick<Stored, 'id' | 'dir' | 'partName'>): void {
    removeFile(path.join(this.#notes, String(id)));
    for (const suffix of ['', RIVAL_SUFFIX]) removeFile(path.join(dir, partName + suffix));
  }

  remove(which: Selection, deleteFiles: boolean): { changed: number; undo: string | null } {
    const stamp = (this.#lastStamp = Math.max(this.#now(), this.#lastStamp + 1));
    const leased = this.#store.list.selectedAmong(which, [...this.#dispatch.leases.keys()]);
    const changed = this.#store.transaction(() => this.#store.bin.hide(which, stamp));
    if (changed === 0) return { changed, undo: null };
    this.#dispatch.recall(leased, 'removed');
    this.#purgeLater(stamp, deleteFiles, UNDO_MS);
    const ids = this.#store.bin.unfinished(stamp);
    if (ids.length > 0) this.#signals.tell({ event: 'removed', ids });
    return { changed, undo: String(stamp) };
  }

  /** Brings a removal back; 0 when its time is over. */
  undo(undo: string): number {
    const stamp = Number(undo);
    const timer = this.#timers.get(stamp);
    if (!timer) return 0;
    clearTimeout(timer);
    this.#timers.delete(stamp);
    return this.#store.bin.restore(stamp, ({ dir, name }) => fs.existsSync(path.join(dir, name)));
  }

  /** The next start clears away what is still open; it then leaves finished files alone. */
  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  #purgeLater(stamp: number, deleteFiles: boolean, delayMs: number): void {
    this.#timers.set(
      stamp,
      setTimeout(() => {
        this.#timers.delete(stamp);
        this.#purge(stamp, deleteFiles);
      }, delayMs),
    );
  }

  #purge(stamp: number, deleteFiles: boolean): void {
    const hidden = this.#store.bin.entries(stamp);
    // A worker may still be flushing one of them.
    if (hidden.some(({ id }) => this.#dispatch.leases.has(id))) return this.#purgeLater(stamp, deleteFiles, 250);
    for (const entry of hidden) {
      const { dir, name, status, place } = entry;
      this.clearPart(entry);
      // What another machine fetched is not here; a file of that name is somebody else's.
      if (place !== '') continue;
      if (status === 'done' && deleteFiles && !this.#store.bin.isOfAnother({ dir, name }))
        removeFile(path.join(dir, name));
    }
    this.#store.bin.purge(stamp);
  }
}

function removeFile(file: string): void {
  try {
    fs.unlinkSync(file);
  } catch (error) {
    // Gone already, or not ours to delete any more: either way there is nothing left to do.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
  }
}
