// Which finished downloads are still to get a SHA-256.
import { Stored } from './rows.ts';
import type { Sql } from './sql.ts';

export class HashTable {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** The next ones, those first that finished first. */
  next(limit: number): Stored[] {
    return this.#sql
      .prepare(
        `SELECT * FROM downloads INDEXED BY downloads_hash_left WHERE hash_left = 1 AND removed_at IS NULL
         ORDER BY finished_at LIMIT ?`,
      )
      .all(limit)
      .map((row) => Stored.parse(row));
  }

  /** Whether its hash is still to come. */
  isLeft(id: number): boolean {
    return (
      this.#sql.prepare('SELECT 1 FROM downloads WHERE id = ? AND hash_left = 1 AND removed_at IS NULL').get(id) !==
      undefined
    );
  }

  /** Keeps what was found; null: there is nothing to be found. False when it has been downloaded anew or removed since. */
  keep({ id, epoch }: Stored, sha256: string | null): boolean {
    return (
      this.#sql
        .prepare(
          `UPDATE downloads SET sha256 = @sha256, hash_left = 0
           WHERE id = @id AND epoch = @epoch AND hash_left = 1 AND removed_at IS NULL`,
        )
        .run({ id, epoch, sha256 }).changes > 0
    );
  }
}
