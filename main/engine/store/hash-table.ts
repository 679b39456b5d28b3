// Which finished downloads are still to get a SHA-256, and which to be held against a checksum that came later than they.
import type { Checksum, DownloadId } from '../../../shared/download.ts';
import { storedOf, type Stored } from './rows.ts';
import type { Sql } from './sql.ts';

export class HashTable {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** The next ones, those first that finished first. */
  next(limit: number): Stored[] {
    return this.#rows('INDEXED BY downloads_hash_left WHERE hash_left = 1', limit);
  }

  /** The next ones that are to be held against a checksum. */
  nextChecks(limit: number): Stored[] {
    return this.#rows(`INDEXED BY downloads_check_left WHERE hash_left = 2 AND status = 'done'`, limit);
  }

  #rows(where: string, limit: number): Stored[] {
    return this.#sql
      .prepare(`SELECT * FROM downloads ${where} AND removed_at IS NULL ORDER BY finished_at LIMIT ?`)
      .all(limit)
      .map((row) => storedOf(row));
  }

  /** What is still to come of it, if anything: its SHA-256, or whether its checksum is right. */
  leftOf(id: DownloadId): 'hash' | 'check' | null {
    const left = this.#sql.prepare('SELECT hash_left FROM downloads WHERE id = ? AND removed_at IS NULL').pluck();
    return ([null, 'hash', 'check'] as const)[(left.get(id) as number | undefined) ?? 0] ?? null;
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

  /** A checksum that is known only now. Whoever fetches the download already does not know of it: it is compared afterwards. */
  giveChecksum(id: DownloadId, checksum: Checksum): void {
    this.#sql
      .prepare('UPDATE downloads SET checksum = ?, hash_left = 2 WHERE id = ? AND removed_at IS NULL')
      .run(JSON.stringify(checksum), id);
  }

  /** It was held against its checksum: `verified`, or it cannot be. False when it has been downloaded anew or removed since. */
  keepCheck({ id, epoch }: Stored, found: { verified: boolean; sha256: string | null; hashLeft: boolean }): boolean {
    const { verified, sha256, hashLeft } = found;
    return (
      this.#sql
        .prepare(
          `UPDATE downloads SET verified = @verified, sha256 = @sha256, hash_left = @hashLeft
           WHERE id = @id AND epoch = @epoch AND hash_left = 2 AND status = 'done' AND removed_at IS NULL`,
        )
        .run({ id, epoch, sha256, verified: Number(verified), hashLeft: Number(hashLeft) }).changes > 0
    );
  }

  /** The checksum files fetched here that were added since, of whatever came of them. */
  sumsSince(addedAt: number): Stored[] {
    return this.#sql
      .prepare(
        `SELECT * FROM downloads INDEXED BY downloads_sums
         WHERE sums = 1 AND status = 'done' AND removed_at IS NULL AND added_at >= ?`,
      )
      .all(addedAt)
      .map((row) => storedOf(row));
  }

  /**
   * The downloads without a checksum in `dir` whose address begins with `folder`; of the done ones those alone that were
   * added within `withinMs` of `addedAt`.
   */
  withoutChecksum(among: { dir: string; folder: string; addedAt: number; withinMs: number }): Unchecked[] {
    return this.#sql
      .prepare(
        `SELECT id, url, iif(name_given, name, NULL) AS name FROM downloads INDEXED BY downloads_url
         WHERE url_key >= @folder AND url_key < @folder || char(0x10ffff) AND dir = @dir AND checksum IS NULL
           AND removed_at IS NULL AND (status <> 'done' OR abs(added_at - @addedAt) <= @withinMs)`,
      )
      .all(among) as Unchecked[];
  }
}

/** A download without a checksum; `name`: what the list calls it, if it does. */
export type Unchecked = { id: DownloadId; url: string; name: string | null };
