// The list as people see and change it: pages, counts, selections, order.
import type { Counts, ListQuery, Selection } from '../../../shared/api.ts';
import type { DownloadId, Priority, Status } from '../../../shared/download.ts';
import { OTHER, type Category } from '../../../shared/category.ts';
import { isWholeQueue, whereOf, whereSelected } from './list-query.ts';
import { priorityNumber, storedOf, type Stored } from './rows.ts';
import { SortedIds, type Aspect } from './sorted-ids.ts';
import type { Sql } from './sql.ts';

export class ListTable {
  /** To be told of every change of a row that lists are sorted or filtered by. */
  readonly sorted: SortedIds;
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
    this.sorted = new SortedIds(sql);
  }

  page(query: ListQuery, offset: number, limit: number): Stored[] {
    return this.rows(this.ids(query, offset, limit));
  }

  /** The rows of these ids, in their order. */
  rows(ids: readonly DownloadId[]): Stored[] {
    const rows = this.#sql
      .prepare('SELECT * FROM downloads WHERE id IN (SELECT value FROM json_each(?))')
      .all(JSON.stringify(ids))
      .map((row) => storedOf(row));
    const byId = new Map(rows.map((row) => [row.id, row]));
    return ids.flatMap((id) => byId.get(id) ?? []);
  }

  ids(query: ListQuery, offset: number, limit: number): DownloadId[] {
    if (!isWholeQueue(query)) {
      const ids = this.sorted.of(query);
      if (!query.descending) return ids.slice(offset, offset + limit);
      return ids.slice(Math.max(0, ids.length - offset - limit), Math.max(0, ids.length - offset)).reverse();
    }
    const direction = query.descending ? 'DESC' : 'ASC';
    return this.#sql
      .prepare(
        `SELECT id FROM downloads WHERE removed_at IS NULL ORDER BY position ${direction}, id ${direction}
         LIMIT @limit OFFSET @offset`,
      )
      .pluck()
      .all({ limit, offset }) as DownloadId[];
  }

  /** How many the query finds. */
  count(query: ListQuery): number {
    return isWholeQueue(query) ? this.counts().all : this.sorted.of(query).length;
  }

  /** The hosts of what the query finds on any host, those with the most first, and how many there are. */
  hosts(query: ListQuery, limit: number): { hosts: { host: string; count: number }[]; total: number } {
    const where = whereOf({ ...query, host: null });
    const rows = this.#sql
      .prepare(
        `SELECT host, count(*) AS count, count(*) OVER () AS total FROM downloads WHERE ${where.sql}
         GROUP BY host ORDER BY count DESC, host LIMIT @limit`,
      )
      .all({ ...where.params, limit }) as { host: string; count: number; total: number }[];
    return { hosts: rows.map(({ host, count }) => ({ host, count })), total: rows[0]?.total ?? 0 };
  }

  /** Counts `n` new rows. Every other change of the counts is the database's own doing. */
  countMore(status: Status, category: string, n: number): void {
    this.#sql
      .prepare('INSERT INTO counts VALUES (@status, @category, @n) ON CONFLICT DO UPDATE SET n = n + excluded.n')
      .run({ status, category, n });
  }

  counts(): Counts {
    const counts: Counts = { all: 0, queued: 0, running: 0, paused: 0, done: 0, failed: 0, categories: {} };
    for (const { status, category, n } of this.#countRows()) {
      counts.all += n;
      counts[status] += n;
      counts.categories[category] = (counts.categories[category] ?? 0) + n;
    }
    return counts;
  }

  #countRows(): { status: Status; category: string; n: number }[] {
    return this.#sql.prepare('SELECT status, category, n FROM counts WHERE n > 0').all() as {
      status: Status;
      category: string;
      n: number;
    }[];
  }

  /** Bytes that the queued and paused ones of known size still need. */
  bytesLeft(): number {
    return this.#sql
      .prepare(
        `SELECT coalesce(sum(size_bytes - done_bytes), 0) FROM downloads INDEXED BY downloads_left
       WHERE status = 'queued' AND removed_at IS NULL AND size_bytes IS NOT NULL`,
      )
      .pluck()
      .get() as number;
  }

  /** Moves all selected ones that are in `from` to `to`; returns how many. */
  moveSelected(selection: Selection, from: readonly Status[], to: Status): number {
    return this.#move(selection, 'status IN (SELECT value FROM json_each(@from))', { to, from: JSON.stringify(from) });
  }

  /** Queues all selected ones that failed or are paused for a failure; returns how many. */
  retry(selection: Selection): number {
    const wrong = `(status = 'failed' OR (status = 'paused' AND failure IS NOT NULL))`;
    return this.#move(selection, wrong, { to: 'queued' });
  }

  /** Gives all selected ones that are not done a priority; returns how many had another one. */
  setPriority(selection: Selection, priority: Priority): number {
    const where = whereSelected(selection);
    this.touched(selection, 'priority');
    return this.#sql
      .prepare(
        `UPDATE downloads SET priority = @priority WHERE priority <> @priority AND status <> 'done' AND ${where.sql}`,
      )
      .run({ ...where.params, priority: priorityNumber(priority) }).changes;
  }

  #move(selection: Selection, condition: string, params: { to: Status; from?: string }): number {
    const where = whereSelected(selection);
    this.touched(selection, 'status');
    return this.#sql
      .prepare(
        `UPDATE downloads SET status = @to, failure = NULL, not_before = 0, crashes = 0
       WHERE ${condition} AND ${where.sql}`,
      )
      .run({ ...where.params, ...params }).changes;
  }

  /** After a change of the categories. What a person sorted stays there, under its category's new name, too. */
  sortAnew(before: readonly Category[], after: readonly Category[], categoryOf: (name: string) => string): void {
    const names = [...after.map(({ name }) => name), OTHER];
    this.#sql.db.function('category_of', { deterministic: true }, (name) => categoryOf(String(name)));
    this.#sql.transaction(() => {
      for (const [index, { name: from }] of before.entries()) {
        const to = after.length === before.length && !names.includes(from) ? after[index]!.name : undefined;
        if (to === undefined) continue;
        this.#sql
          .prepare('UPDATE downloads SET category = @to WHERE category = @from AND category_given')
          .run({ from, to });
      }
      this.#sql
        .prepare(
          `UPDATE downloads SET category = category_of(name), category_given = 0
           WHERE (NOT category_given OR category NOT IN (SELECT value FROM json_each(@names)))
             AND category <> category_of(name)`,
        )
        .run({ names: JSON.stringify(names) });
    });
    this.sorted.forget();
  }

  /** Paused ones that go on by themselves once there is room. */
  waitingForRoom(): Stored[] {
    return this.#sql
      .prepare(
        `SELECT * FROM downloads INDEXED BY downloads_no_room
         WHERE status = 'paused' AND removed_at IS NULL AND failure IS NOT NULL`,
      )
      .all()
      .map((row) => storedOf(row));
  }

  selectedIds(selection: Selection, statuses: readonly Status[]): DownloadId[] {
    const where = whereSelected(selection);
    return this.#sql
      .prepare(
        `SELECT id FROM downloads WHERE status IN (SELECT value FROM json_each(@statuses)) AND ${where.sql} ORDER BY position`,
      )
      .pluck()
      .all({ ...where.params, statuses: JSON.stringify(statuses) }) as DownloadId[];
  }

  /** Those of `ids` that are selected. */
  selectedAmong(selection: Selection, ids: readonly DownloadId[]): DownloadId[] {
    const where = whereSelected(selection);
    return this.#sql
      .prepare(`SELECT id FROM downloads WHERE id IN (SELECT value FROM json_each(@among)) AND ${where.sql}`)
      .pluck()
      .all({ ...where.params, among: JSON.stringify(ids) }) as DownloadId[];
  }

  /** The selected rows change in this regard. */
  touched(selection: Selection, aspect: Aspect): void {
    if ('query' in selection) this.sorted.forget();
    else for (const id of selection.ids) this.sorted.changed(id, aspect);
  }

  /** Puts entries, in the order given, first, last or before another one. */
  reorder(ids: readonly DownloadId[], to: 'first' | 'last' | { before: DownloadId }): number {
    this.touched({ ids: [...ids] }, 'position');
    return this.#sql.transaction(() => {
      const [low, high] = this.#gap(ids, to);
      const step = (high - low) / (ids.length + 1);
      const set = this.#sql.prepare('UPDATE downloads SET position = ? WHERE id = ?');
      return ids.reduce((changed, id, index) => changed + set.run(low + step * (index + 1), id).changes, 0);
    });
  }

  #gap(ids: readonly DownloadId[], to: 'first' | 'last' | { before: DownloadId }): [number, number] {
    if (to === 'last') {
      const last = this.edgePosition('max');
      return [last, last + ids.length + 1];
    }
    if (to === 'first') {
      const first = this.edgePosition('min');
      return [first - ids.length - 1, first];
    }
    const position = this.#sql.prepare('SELECT position FROM downloads WHERE id = ?').pluck();
    const high = (position.get(to.before) as number | undefined) ?? this.edgePosition('max') + 1;
    const previous = this.#sql
      .prepare(
        `
      SELECT max(position) FROM downloads
      WHERE removed_at IS NULL AND position < @high AND id NOT IN (SELECT value FROM json_each(@ids))`,
      )
      .pluck()
      .get({ high, ids: JSON.stringify(ids) }) as number | null;
    return [previous ?? high - ids.length - 1, high];
  }

  /** The smallest or largest position of all; 0 for an empty list. */
  edgePosition(edge: 'min' | 'max'): number {
    return (
      (this.#sql.prepare(`SELECT ${edge}(position) FROM downloads WHERE removed_at IS NULL`).pluck().get() as
        number | null) ?? 0
    );
  }
}
