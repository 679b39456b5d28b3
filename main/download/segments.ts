// Which connection fetches which bytes: split, steal, give back; decides, does no I/O.
import type { Extent } from '../../shared/download.ts';
import { addExtent, bytesIn, gapsOf, type Extents } from './extents.ts';

/** What a running segment keeps for itself when half of its rest is taken. */
export const RESERVED_BYTES = 1 << 20;
/** A segment this much slower than the mean is taken over whole. */
const FAR_SLOWER = 1 / 5;
/** One that has brought bytes is judged after so many measurements, one that has not after so many. */
const JUDGED_AFTER = 5;
const JUDGED_EMPTY_AFTER = 20;
/** However fast a victim is, it keeps no more than this part of what is divided with it. */
const KEEPS_MAX = 3 / 4;

/** A byte range one connection is fetching. `end` may shrink while it runs; Infinity while the size is unknown. */
export interface Segment {
  readonly start: number;
  /** The next byte to come. */
  pos: number;
  end: number;
  bytesPerS: number;
}

/** Bytes are in exactly one place: got, owned by one running segment, or free. */
export class Segments {
  readonly running = new Set<Segment>();
  #free: Extent[];
  readonly #measured = new WeakMap<Segment, { pos: number; times: number; timesWithBytes: number }>();

  constructor(totalBytes: number | null, got: Extents) {
    this.#free = gapsOf(got, totalBytes ?? Infinity);
  }

  /** Whether no byte is missing or on its way. */
  get finished(): boolean {
    return this.#free.length === 0 && this.running.size === 0;
  }

  /** Takes the first free range that begins where something known ends; null when there is none. */
  takeBehind(known: Extents): Segment | null {
    const index = this.#free.findIndex(([start]) => known.some((extent) => extent[1] === start));
    if (index < 0) return null;
    const [[start, end]] = this.#free.splice(index, 1) as [Extent];
    return this.#run(start, end);
  }

  /**
   * Takes the free range to begin with, one behind something known where there is one. With `enoughBytes` no strong tag says
   * what an answer is of: then its bytes count only when it brings so many known ones before them, too, or all from the
   * beginning, and they are equal. What is known behind a range is compared as well, but nobody can rely on that: an answer
   * may end before it. Null: none for now. `too-little`: without its beginning, what is here is worth nothing.
   */
  takeNext(known: Extents, enoughBytes: number): Segment | 'too-little' | null {
    const isIdle = this.running.size === 0;
    const [start, end] = known[0] ?? [0, enoughBytes];
    const tells = enoughBytes === 0 || (start === 0 && end >= enoughBytes);
    if (!tells && isIdle && !this.finished) return 'too-little';
    return (
      this.takeBehind(known.filter((extent) => extent[1] - extent[0] >= enoughBytes)) ?? (isIdle ? this.take() : null)
    );
  }

