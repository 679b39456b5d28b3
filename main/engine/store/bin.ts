// Removed entries: hidden until their time to undo is over, then gone.
import type { Selection } from '../../../shared/api.ts';
import type { DownloadId } from '../../../shared/download.ts';
import { whereSelected } from './list-query.ts';
import type { ListTable } from './list-table.ts';
import { storedOf, type NameRules, type Stored } from './rows.ts';
import type { Sql } from './sql.ts';

export class Bin {
  readonly #sql: Sql;
  readonly #list: ListTable;
  readonly #names: NameRules;

  constructor(sql: Sql, list: ListTable, names: NameRules) {
    this.#sql = sql;
    this.#list = list;
    this.#names = names;
  }

  /** Hides the selected entries; `restore` with the same stamp brings them back. Running ones leave their status. */
  hide(selection: Selection, stamp: number): number {
    const where = whereSelected(selection);
    this.#list.touched(selection, 'membership');
    return this.#sql
      .prepare(
        `UPDATE downloads SET removed_at = @stamp, status = CASE status WHEN 'running' THEN 'queued' ELSE status END
       WHERE ${where.sql}`,
      )
      .run({ ...where.params, stamp }).changes;
  }

  /** Brings hidden entries back; one whose name was taken meanwhile gets a numbered one. */
  restore(stamp: number): number {
    return this.#sql.transaction(() => {
      const free = this.#sql
        .prepare('SELECT 1 FROM downloads WHERE dir = @dir AND folded = @folded AND removed_at IS NULL')
        .pluck();
      const show = this.#sql.prepare(
        'UPDATE downloads SET removed_at = NULL, name = @name, folded = @folded WHERE id = @id',
      );
      const hidden = this.#sql.prepare('SELECT id, dir, name FROM downloads WHERE removed_at = ?').all(stamp) as {
        id: number;
        dir: string;
        name: string;
      }[];
      for (const { id, dir, name: wanted } of hidden) {
        for (let n = 0; ; n++) {
          const name = n === 0 ? wanted : this.#names.numbered(wanted, n);
          const folded = this.#names.fold(name);
          if (free.get({ dir, folded }) !== undefined) continue;
          show.run({ id, name, folded });
          break;
        }
      }
      this.#list.touched({ ids: hidden.map(({ id }) => id) }, 'membership');
      return hidden.length;
    });
  }

  /** The hidden entries of a removal, to clear away their files. */
  entries(stamp: number): Stored[] {
    return this.#sql
      .prepare('SELECT * FROM downloads WHERE removed_at = ?')
      .all(stamp)
      .map((row) => storedOf(row));
  }

  /** Those of a removal's entries that were not done. */
  unfinished(stamp: number): DownloadId[] {
    return this.#sql
      .prepare(`SELECT id FROM downloads WHERE removed_at = ? AND status != 'done'`)
      .pluck()
      .all(stamp) as DownloadId[];
  }

  /** Stamps of removals that were not carried out to the end. */
  stamps(): number[] {
    return this.#sql
      .prepare('SELECT DISTINCT removed_at FROM downloads WHERE removed_at IS NOT NULL')
      .pluck()
      .all() as number[];
  }

  /** Drops hidden entries for good. */
  purge(stamp: number): void {
    this.#sql.transaction(() => {
      this.#sql
        .prepare('DELETE FROM events WHERE download_id IN (SELECT id FROM downloads WHERE removed_at = ?)')
        .run(stamp);
      this.#sql.prepare('DELETE FROM downloads WHERE removed_at = ?').run(stamp);
    });
  }
}
