// What waits in the queue: who may start next, and when.
import type { DownloadId } from '../../../shared/download.ts';
import type { Candidate } from './rows.ts';
import type { Sql } from './sql.ts';

/** Who waits for a host is looked for among so many. */
const QUEUE_SEEN = 1000;
/** No download is put off for longer. */
export const LATER_MAX_MS = 24 * 3_600_000;

const queued = (condition: string) =>
  `SELECT id, host, dir, name, crashes, connections, CASE WHEN done_bytes > 0 THEN place END AS begunAt FROM downloads
   WHERE status = 'queued' AND removed_at IS NULL ${condition}
     -- One that seems to be put off for longer than that was so by a clock that has been set back since.
     AND not_before NOT BETWEEN @now + 1 AND @now + ${LATER_MAX_MS}
     AND host NOT IN (SELECT value FROM json_each(@busy))
     AND id NOT IN (SELECT value FROM json_each(@held))
   ORDER BY priority, position LIMIT @limit`;
// Made once, as the text of a statement is what it is found by.
const all = queued('');
const begun = queued(`AND place != '' AND done_bytes > 0 AND place IN (SELECT value FROM json_each(@places))`);

export class QueuedTable {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** The first queued downloads, by priority and then in list order, that are not among `held` and whose host is not among `busyHosts`. */
  candidates(now: number, limit: number, busyHosts: readonly string[], held: readonly DownloadId[]): Candidate[] {
    const [busy, not] = [JSON.stringify(busyHosts), JSON.stringify(held)];
    return this.#sql.prepare(all).all({ now, limit, busy, held: not }) as Candidate[];
  }

  /** Those of them of which one of these machines elsewhere has some bytes already. */
  begunBy(
    places: readonly string[],
    now: number,
    limit: number,
    busyHosts: readonly string[],
    held: readonly DownloadId[],
  ): Candidate[] {
    if (places.length === 0) return [];
    const [busy, not] = [JSON.stringify(busyHosts), JSON.stringify(held)];
    return this.#sql.prepare(begun).all({ now, limit, busy, held: not, places: JSON.stringify(places) }) as Candidate[];
  }

  /** How many of the next in the queue are of each of these hosts. */
  ofHosts(hosts: readonly string[]): Map<string, number> {
    if (hosts.length === 0) return new Map();
    const rows = this.#sql
      .prepare(
        `SELECT host, count(*) FROM (
           SELECT host FROM downloads WHERE status = 'queued' AND removed_at IS NULL
           ORDER BY priority, position LIMIT ${QUEUE_SEEN})
         WHERE host IN (SELECT value FROM json_each(?)) GROUP BY host`,
      )
      .raw()
      .all(JSON.stringify(hosts));
    return new Map(rows as [string, number][]);
  }

  /** When the next queued download that waits may start, in ms since 1970; null when none waits. */
  nextStartAt(now: number): number | null {
    return this.#sql
      .prepare(
        `SELECT min(not_before) FROM downloads INDEXED BY downloads_later WHERE status = 'queued' AND removed_at IS NULL AND not_before > 0 AND not_before > ?`,
      )
      .pluck()
      .get(now) as number | null;
  }
}