  /** Takes the largest free range, or a share of all that is free when `takers` are about to divide it. */
  take(takers = 1): Segment | null {
    let largest = this.#free[0];
    for (const gap of this.#free) if (largest && gap[1] - gap[0] > largest[1] - largest[0]) largest = gap;
    if (!largest) return null;
    const [start, end] = largest;
    const share = Number.isFinite(end) ? Math.max(RESERVED_BYTES, Math.ceil(bytesIn(this.#free) / takers)) : Infinity;
    // A crumb is not worth a request of its own.
    const cut = end - start < share + RESERVED_BYTES ? end : start + share;
    this.#free.splice(this.#free.indexOf(largest), 1, ...(cut < end ? [[cut, end] satisfies Extent] : []));
    return this.#run(start, cut);
  }

  /** Leaves those that run a share of what is missing, so that `takers` more can have as much each. */
  makeRoom(takers: number): void {
    const left = [...this.running].reduce((sum, segment) => sum + segment.end - segment.pos, bytesIn(this.#free));
    if (!Number.isFinite(left)) return;
    const share = Math.max(RESERVED_BYTES, Math.ceil(left / (this.running.size + takers)));
    for (const segment of this.running) {
      if (segment.end - segment.pos < share + RESERVED_BYTES) continue;
      const { end } = segment;
      segment.end = segment.pos + share;
      this.#free = addExtent(this.#free, segment.end, end);
    }
  }

  /**
   * Takes of the segment with the longest time to go what a connection of `bytesPerS` can fetch of its rest by the time
   * that it ends itself, beyond what it keeps; half of it when nothing is known of the speeds.
   */
  steal(bytesPerS = 0): Segment | null {
    const speedOf = (segment: Segment): number =>
      Math.max(1, this.#measured.has(segment) ? segment.bytesPerS : bytesPerS);
    const secondsLeft = (segment: Segment): number => (segment.end - segment.pos) / speedOf(segment);
    let victim: Segment | null = null;
    for (const segment of this.running) {
      if (!Number.isFinite(segment.end) || segment.end - segment.pos < 2 * RESERVED_BYTES) continue;
      if (!victim || secondsLeft(segment) > secondsLeft(victim)) victim = segment;
    }
    if (!victim) return null;
    const speed = speedOf(victim);
    const keeps = bytesPerS === 0 ? 1 / 2 : Math.min(KEEPS_MAX, speed / (speed + bytesPerS));
    const cut = victim.pos + RESERVED_BYTES + Math.floor((victim.end - victim.pos - RESERVED_BYTES) * keeps);
    const stolen = this.#run(cut, victim.end);
    victim.end = cut;
    return stolen;
  }

  /**
   * A segment that is far slower than the mean of `meanBytesPerS` and would take more than a second with it: worth
   * breaking off so that another connection fetches its rest. One that had no time yet to become fast is none.
   */
  laggard(meanBytesPerS: number): Segment | null {
    for (const segment of this.running) {
      const left = segment.end - segment.pos;
      if (!Number.isFinite(left) || left <= 0) continue;
      if (!this.#isSettled(segment)) continue;
      if (segment.bytesPerS < meanBytesPerS * FAR_SLOWER && left > segment.bytesPerS) return segment;
    }
    return null;
  }

  /** Ends a segment; what it has not got becomes free. */
  giveBack(segment: Segment): void {
    if (!this.running.delete(segment)) return;
    if (segment.pos < segment.end) this.#free = addExtent(this.#free, segment.pos, segment.end);
  }

  /** Lets a running segment go on over the free range right behind it, up to `limit`. */
  extend(segment: Segment, limit: number): void {
    const index = this.#free.findIndex(([start]) => start === segment.end);
    if (index < 0 || limit <= segment.end || !this.running.has(segment)) return;
    const end = this.#free[index]![1];
    segment.end = Math.min(end, limit);
    this.#free.splice(index, 1, ...(segment.end < end ? [[segment.end, end] satisfies Extent] : []));
  }

  /** Makes a segment that runs over the whole file, all others being over. */
  takeAll(totalBytes: number | null): Segment {
    this.#free = [];
    return this.#run(0, totalBytes ?? Infinity);
  }

  /** The size became known, or turned out to be another: nothing is missing beyond it. */
  limitTo(totalBytes: number): void {
    for (const segment of this.running) segment.end = Math.min(segment.end, totalBytes);
    this.#free = this.#free
      .filter(([start]) => start < totalBytes)
      .map(([start, end]) => [start, Math.min(end, totalBytes)]);
  }

  /** Takes the speed of the last `elapsedMs` into a segment's mean. */
  measure(segment: Segment, elapsedMs: number): void {
    const last = this.#measured.get(segment) ?? { pos: segment.start, times: 0, timesWithBytes: 0 };
    const now = ((segment.pos - last.pos) * 1000) / elapsedMs;
    segment.bytesPerS = segment.bytesPerS === 0 ? now : segment.bytesPerS * 0.8 + now * 0.2;
    const timesWithBytes = segment.pos > segment.start ? last.timesWithBytes + 1 : 0;
    this.#measured.set(segment, { pos: segment.pos, times: last.times + 1, timesWithBytes });
  }

  #isSettled(segment: Segment): boolean {
    const measured = this.#measured.get(segment);
    if (!measured) return false;
    return measured.timesWithBytes >= JUDGED_AFTER || measured.times >= JUDGED_EMPTY_AFTER;
  }

  #run(start: number, end: number): Segment {
    const segment = { start, pos: start, end, bytesPerS: 0 };
    this.running.add(segment);
    return segment;
  }
}
