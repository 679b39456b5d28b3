// Cuts a byte stream into length-prefixed pieces, with no more memory than has really arrived.

/**
 * Looks at the beginning of a piece, of which `available` bytes are there from `at` on. Returns how long the piece is, or,
 * while that cannot be told yet, how many bytes are needed to tell more (a number above `available`). May throw to refuse it.
 */
export type Measure = (bytes: Buffer, at: number, available: number) => number;

/** A whole piece, its prefix included: `bytes` from `start` to `end`, which are not written to again. */
export type OnPiece = (bytes: Buffer, start: number, end: number) => void;

export class Cutter {
  readonly #measure: Measure;
  readonly #onPiece: OnPiece;
  /** The begun piece; grows by doubling, so that single bytes cost no more than big chunks. */
  #held = Buffer.alloc(0);
  #filled = 0;

  constructor(measure: Measure, onPiece: OnPiece) {
    this.#measure = measure;
    this.#onPiece = onPiece;
  }

  /** Takes the next bytes. What `measure` or `onPiece` throws comes out here, after the pieces before it. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      const left = chunk.length - at;
      if (this.#filled === 0) {
        const length = this.#measure(chunk, at, left);
        if (length <= left) {
          const start = at;
          at += length;
          this.#onPiece(chunk, start, at);
          continue;
        }
      }
      const wanted = this.#measure(this.#held, 0, this.#filled);
      const count = Math.min(wanted - this.#filled, left);
      this.#hold(chunk, at, count, wanted);
      at += count;
      if (this.#filled < wanted || this.#measure(this.#held, 0, this.#filled) > this.#filled) continue;
      const piece = this.#held;
      const length = this.#filled;
      this.#held = Buffer.alloc(0);
      this.#filled = 0;
      this.#onPiece(piece, 0, length);
    }
  }

  #hold(chunk: Buffer, at: number, count: number, wanted: number): void {
    const needed = this.#filled + count;
    if (needed > this.#held.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, Math.min(wanted, Math.max(64, this.#held.length * 2))));
      this.#held.copy(grown, 0, 0, this.#filled);
      this.#held = grown;
    }
    chunk.copy(this.#held, this.#filled, at, at + count);
    this.#filled = needed;
  }
}
