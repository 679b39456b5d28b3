// Machines elsewhere, as they are remembered, and what each has downloaded.
import * as v from 'valibot';
import { number } from '../../../shared/schema.ts';
import type { DownloadId } from '../../../shared/download.ts';
import { MachineDownload, MachineMode } from '../../../shared/machines.ts';
import type { Sql } from './sql.ts';

const StoredMachine = v.object({
  place: v.string(),
  name: v.string(),
  address: v.string(),
  runtime: v.string(),
  version: v.string(),
  mode: MachineMode,
  joinedAt: number(),
  seenAt: number(),
  files: number(),
  fileBytes: number(),
});
export type StoredMachine = v.InferOutput<typeof StoredMachine>;

export class MachineTable {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  all(): StoredMachine[] {
    return this.#sql
      .prepare(
        `SELECT place, name, address, runtime, version, mode, joined_at AS joinedAt, seen_at AS seenAt,
          (SELECT count(*) FROM downloads WHERE fetched_by = place AND fetched_by != '' AND removed_at IS NULL) AS files,
          (SELECT coalesce(sum(size_bytes), 0) FROM downloads
           WHERE fetched_by = place AND fetched_by != '' AND removed_at IS NULL) AS fileBytes
         FROM machines ORDER BY name, place`,
      )
      .all()
      .map((row) => v.parse(StoredMachine, row));
  }

  modeOf(place: string): MachineMode {
    const mode = this.#sql.prepare('SELECT mode FROM machines WHERE place = ?').pluck().get(place);
    return v.parse(v.fallback(MachineMode, 'working'), mode);
  }

  /** It has come, for the first time or again. */
  joined(machine: Pick<StoredMachine, 'place' | 'name' | 'address' | 'runtime' | 'version'>, now: number): void {
    this.#sql
      .prepare(
        `INSERT INTO machines (place, name, address, runtime, version, mode, joined_at, seen_at)
         VALUES (@place, @name, @address, @runtime, @version, 'working', @now, @now)
         ON CONFLICT DO UPDATE SET name = @name, address = @address, runtime = @runtime, version = @version,
           joined_at = @now, seen_at = @now`,
      )
      .run({ ...machine, now });
  }

  left(place: string, now: number): void {
    this.#sql.prepare('UPDATE machines SET seen_at = ? WHERE place = ?').run(now, place);
  }

  /** False when there is no such machine. */
  setMode(place: string, mode: MachineMode): boolean {
    return this.#sql.prepare('UPDATE machines SET mode = ? WHERE place = ?').run(mode, place).changes > 0;
  }

  forget(place: string): boolean {
    return this.#sql.prepare('DELETE FROM machines WHERE place = ?').run(place).changes > 0;
  }

  /** Forgets those of `max` and more that were seen longest ago, but for those `here` and those a person has spoken of. */
  forgetOld(max: number, here: readonly string[]): void {
    this.#sql
      .prepare(
        `DELETE FROM machines WHERE place IN (
           SELECT place FROM machines WHERE mode = 'working' AND place NOT IN (SELECT value FROM json_each(?))
           ORDER BY seen_at DESC, place LIMIT -1 OFFSET ?)`,
      )
      .run(JSON.stringify(here), max);
  }

  /** Whether an unfinished file there is to be gone on with, as far as is known. Of what is removed, too: it may come back. */
  isBegun(id: DownloadId, place: string): boolean {
    const begun = this.#sql.prepare(`SELECT 1 FROM downloads WHERE id = ? AND place = ? AND status != 'done'`);
    return begun.get(id, place) !== undefined;
  }

  /** Says who downloaded it, and where it was kept there; null when it was sent back. */
  fetched(id: DownloadId, place: string, keptAt: string | null): void {
    this.#sql.prepare('UPDATE downloads SET fetched_by = ?, kept_at = ? WHERE id = ?').run(place, keptAt, id);
  }

  /** What a machine has downloaded, the newest first. */
  downloads(place: string, offset: number, limit: number): MachineDownload[] {
    return this.#sql
      .prepare(
        `SELECT id, name, kept_at AS keptAt, size_bytes AS sizeBytes, finished_at AS finishedAt FROM downloads
         WHERE fetched_by = @place AND fetched_by != '' AND removed_at IS NULL
         ORDER BY finished_at DESC, id DESC LIMIT @limit OFFSET @offset`,
      )
      .all({ place, offset, limit })
      .map((row) => v.parse(MachineDownload, row));
  }
}
