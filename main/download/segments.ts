// Which connection fetches which bytes: split, steal, give back; decides, does no I/O.
import type { Extent } from '../../shared/download.ts';
import { addExtent, gapsOf, type Extents } from './extents.ts';

/** What a running segment keeps for itself when half of its rest is taken. */
export const RESERVED_BYTES = 1 << 20;
/** A segment this much slower than the mean is taken over whole. */
const FAR_SLOWER = 1 / 5;

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
  readonly #lastPos = new WeakMap<Segment, number>();

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

  /** Takes the first free range, or its share when `takers` are about to divide what is free. */
  take(takers = 1): Segment | null {
    const gap = this.#free.shift();
    if (!gap) return null;
    const [start, end] = gap;
    const share = Number.isFinite(end) ? Math.max(RESERVED_BYTES, Math.ceil((end - start) / takers)) : Infinity;
    const cut = Math.min(end, start + share);
    if (cut < end) this.#free.unshift([cut, end]);
    return this.#run(start, cut);
  }

  /** Takes the second half of what the segment with the longest time to go still has, beyond what it keeps. */
  steal(): Segment | null {
    let victim: Segment | null = null;
    for (const segment of this.running) {
      if (!Number.isFinite(segment.end) || segment.end - segment.pos < 2 * RESERVED_BYTES) continue;
      if (!victim || secondsLeft(segment) > secondsLeft(victim)) victim = segment;
    }
    if (!victim) return null;
    const cut = victim.pos + RESERVED_BYTES + Math.floor((victim.end - victim.pos - RESERVED_BYTES) / 2);
    const stolen = this.#run(cut, victim.end);
    victim.end = cut;
    return stolen;
  }

  /**
   * A segment that is far slower than the mean of `meanBytesPerS` and would take more than a second with it: worth
   * breaking off so that another connection fetches its rest.
   */
  laggard(meanBytesPerS: number): Segment | null {
    for (const segment of this.running) {
      const left = segment.end - segment.pos;
      if (!Number.isFinite(left) || left <= 0) continue;
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
    const last = this.#lastPos.get(segment) ?? segment.start;
    const now = ((segment.pos - last) * 1000) / elapsedMs;
    segment.bytesPerS = segment.bytesPerS === 0 ? now : segment.bytesPerS * 0.8 + now * 0.2;
    this.#lastPos.set(segment, segment.pos);
  }

  #run(start: number, end: number): Segment {
    const segment = { start, pos: start, end, bytesPerS: 0 };
    this.running.add(segment);
    return segment;
  }
}

function secondsLeft(segment: Segment): number {
  return (segment.end - segment.pos) / Math.max(1, segment.bytesPerS);
}
