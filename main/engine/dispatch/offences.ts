// What machines elsewhere did that they may not: whoever keeps on with it is kept out for a while. Kept in memory alone: it is
// against a machine that is broken. One that has the key and means harm would only come under another name.

/** So many offences within the time bar a machine. */
const OFFENCES_MAX = 3;
const WITHIN_MS = 60 * 60_000;
const BARRED_MS = 10 * 60_000;
/** How many machines are remembered; the least recent go first. */
const PLACES_MAX = 1000;

export class Offences {
  /** When each was, by machine, oldest first. */
  readonly #atMs = new Map<string, number[]>();

  note(place: string, nowMs: number): void {
    const all = [...this.#recent(place, nowMs), nowMs].slice(-OFFENCES_MAX);
    this.#atMs.delete(place);
    this.#atMs.set(place, all);
    const [oldest] = this.#atMs.keys();
    if (this.#atMs.size > PLACES_MAX && oldest !== undefined) this.#atMs.delete(oldest);
  }

  /** How many there were of late. */
  countOf(place: string, nowMs: number): number {
    return this.#recent(place, nowMs).length;
  }

  /** Until when it may not join, in ms since 1970; null when it may. */
  barredUntil(place: string, nowMs: number): number | null {
    const recent = this.#recent(place, nowMs);
    const until = recent.length < OFFENCES_MAX ? 0 : recent.at(-1)! + BARRED_MS;
    return until > nowMs ? until : null;
  }

  forgive(place: string): void {
    this.#atMs.delete(place);
  }

  #recent(place: string, nowMs: number): number[] {
    return (this.#atMs.get(place) ?? []).filter((at) => nowMs - at < WITHIN_MS);
  }
}
