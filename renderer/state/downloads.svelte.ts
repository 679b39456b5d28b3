// The list as the window sees it: the rows around the visible place, fetched from the engine and kept fresh by its events.
/* eslint-disable svelte/prefer-svelte-reactivity -- caches behind the reactive fields, which say when they changed */
import { changesByItself, ListQuery, orderFor } from './query.ts';
import type { Counts, EngineEvent, Totals } from '../../shared/api.ts';
import type { Row } from '../../shared/download.ts';
import type { Bridge } from '../../shared/shell-api.ts';

/** Rows fetched beyond the visible ones, on each side. */
const MARGIN = 60;
/** When fewer than these are left beyond the visible ones, more are fetched. */
const NEAR = 24;
/** How many fetched rows are kept at most. */
const KEEP = 3000;
/** The least time between two fetches that only freshen what is shown, in ms. */
const FRESHEN_MS = 150;
/** So often a list is fetched anew whose order follows the speeds, in ms. */
const RESORT_MS = 2000;
/** Speeds are kept for a minute, one a second. */
const SPEEDS = 60;

const noCounts: Counts = { all: 0, queued: 0, running: 0, paused: 0, done: 0, failed: 0, categories: {} };
const noTotals: Totals = {
  bytesPerS: 0,
  leftMs: null,
  freeBytes: null,
  limitBytesPerS: null,
  schedule: null,
  workers: 0,
  modeHere: 'working',
  trouble: null,
};

export class Downloads {
  query = $state.raw<ListQuery>({ ...ListQuery });
  /** How many rows the query finds. */
  total = $state(0);
  counts = $state.raw<Counts>(noCounts);
  totals = $state.raw<Totals>(noTotals);
  /** False until the engine has answered once. */
  ready = $state(false);
  /** Why the list did not come when it was last asked for; null when it did. */
  trouble = $state<string | null>(null);
  /** Index of the first row of `rows`. */
  first = $state(0);
  /** The rows of the window that the list shows; null where one has not come yet. */
  rows = $state.raw<(Row | null)[]>([]);
  /** How many rows the screen takes. */
  count = $state(0);
  revision = $state(0);

  #bridge: Bridge;
  #known = new Map<number, Row>();
  #running = new Map<number, Row>();
  #latest = new Map<number, Row>();
  #speeds = new Map<number, number[]>();
  #fetching = false;
  #wanted = false;
  /** What has been fetched may be older than the list. */
  #stale = false;
  #fetchedAt = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #generation = 0;
  #seenRevision = -1;

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  /** Asks for what is there now; to be called at the start, and to try it again. */
  async load(): Promise<void> {
    const answer = await this.#bridge.call('overview', null);
    if (answer.ok) {
      this.counts = answer.value.counts;
      this.totals = answer.value.totals;
    } else {
      // Nothing known is not nothing there.
      this.trouble = answer.error.message;
      return;
    }
    this.#stale = true;
    await this.#fetch();
    this.ready = true;
  }

