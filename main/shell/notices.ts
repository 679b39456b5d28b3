// Which endings of downloads are worth a notification, and when: one for many, not many for many.
import type { DownloadId } from '../../shared/download.ts';
import type { FailureCode } from '../../shared/failure.ts';

type Kind = 'done' | 'failed';
export type Ending = { kind: 'done'; id: DownloadId } | { kind: 'failed'; id: DownloadId; code: FailureCode };
export type Notice = { kind: Kind; count: number; first: Ending };

/** So long after an ending a notice waits for others, in ms. */
const GATHER_MS = 1500;
/** While there is more to come, notices are at least so far apart. */
const APART_MS = 60_000;

/**
 * Gathers endings into notices. A notice counts everything since the last `seen`, so that the newer one may replace the
 * older: 37 downloads end with one "37 downloads finished".
 */
export class Notices {
  readonly #show: (notice: Notice) => void;
  readonly #gathered = new Map<Kind, { count: number; first: Ending; told: number }>();
  #timer: NodeJS.Timeout | undefined;
  #dueAt = Infinity;
  #shownAt = -Infinity;

  constructor(show: (notice: Notice) => void) {
    this.#show = show;
  }

  ended(ending: Ending): void {
    const gathered = this.#gathered.get(ending.kind) ?? { count: 0, first: ending, told: 0 };
    gathered.count += 1;
    this.#gathered.set(ending.kind, gathered);
    this.#schedule(Math.max(Date.now() + GATHER_MS, this.#shownAt + APART_MS));
  }

  /** Nothing more is to come: what is gathered is told soon, and the next batch counts anew. */
  allEnded(): void {
    if (this.#gathered.size > 0) this.#schedule(Date.now() + GATHER_MS, true);
  }

  /** The person looks at the list: nothing needs to be told. */
  seen(): void {
    clearTimeout(this.#timer);
    this.#dueAt = Infinity;
    this.#shownAt = -Infinity;
    this.#gathered.clear();
  }

  #schedule(at: number, last = false): void {
    if (at >= this.#dueAt && !last) return;
    clearTimeout(this.#timer);
    this.#dueAt = at;
    this.#timer = setTimeout(() => this.#tell(last), at - Date.now());
  }

  #tell(last: boolean): void {
    this.#dueAt = Infinity;
    this.#shownAt = Date.now();
    for (const [kind, gathered] of this.#gathered) {
      if (gathered.count > gathered.told) this.#show({ kind, count: gathered.count, first: gathered.first });
      gathered.told = gathered.count;
    }
    if (last) this.seen();
  }
}
