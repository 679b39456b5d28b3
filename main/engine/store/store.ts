// The only SQL: every download, event, host and setting that outlives the process. Synchronous; the engine's one writer.
import type { DownloadId, Extent, Status, Validators } from '../../../shared/download.ts';
import type { Failure } from '../../../shared/failure.ts';
import type { Why } from '../../../shared/why.ts';
import { Bin } from './bin.ts';
import { FinishedLog, type Finished } from './finished-log.ts';
import { HashTable } from './hash-table.ts';
import { openJournal, type Journal, type JournalEntry } from './journal.ts';
import { ListTable } from './list-table.ts';
import { NewRows, type Prepared } from './new-rows.ts';
import { backUp, lastBackupAt, openDatabase } from './open.ts';
import { storedOf, type Candidate, type NameRules, type Stored } from './rows.ts';
import { MachineTable } from './machine-table.ts';
import { markOf } from './mark.ts';
import { QueuedTable } from './queued-table.ts';
import { EventTable, ExchangeTable, HostTable, SettingTable } from './side-tables.ts';
import { Sql } from './sql.ts';

export type { Candidate, JournalEntry, Prepared, Stored };

const RESULTS_KEPT = 10_000;
/** From so many new rows on, the way of the log into the database is felt. */
const LONG = 10_000;

const leasedAs = (status: string) =>
  `UPDATE downloads SET ${status} epoch = epoch + 1, failure = NULL, not_before = 0, place = @place,
     hash_left = 0, extents = CASE place WHEN @place THEN extents ELSE '[]' END,
     brought = CASE place WHEN @place THEN brought ELSE '[]' END,
     done_bytes = CASE place WHEN @place THEN done_bytes ELSE 0 END
   WHERE id = @id`;
// Made once, as the text of a statement is what it is found by.
const [leased, leasedAhead] = [leasedAs(`status = 'running',`), leasedAs('')];

export class Store {
  /** What was wrong with the database at the start, in plain words. */
  readonly trouble: Why | null;
  readonly list: ListTable;
  readonly bin: Bin;
  readonly hashes: HashTable;
  readonly events: EventTable;
  readonly exchanges: ExchangeTable;
  readonly hosts: HostTable;
  readonly machines: MachineTable;
  readonly queued: QueuedTable;
  readonly settings: SettingTable;
  readonly names: NameRules;
  readonly #sql: Sql;
  readonly #dir: string;
  readonly #mark: string;
  readonly #journal: Journal;
  readonly #finished: FinishedLog;
  /** What was added last is not in the journal. */
  #journalLacks: boolean;

