// What the engine's events mean as a whole: how far the present batch of downloads is, and when all of it is done.
import type { EngineEvent } from '../../shared/api.ts';

type Changed = Pick<Extract<EngineEvent, { event: 'changed' }>, 'counts' | 'running'>;

export type Activity = {
  /** Downloads that run or wait to run. */
  unfinished: number;
  running: number;
  /** From 0 to 1; null when nothing is to be done. */
  progress: number | null;
  /** The last of a batch has just ended, and nobody has merely paused the rest. */
  allDone: boolean;
};

/** Follows a batch from its first download to its last. */
export class Batch {
  #ended = 0;
  #paused = Infinity;

  /** A download of it is done or has failed. */
  ended(): void {
    this.#ended += 1;
  }

  changed({ counts, running }: Changed): Activity {
    const unfinished = counts.running + counts.queued;
    if (unfinished > 0) {
      this.#paused = Math.min(this.#paused, counts.paused);
      const parts = running.reduce((sum, { doneBytes, sizeBytes }) => sum + (sizeBytes ? doneBytes / sizeBytes : 0), 0);
      const progress = Math.min(1, (this.#ended + parts) / (this.#ended + unfinished));
      return { unfinished, running: counts.running, progress, allDone: false };
    }
    const allDone = this.#ended > 0 && counts.paused <= this.#paused;
    this.#ended = 0;
    this.#paused = Infinity;
    return { unfinished: 0, running: 0, progress: null, allDone };
  }
}
