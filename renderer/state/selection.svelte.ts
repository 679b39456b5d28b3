// Which rows are selected: some ids, or everything that the list's query finds; and where the cursor stands.
import { SvelteSet } from 'svelte/reactivity';
import type { Selection as Which } from '../../shared/api.ts';
import type { Row } from '../../shared/download.ts';
import type { Bridge } from '../../shared/shell-api.ts';
import type { Downloads } from './downloads.svelte.ts';

type How = 'only' | 'extend' | 'walk';

export class Selection {
  /** Index of the row that the keyboard acts on; -1 before the first step. */
  cursor = $state(-1);
  cursorId = $state<number | null>(null);
  all = $state(false);
  /** Grows with every step that a person takes. */
  steps = $state(0);
  #ids = new SvelteSet<number>();
  #anchor = -1;
  #bridge: Bridge;
  #downloads: Downloads;

  constructor(bridge: Bridge, downloads: Downloads) {
    this.#bridge = bridge;
    this.#downloads = downloads;
  }

  get count(): number {
    return this.all ? this.#downloads.total : this.#ids.size;
  }

  has(id: number): boolean {
    return this.all || this.#ids.has(id);
  }

  /** What an action on the selection is for; null when nothing is selected. */
  which(): Which | null {
    if (this.all) return { query: this.#downloads.query };
    return this.#ids.size === 0 ? null : { ids: [...this.#ids] };
  }

  ids(): number[] {
    return [...this.#ids];
  }

  /** The selected rows that have been fetched, in the order of the list. */
  rows(): Row[] {
    return this.#downloads.fetched().filter((row) => this.has(row.id));
  }

  /** The row that stands for the selection: the cursor's, or the first where that one is not selected. */
  row(): Row | null {
    const row = this.#downloads.rowAt(this.cursor);
    return row !== null && this.has(row.id) ? row : (this.rows()[0] ?? null);
  }

  clear(): void {
    this.all = false;
    this.#ids.clear();
    this.#anchor = -1;
  }

  /** Forgets the place too, for a list that is another one now. */
  reset(): void {
    this.clear();
    this.cursor = -1;
    this.cursorId = null;
  }

  selectAll(): void {
    this.#ids.clear();
    this.all = this.#downloads.total > 0;
  }

  /**
   * Goes to a row: alone, `extend`ed from where the selection began, or `toggle`d without leaving the others; a `walk` leaves the
   * selection as it is.
   */
  async goTo(index: number, how: How | 'toggle' = 'only'): Promise<void> {
    const last = this.#downloads.total - 1;
    if (last < 0) return;
    const target = Math.max(0, Math.min(last, index));
    this.steps += 1;
    const step = this.steps;
    const from = this.#anchor < 0 ? target : this.#anchor;
    this.cursor = target;
    this.cursorId = this.#downloads.rowAt(target)?.id ?? null;
    if (how === 'walk') return;

    if (how === 'extend') {
      this.#anchor = from;
      const ids = await this.#idsBetween(Math.min(from, target), Math.max(from, target));
      if (step !== this.steps || ids === null) return;
      this.all = false;
      this.#ids.clear();
      for (const id of ids) this.#ids.add(id);
      this.cursorId = ids.at(target >= from ? -1 : 0) ?? null;
      return;
    }
    if (how === 'toggle' && this.all) {
      // One less than everything: name the others.
      const ids = await this.#idsBetween(0, last);
      if (step !== this.steps || ids === null) return;
      this.all = false;
      for (const id of ids) this.#ids.add(id);
    }
    const id = this.cursorId ?? (await this.#idsBetween(target, target))?.[0];
    if (step !== this.steps || id === undefined) return;
    this.cursorId = id;
    this.#anchor = target;
    if (how === 'only') {
      this.all = false;
      if (this.#ids.size === 1 && this.#ids.has(id)) return;
      this.#ids.clear();
      this.#ids.add(id);
    } else if (this.#ids.has(id)) {
      this.#ids.delete(id);
    } else {
      this.#ids.add(id);
    }
  }

  /** Puts the cursor on a row and leaves the selection as it is. */
  point(index: number): void {
    this.cursor = index;
    this.cursorId = this.#downloads.rowAt(index)?.id ?? null;
  }

  /** Goes `by` rows down (or up, when negative). */
  move(by: number, how: How = 'only'): Promise<void> {
    return this.goTo(this.cursor < 0 ? (by > 0 ? 0 : this.#downloads.total - 1) : this.cursor + by, how);
  }

  /** Follows the cursor's download to its new place after the list changed. */
  follow(): void {
    if (this.cursorId === null) return;
    if (this.#downloads.rowAt(this.cursor)?.id === this.cursorId) return;
    const index = this.#downloads.indexOf(this.cursorId);
    if (index >= 0) {
      if (this.#anchor === this.cursor) this.#anchor = index;
      this.cursor = index;
    } else if (this.cursor >= this.#downloads.total) {
      this.cursor = this.#downloads.total - 1;
      this.cursorId = null;
    }
  }

  /** Forgets ids that are gone from the list. */
  drop(ids: number[]): void {
    for (const id of ids) this.#ids.delete(id);
  }

  async #idsBetween(first: number, last: number): Promise<number[] | null> {
    const ids: number[] = [];
    for (let index = first; index <= last; index += 1) {
      const row = this.#downloads.rowAt(index);
      if (row === null) break;
      ids.push(row.id);
    }
    if (ids.length === last - first + 1) return ids;
    const answer = await this.#bridge.call('listIds', {
      query: this.#downloads.query,
      offset: first,
      limit: last - first + 1,
    });
    return answer.ok ? answer.value.ids : null;
  }
}
