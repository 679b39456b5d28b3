// Removed entries: hidden until their time to undo is over, then gone.
import type { Selection } from '../../../shared/api.ts';
import type { DownloadId } from '../../../shared/download.ts';
import { whereSelected } from './list-query.ts';
import type { ListTable } from './list-table.ts';
import { storedOf, type NameRules, type Stored } from './rows.ts';
import type { Sql } from './sql.ts';

/** Who is in the list under a name. */
type Holder = Pick<Stored, 'id' | 'status' | 'place'>;

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

  /**
   * Brings hidden entries back; one whose name was taken meanwhile gets a numbered one. Not one whose finished file `isThere`
   * under its name: then an unfinished one that has taken the name gets another.
   */
  restore(stamp: number, isThere: (file: { dir: string; name: string }) => boolean = () => false): number {
    return this.#sql.transaction(() => {
      const show = this.#sql.prepare('UPDATE downloads SET removed_at = NULL WHERE id = ?');
      const hidden = this.#sql
        .prepare('SELECT id, dir, name, status FROM downloads WHERE removed_at = ?')
        .all(stamp) as Pick<Stored, 'id' | 'dir' | 'name' | 'status'>[];
      for (const { id, dir, name, status } of hidden) {
        const taker = this.#holderOf(dir, name);
        if (taker && (hasFile(taker) || status !== 'done' || !isThere({ dir, name }))) {
          this.#renumber(id, dir, name);
        } else if (taker) {
          this.#renumber(taker.id, dir, name);
          this.#list.touched({ ids: [taker.id] }, 'name');
        }
        show.run(id);
      }
      this.#list.touched({ ids: hidden.map(({ id }) => id) }, 'membership');
      return hidden.length;
    });
  }

  /** Who is in the list under this name. */
  #holderOf(dir: string, name: string): Holder | undefined {
    return this.#sql
      .prepare('SELECT id, status, place FROM downloads WHERE dir = @dir AND folded = @folded AND removed_at IS NULL')
      .get({ dir, folded: this.#names.fold(name) }) as Holder | undefined;
  }

  #renumber(id: DownloadId, dir: string, wanted: string): void {
    for (let n = 1; ; n++) {
      const name = this.#names.numbered(wanted, n);
      if (this.#holderOf(dir, name)) continue;
      this.#sql
        .prepare('UPDATE downloads SET name = @name, folded = @folded WHERE id = @id')
        .run({ id, name, folded: this.#names.fold(name) });
      return;
    }
  }

  /** Whether a finished download in the list has this file. */
  isOfAnother({ dir, name }: { dir: string; name: string }): boolean {
    const holder = this.#holderOf(dir, name);
    return holder !== undefined && hasFile(holder);
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

/** Whether the file of that name here is its own. */
function hasFile({ status, place }: Holder): boolean {
  return status === 'done' && place === '';
}
