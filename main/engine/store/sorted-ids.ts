// The ids of one sorted or filtered list, kept between its pages and mended where rows changed: a page costs no new sort.
import type { ListQuery } from '../../../shared/api.ts';
import type { DownloadId } from '../../../shared/download.ts';
import { sortKey, whereOf } from './list-query.ts';
import type { Sql } from './sql.ts';

/** What can change of a row that a list is sorted or filtered by. `membership`: it is in the list or not. */
export type Aspect =
  'membership' | 'position' | 'priority' | 'name' | 'category' | 'host' | 'status' | 'size' | 'done' | 'finished';

/** More changed rows than this are sorted in with all others. */
const MENDED_MAX = 1000;

type Held = { key: string; query: ListQuery; ids: DownloadId[]; aspects: ReadonlySet<string> };

export class SortedIds {
  readonly #sql: Sql;
  readonly #changed = new Set<DownloadId>();
  /** The list that was asked for last: whoever scrolls asks for the same again. */
  #held: Held | null = null;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** The ids that the query finds, in ascending order whatever it says; to be read only, and at once. */
  of(query: ListQuery): readonly DownloadId[] {
    const { status, category, host, text } = query;
    const key = JSON.stringify([status, category, host, text, storedSort(query)]);
    if (this.#held?.key !== key) this.#held = null;
    if (this.#held && this.#changed.size > 0) this.#mend(this.#held);
    this.#held ??= { key, query, ids: this.#find(query), aspects: aspectsOf(query) };
    this.#changed.clear();
    return this.#held.ids;
  }

  /** One row is another one now, in these regards. */
  changed(id: DownloadId, ...aspects: Aspect[]): void {
    if (!this.#held || !aspects.some((aspect) => this.#held!.aspects.has(aspect))) return;
    this.#changed.add(id);
    if (this.#changed.size > MENDED_MAX) this.forget();
  }

  /** Any row may be another one now. */
  forget(): void {
    this.#held = null;
    this.#changed.clear();
  }

  #find(query: ListQuery): DownloadId[] {
    const where = whereOf(query);
    return this.#sql
      .prepare(`SELECT id FROM downloads WHERE ${where.sql} ORDER BY ${sortKey(query)}, id`)
      .pluck()
      .all(where.params) as DownloadId[];
  }

  /** Takes the changed rows out and puts each where it belongs now. */
  #mend(held: Held): void {
    const where = whereOf(held.query);
    const found = this.#sql
      .prepare(
        `SELECT id FROM downloads WHERE id IN (SELECT value FROM json_each(@changed)) AND ${where.sql}
         ORDER BY ${sortKey(held.query)}, id`,
      )
      .pluck()
      .all({ ...where.params, changed: JSON.stringify([...this.#changed]) }) as DownloadId[];
    const rest = held.ids.filter((id) => !this.#changed.has(id));
    const key = (row: string) => sortKey(held.query, `${row}.`);
    const isBefore = this.#sql
      .prepare(
        `SELECT (${key('one')}, one.id) < (${key('other')}, other.id)
         FROM downloads AS one, downloads AS other WHERE one.id = ? AND other.id = ?`,
      )
      .pluck();
    const merged: DownloadId[] = [];
    let taken = 0;
    for (const id of found) {
      let low = taken;
      let high = rest.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (isBefore.get(rest[middle], id) === 1) low = middle + 1;
        else high = middle;
      }
      for (; taken < low; taken++) merged.push(rest[taken]!);
      merged.push(id);
    }
    for (; taken < rest.length; taken++) merged.push(rest[taken]!);
    held.ids = merged;
  }
}

/** What of a stored row a list is sorted by: speeds are not stored, and those that have none stand in the queue's order. */
function storedSort({ sort }: ListQuery): Aspect | 'added' {
  return sort === 'speed' || sort === 'left' ? 'position' : sort;
}

function aspectsOf(query: ListQuery): ReadonlySet<string> {
  const { status, category, host, text } = query;
  const aspects = new Set<string>(['membership', storedSort(query)]);
  if (status !== 'all' || query.sort === 'done') aspects.add('status');
  if (query.sort === 'done') aspects.add('size');
  if (query.sort === 'priority') aspects.add('position');
  if (category !== null) aspects.add('category');
  if (host !== null || text !== '') aspects.add('host');
  if (text !== '') aspects.add('name');
  return aspects;
}
