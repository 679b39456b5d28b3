// How long to wait before a lost connection is tried again.

/** A connection that held this long was a good one, and the waiting begins anew. */
const LASTING_MS = 30_000;

/** From 0.5 to 30 s, twice as long each time. */
export class Backoff {
  #failures = 0;

  /** The next time to wait, in ms; `heldMs`: how long the last connection held. */
  next(heldMs: number): number {
    if (heldMs > LASTING_MS) this.#failures = 0;
    // Jitter, so that a hundred workers do not come back in the same instant.
    return Math.min(30_000, 500 * 2 ** this.#failures++) * (0.5 + Math.random() / 2);
  }
}