  constructor(options: { dir: string; names: NameRules; nativeBinding?: string | undefined; now: number }) {
    const { db, trouble } = openDatabase(options.dir, options.nativeBinding, options.now);
    this.#sql = new Sql(db);
    this.list = new ListTable(this.#sql);
    this.bin = new Bin(this.#sql, this.list, options.names);
    this.hashes = new HashTable(this.#sql);
    this.events = new EventTable(this.#sql);
    this.exchanges = new ExchangeTable(this.#sql);
    this.hosts = new HostTable(this.#sql);
    this.machines = new MachineTable(this.#sql);
    this.queued = new QueuedTable(this.#sql);
    this.settings = new SettingTable(this.#sql);
    this.#dir = options.dir;
    this.#mark = markOf(options.dir);
    this.names = options.names;
    this.#journal = openJournal(options.dir);
    this.#journalLacks = this.#journal.next <= this.#lastId();
    this.#finished = new FinishedLog(options.dir);
    this.trouble = trouble;
  }

  /** Runs `work` in one transaction; everything it wrote is durable when this returns. */
  transaction<T>(work: () => T): T {
    return this.#sql.transaction(() => {
      const result = work();
      this.#finished.flush();
      return result;
    });
  }

  get load(): { transactions: number; busyMs: number } {
    return this.#sql.load;
  }

  // --- adding and naming

  /** Keeps new downloads, each under a name that no other one has. Returns their ids in order. */
  add(prepared: readonly Prepared[], now: number): DownloadId[] {
    if (prepared.length >= LONG) this.#sql.putOffCheckpoint();
    const ids = this.#sql.transaction(() => {
      let id = this.#lastId();
      const ids = prepared.map(({ before }) => (id = Math.max(id + 1, before?.id ?? 0)));
      const counts = new NewRows(this.#sql, this.names, this.#mark, now).write(
        prepared,
        ids,
        this.list.edgePosition('max') + 1,
      );
      // By hand: a trigger for each of a hundred thousand rows would take longer than the rows.
      for (const { status, category, n } of counts) this.list.countMore(status, category, n);
      this.list.touched({ ids }, 'membership');
      return ids;
    });
    this.#note(prepared, ids);
    return ids;
  }

  /** What the journal cannot take, as on a full disk, is in the next backup, which comes sooner then. */
  #note(prepared: readonly Prepared[], ids: readonly DownloadId[]): void {
    // Behind what is missing nothing may follow: it is the end that tells the next start of it.
    if (this.#journalLacks) return;
    try {
      this.#journal.append(prepared, ids, this.#mark);
    } catch (error) {
      this.#journalLacks = true;
      process.emitWarning(`What was added could not be noted beside the list: ${(error as Error).message}`);
    }
  }

  /** Gives a download the wanted name, or the first numbered one that is free, and its category. `from` skips names known to be taken. */
  reserveName(id: DownloadId, wanted: string, from = 0): string {
    const current = this.#sql.prepare('SELECT name FROM downloads WHERE id = ?').pluck().get(id);
    for (let n = from; ; n++) {
      const name = n === 0 ? wanted : this.names.numbered(wanted, n);
      // One that is gone takes no name.
      if (current === undefined || current === name) return name;
      const category = this.names.category(wanted);
      const update = this.#sql.prepare(
        `UPDATE OR IGNORE downloads SET name = @name, folded = @folded, category = iif(category_given, category, @category)
         WHERE id = @id AND NOT (name = @name)`,
      );
      if (update.run({ id, name, folded: this.names.fold(name), category }).changes === 0) continue;
      this.list.sorted.changed(id, 'name', 'category');
      return name;
    }
  }

  /** The largest id that was ever given out. */
  #lastId(): number {
    const last = this.#sql.prepare(`SELECT seq FROM sqlite_sequence WHERE name = 'downloads'`).pluck().get();
    return (last as number | undefined) ?? 0;
  }

  /** All addresses in the list, for those who ask for many. */
  knownUrls(): Set<string> {
    return new Set(
      this.#sql.prepare('SELECT url_key FROM downloads WHERE removed_at IS NULL').pluck().all() as string[],
    );
  }

  /** Which of these addresses (fragment left out) the list has in `dir`. */
  knownAmong(urlKeys: readonly string[], dir: string): Set<string> {
    const known = this.#sql
      .prepare(
        `SELECT url_key FROM downloads INDEXED BY downloads_url
         WHERE url_key IN (SELECT value FROM json_each(?)) AND dir = ? AND removed_at IS NULL`,
      )
      .pluck()
      .all(JSON.stringify(urlKeys), dir);
    return new Set(known as string[]);
  }

  /** The newest entry with this URL (fragment left out), in `dir` or anywhere, if there is one. */
  findUrl(urlKey: string, dir: string | null = null): DownloadId | undefined {
    return this.#sql
      .prepare(
        `
      SELECT id FROM downloads WHERE url_key = @urlKey AND removed_at IS NULL AND (@dir IS NULL OR dir = @dir)
      ORDER BY id DESC LIMIT 1`,
      )
      .pluck()
      .get({ urlKey, dir }) as DownloadId | undefined;
  }

  // --- the queue

  /**
   * Makes it running under a new epoch at `place` and returns it; `ahead`: it stays queued until `begin`. What another place
   * has of it does not count here.
   */
  lease(id: DownloadId, place = '', ahead = false): Stored {
    this.#sql.prepare(ahead ? leasedAhead : leased).run({ id, place });
    this.list.sorted.changed(id, 'status', 'done');
    // What `RETURNING` costs is more.
    return storedOf(this.#sql.prepare('SELECT * FROM downloads WHERE id = ?').get(id));
  }

  /** One that was leased ahead of time runs now, unless it was paused or removed meanwhile. */
  begin(id: DownloadId): void {
    this.list.sorted.changed(id, 'status');
    this.#sql
      .prepare(`UPDATE downloads SET status = 'running' WHERE id = ? AND status = 'queued' AND removed_at IS NULL`)
      .run(id);
  }

  /** Records that a lease was settled. False when this lease counted already: a result counts once. */
  recordResult(id: DownloadId, epoch: number, outcome: string, now: number): boolean {
    return (
      this.#sql
        .prepare('INSERT OR IGNORE INTO results (download_id, epoch, at, outcome) VALUES (?, ?, ?, ?)')
        .run(id, epoch, now, outcome).changes > 0
    );
  }

  /** Running ones of an earlier process go back to the queue, at their place. Returns their number. */
  requeueRunning(): number {
    this.list.sorted.forget();
    return this.#sql.prepare(`UPDATE downloads SET status = 'queued' WHERE status = 'running'`).run().changes;
  }

  saveExtents({ id, brought }: Pick<Stored, 'id' | 'brought'>, extents: readonly Extent[], doneBytes: number): void {
    this.list.sorted.changed(id, 'done');
    this.#sql
      .prepare('UPDATE downloads SET extents = ?, brought = ?, done_bytes = ? WHERE id = ?')
      .run(JSON.stringify(extents), JSON.stringify(brought), doneBytes, id);
  }

  /** When the unfinished file was last written to, for as long as nobody fetches it. */
  savePartTime(id: DownloadId, partTimeMs: number | null): void {
    this.#sql.prepare('UPDATE downloads SET part_time = ? WHERE id = ?').run(partTimeMs, id);
  }

  /** What is known of the unfinished files may be older than they. */
  forgetPartTimes(): void {
    this.#sql.prepare('UPDATE downloads SET part_time = NULL WHERE part_time IS NOT NULL').run();
  }

  saveProbe(id: DownloadId, validators: Validators): void {
    this.list.sorted.changed(id, 'size');
    this.#sql
      .prepare('UPDATE downloads SET validators = ?, size_bytes = ? WHERE id = ?')
      .run(JSON.stringify(validators), validators.totalBytes, id);
  }

  /**
   * `name`: the one it has by now. `validators`: where they are not kept yet. `here`: the file stands in its folder on this
   * machine, and its part file's name beside it for a moment. `sums`: it is a checksum file. Returns whether something is to be
   * computed of it.
   */
  finish(
    id: DownloadId,
    done: {
      name: string;
      sizeBytes: number;
      sha256: string | null;
      verified: boolean;
      here: boolean;
      hashLeft: boolean;
      sums: boolean;
      validators?: Validators | undefined;
    },
    now: number,
  ): boolean {
    const { name, sizeBytes, sha256, validators } = done;
    this.list.sorted.changed(id, 'status', 'size', 'done', 'finished');
    const { verified, here, hashLeft, sums } = done;
    const flags = { verified: Number(verified), here: Number(here), hashLeft: Number(hashLeft), sums: Number(sums) };
    const probed = validators ? JSON.stringify(validators) : null;
    const left = this.#sql
      .prepare(
        `
      UPDATE downloads SET status = 'done', size_bytes = @sizeBytes, done_bytes = @sizeBytes, validators = coalesce(@probed, validators),
        extents = '[]', brought = '[]', sha256 = @sha256, verified = iif(hash_left = 2, 0, @verified), failure = NULL, crashes = 0,
        finished_at = @now, part_left = @here, place = CASE WHEN @here THEN '' ELSE place END,
        hash_left = iif(hash_left = 2, 2, @hashLeft), sums = @sums
      WHERE id = @id RETURNING hash_left`,
      )
      .pluck()
      .get({ ...flags, sizeBytes, sha256, probed, id, now });
    if (here) this.#finished.append({ id, name, sizeBytes, sha256, verified, at: now });
    return left !== 0;
  }

  /** Done ones whose part file may still stand beside the finished one, because a crash came between. */
  partsLeft(): { id: DownloadId; dir: string; partName: string }[] {
    return this.#sql
      .prepare("SELECT id, dir, part_name AS partName FROM downloads WHERE part_left = 1 AND status = 'done'")
      .all() as ReturnType<Store['partsLeft']>;
  }

  /** The part files of those done before `before` are gone. */
  forgetParts(before: number): void {
    this.#sql.prepare('UPDATE downloads SET part_left = 0 WHERE part_left = 1 AND finished_at < ?').run(before);
  }

  setStatus(id: DownloadId, status: Status, failure: Failure | null = null, notBefore = 0): void {
    this.list.sorted.changed(id, 'status');
    this.#sql
      .prepare('UPDATE downloads SET status = ?, failure = ?, not_before = ? WHERE id = ?')
      .run(status, failure ? JSON.stringify(failure) : null, notBefore, id);
  }

  /** Counts one more crash of the worker that held it, up to `most`, and returns how many there were in a row. */
  countCrash(id: DownloadId, most: number): number {
    return this.#sql
      .prepare('UPDATE downloads SET crashes = min(crashes + 1, @most) WHERE id = @id RETURNING crashes')
      .pluck()
      .get({ id, most }) as number;
  }

  /** Forgets what was fetched, so that the next lease starts from zero. */
  forgetContent(id: DownloadId): void {
    this.list.sorted.changed(id, 'size', 'done', 'finished');
    this.#sql
      .prepare(
        `UPDATE downloads SET extents = '[]', brought = '[]', done_bytes = 0, validators = NULL, size_bytes = NULL, sha256 = NULL,
         verified = 0, hash_left = 0, sums = 0, part_left = 0, finished_at = NULL, fetched_by = '', kept_at = NULL WHERE id = ?`,
      )
      .run(id);
  }

  setUrl(id: DownloadId, url: string, urlKey: string, host: string): void {
    this.list.sorted.changed(id, 'host');
    this.#sql.prepare('UPDATE downloads SET url = ?, url_key = ?, host = ? WHERE id = ?').run(url, urlKey, host, id);
  }

  setHeaders(id: DownloadId, headers: Record<string, string>): void {
    this.#sql.prepare('UPDATE downloads SET headers = ? WHERE id = ?').run(JSON.stringify(headers), id);
  }

  setLimit(id: DownloadId, limitBytesPerS: number | null): void {
    this.#sql.prepare('UPDATE downloads SET limit_bytes_per_s = ? WHERE id = ?').run(limitBytesPerS, id);
  }

  // --- reading and keeping

  get(id: DownloadId): Stored | undefined {
    const row = this.#sql.prepare('SELECT * FROM downloads WHERE id = ? AND removed_at IS NULL').get(id);
    return row === undefined ? undefined : storedOf(row);
  }

  /** What the journal has and the database never had: all that is in it after a damage, else what a lost tail held. */
  journalled(): JournalEntry[] {
    return this.trouble === null ? this.#journal.readAfter(this.#lastId()) : this.#journal.read();
  }

  /** What was finished here since the last backup, as far as that is known without the database. */
  finishedLately(): Finished[] {
    return this.#finished.read();
  }

  /** Copies the database aside when the last copy is older than `maxAgeMs`, or the journal lacks something. */
  backUp(now: number, maxAgeMs: number): boolean {
    const ageMs = now - lastBackupAt(this.#dir);
    // One of the future is of a clock that has been set back.
    if (!this.#journalLacks && ageMs >= 0 && ageMs < maxAgeMs) return false;
    this.#sql
      .prepare(
        `DELETE FROM results WHERE seq <= (SELECT seq FROM results ORDER BY seq DESC LIMIT 1 OFFSET ${RESULTS_KEPT})`,
      )
      .run();
    backUp(this.#sql.db, this.#dir, now);
    this.#journal.clear(this.#lastId() + 1);
    this.#journalLacks = false;
    this.#finished.clear();
    return true;
  }

  close(): void {
    this.#journal.close();
    this.#finished.close();
    this.#sql.close();
  }
}