  changed(event: Extract<EngineEvent, { event: 'changed' }>): void {
    this.counts = event.counts;
    this.totals = event.totals;
    this.ready = true;
    this.#running = new Map(event.running.map((row) => [row.id, row]));
    for (const row of event.running) this.#latest.set(row.id, row);
    if (event.revision > this.#seenRevision) this.#freshen();
    else {
      this.#forgetEnded();
      if (changesByItself(this.query) && Date.now() - this.#fetchedAt >= RESORT_MS) this.#freshen();
    }
    // Ten times a second, and mostly of none that is in sight.
    if (this.rows.some((row, i) => row !== this.rowAt(this.first + i))) this.#show();
  }

  /** Takes a sample of each running download's speed; to be called once a second. */
  sampleSpeeds(): void {
    for (const id of this.#speeds.keys()) if (!this.#running.has(id)) this.#speeds.get(id)!.push(0);
    for (const row of this.#running.values()) {
      const speeds = this.#speeds.get(row.id) ?? [];
      if (!this.#speeds.has(row.id)) this.#speeds.set(row.id, speeds);
      speeds.push(row.bytesPerS);
    }
    for (const [id, speeds] of this.#speeds) {
      if (speeds.length > SPEEDS) speeds.splice(0, speeds.length - SPEEDS);
      if (speeds.every((speed) => speed === 0)) this.#speeds.delete(id);
    }
  }

  /** The last minute's speeds of a download in bytes a second, oldest first. */
  speedsOf(id: number): number[] {
    return [...(this.#speeds.get(id) ?? [])];
  }

  /** Changes the filter or the order and starts at the top. */
  setQuery(change: Partial<ListQuery>): void {
    const { status = this.query.status } = change;
    this.query = { ...this.query, ...orderFor(status, this.query), ...change };
    this.#generation += 1;
    this.#known.clear();
    this.first = 0;
    void this.#fetch();
  }

  /** Says which rows are on the screen: `count` from index `first`. */
  setWindow(first: number, count: number): void {
    if (first === this.first && count === this.count) return;
    this.first = first;
    this.count = count;
    this.#show();
    if (!this.#hasAround()) void this.#fetch();
  }

  /** The row at an index of the list, if it has been fetched. */
  rowAt(index: number): Row | null {
    const row = this.#known.get(index);
    return row === undefined ? null : this.#fresh(row);
  }

  /** All rows that have been fetched, in the order of the list. */
  fetched(): Row[] {
    return [...this.#known].sort(([a], [b]) => a - b).map(([, row]) => this.#fresh(row));
  }

  /** What a running download is called; null when it is not known. */
  nameOf(id: number): string | null {
    return this.#running.get(id)?.name ?? null;
  }

  /** Where a download stands in the list, if it is among the fetched rows. */
  indexOf(id: number): number {
    for (const [index, row] of this.#known) if (row.id === id) return index;
    return -1;
  }

  /** The fetched rows are newer than what was last seen of downloads that do not run any more. */
  #forgetEnded(): void {
    for (const id of this.#latest.keys()) if (!this.#running.has(id)) this.#latest.delete(id);
  }

  #fresh(row: Row): Row {
    return this.#latest.get(row.id) ?? row;
  }

  #show(): void {
    const end = Math.min(this.first + this.count, this.total);
    const rows: (Row | null)[] = [];
    for (let index = this.first; index < end; index += 1) rows.push(this.rowAt(index));
    this.rows = rows;
  }

  /** Whether the visible rows and those next to them have come; they come in one piece, so the ends tell. */
  #hasAround(): boolean {
    const before = Math.max(0, this.first - NEAR);
    const behind = Math.min(this.total, this.first + this.count + NEAR) - 1;
    return !this.rows.includes(null) && (behind < 0 || (this.#known.has(before) && this.#known.has(behind)));
  }

  #freshen(): void {
    if (this.#timer !== null) return;
    const wait = Math.max(0, this.#fetchedAt + FRESHEN_MS - Date.now());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#stale = true;
      void this.#fetch();
    }, wait);
  }

  /** Fetches the rows around the visible place; what is asked for meanwhile is fetched afterwards. */
  async #fetch(): Promise<void> {
    this.#wanted = true;
    if (this.#fetching) return;
    this.#fetching = true;
    try {
      while (this.#wanted) {
        this.#wanted = false;
        await this.#fetchOnce();
      }
    } finally {
      this.#fetching = false;
    }
  }

  async #fetchOnce(): Promise<void> {
    const generation = this.#generation;
    const { size } = this.#known;
    const whole = this.#stale || size === 0 || size > KEEP || changesByItself(this.query);
    let offset = Math.max(0, this.first - MARGIN);
    let end = this.first + this.count + MARGIN;
    if (!whole) {
      // Not again what is at either end already: who scrolls has most of it.
      end = Math.min(end, this.total);
      while (offset < end && this.#known.has(offset)) offset += 1;
      while (offset < end && this.#known.has(end - 1)) end -= 1;
      if (offset >= end) return;
    }
    this.#stale = false;
    const limit = Math.max(1, end - offset);
    const answer = await this.#bridge.call('list', { query: this.query, offset, limit });
    this.#fetchedAt = Date.now();
    // The answer to a question that is no longer asked.
    if (generation !== this.#generation) return;
    this.trouble = answer.ok ? null : answer.error.message;
    if (!answer.ok) return;
    const { rows, total, revision } = answer.value;
    const anew = revision > this.#seenRevision || total !== this.total || changesByItself(this.query);
    // What was fetched before may not be what stands beside these rows now.
    if (anew && !whole) this.#wanted = this.#stale = true;
    if (anew || this.#known.size > KEEP) this.#known.clear();
    this.#seenRevision = Math.max(revision, this.#seenRevision);
    rows.forEach((row, i) => {
      this.#known.set(offset + i, row);
    });
    this.#forgetEnded();
    this.total = total;
    this.revision = this.#seenRevision;
    this.#show();
  }
}
