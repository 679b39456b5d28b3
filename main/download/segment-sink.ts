// Puts an answer's bytes where they belong: what the file has already is compared, never overwritten; the rest is written.
import type { Extent } from '../../shared/download.ts';
import type { Bucket } from './limits.ts';
import type { Sink } from './lanes/lane.ts';
import { runsOf } from './extents.ts';
import type { PartFile } from './disk/part-file.ts';
import type { Segment } from './segments.ts';

const GATHER_BYTES = 256 << 10;

export interface SinkOptions {
  part: PartFile;
  segment: Segment;
  /** The position of the body's first byte. */
  start: number;
  /** Where the answer promises to end; null: not told. Nothing beyond is taken. */
  declaredEnd: number | null;
  /** So many known bytes behind `askedEnd` are compared too, if the segment still ends there. */
  tailBytes: number;
  askedEnd: number;
  /** Whether the segment runs over bytes that the file has already. */
  overKnown: boolean;
  /** The limits its bytes have to keep to as they are now, and the key under which they are asked. */
  buckets: () => readonly Bucket[];
  key: number;
  /** The session is over: it waits for no turn any more. */
  isOver: () => boolean;
  /** Called after bytes were accepted for writing. */
  onBytes: (start: number, byteCount: number) => void;
}

export class SegmentSink implements Sink {
  /** Where bytes differ from what the file has, if they do. */
  mismatch: Extent | null = null;
  comparedBytes = 0;
  readonly #options: SinkOptions;
  #at: number;
  #full = false;
  /** Comparisons under way: nothing is written before they have passed. */
  #gate: Promise<void> | null = null;

  constructor(options: SinkOptions) {
    this.#options = options;
    this.#at = options.start;
  }

  get gatherBytes(): number {
    let bytes = GATHER_BYTES;
    for (const { bytesPerS } of this.#options.buckets()) {
      if (bytesPerS !== null) bytes = Math.min(bytes, Math.floor(bytesPerS / 40));
    }
    return bytes;
  }

  get roomBytes(): number {
    let bytes = Infinity;
    for (const bucket of this.#options.buckets()) bytes = Math.min(bytes, bucket.roomBytes);
    return bytes;
  }

  get isShut(): boolean {
    for (const bucket of this.#options.buckets()) if (bucket.isShut) return !this.#options.isOver();
    return false;
  }

  /** The turn in one limit may be over by the time that another gives one: then the round begins anew. */
  async turn(): Promise<void> {
    while (this.isShut) {
      for (const bucket of this.#options.buckets()) {
        if (bucket.isShut && !this.#options.isOver()) await bucket.turn(this.#options.key);
      }
    }
  }

  came(byteCount: number): void {
    for (const bucket of this.#options.buckets()) bucket.spend(this.#options.key, byteCount);
  }

  async take(pieces: Uint8Array[], byteCount: number): Promise<boolean> {
    const { segment, declaredEnd, part, askedEnd, tailBytes } = this.#options;
    if (this.#full) return false;
    const from = this.#at;
    const stop = segment.end === askedEnd ? segment.end + tailBytes : segment.end;
    const to = Math.min(from + byteCount, stop, declaredEnd ?? Infinity);
    this.#at = from + byteCount;
    // The body's last byte may be the segment's last: then its proper end is still to come and keeps the connection.
    const more = this.#at < stop || this.#at === declaredEnd;
    // Bytes behind the end are let go here: should the segment grow now, they must come with another answer.
    this.#full = !more;
    if (to <= from) return more;
    const writeTo = Math.min(to, segment.end);
    segment.pos = Math.max(segment.pos, writeTo);

    if (from >= segment.start && to === writeTo && !this.#options.overKnown && !this.#gate) {
      await this.#write(clip(pieces, 0, to - from), to - from, from);
      return more;
    }
    const bytes = Buffer.concat(pieces);
    for (const run of runsOf(part.written, from, to)) {
      const slice = bytes.subarray(run.start - from, run.end - from);
      if (run.known) this.#gate = this.#compareAfter(this.#gate, slice, run.start);
      const gate = this.#gate;
      await gate;
      if (this.#gate === gate) this.#gate = null;
      if (this.mismatch) return false;
      if (run.known) continue;
      const start = Math.max(run.start, segment.start);
      const end = Math.min(run.end, writeTo);
      if (start < end) await this.#write([bytes.subarray(start - from, end - from)], end - start, start);
    }
    return more;
  }

  async #compareAfter(before: Promise<void> | null, bytes: Buffer, position: number): Promise<void> {
    await before;
    const known = Buffer.allocUnsafe(bytes.length);
    const count = await this.#options.part.read(known, position);
    if (!known.subarray(0, count).equals(bytes)) this.mismatch = [position, position + bytes.length];
    this.comparedBytes += bytes.length;
  }

  #write(pieces: Uint8Array[], byteCount: number, position: number): Promise<void> {
    this.#options.onBytes(position, byteCount);
    return this.#options.part.write(pieces, byteCount, position);
  }
}

/** The bytes `[start, end)` of the pieces put together, without copying. */
function clip(pieces: Uint8Array[], start: number, end: number): Uint8Array[] {
  const clipped: Uint8Array[] = [];
  let at = 0;
  for (const piece of pieces) {
    const [from, to] = [Math.max(start - at, 0), Math.min(end - at, piece.length)];
    if (from < to) clipped.push(from === 0 && to === piece.length ? piece : piece.subarray(from, to));
    at += piece.length;
  }
  return clipped;
}
