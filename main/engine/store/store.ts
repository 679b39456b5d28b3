// The only SQL: every download, event, host and setting that outlives the process. Synchronous; the engine's one writer.
import type Database from 'better-sqlite3';
import type { Counts, ListQuery, Selection } from '../../../shared/api.ts';
import type { DownloadEvent, DownloadId, Extent, NewDownload, Status, Validators } from '../../../shared/download.ts';
import type { Failure } from '../../../shared/failure.ts';
import { Settings } from '../../../shared/settings.ts';
import { orderOf, whereOf, whereSelected, type Where } from './list-query.ts';
import { openJournal, type Journal } from './journal.ts';
import { backUp, lastBackupAt, openDatabase } from './open.ts';
import { Candidate, Stored, StoredEvent } from './rows.ts';

export type { Candidate, Stored };

/** A download ready to be kept: what was asked for, and what the engine made of it. */
export type Prepared = {
  download: NewDownload;
  urlKey: string;
  host: string;
  dir: string;
  name: string;
  category: string;
  status: Status;
};

/** How names are told apart and numbered; handed in, so that the rules live in names.ts. */
export type NameRules = {
  fold(name: string): string;
  numbered(name: string, n: number): string;
  partName(name: string, id: number): string;
};

const EVENTS_KEPT = 200;
const RESULTS_KEPT = 10_000;

export class Store {
  /** What was wrong with the database at the start, in plain words. */
  readonly trouble: string | null;
  readonly #db: Database.Database;
  readonly #dir: string;
  readonly #names: NameRules;
  readonly #journal: Journal;
  readonly #statements = new Map<string, Database.Statement>();
  #transactions = 0;
  #busyMs = 0;

  constructor(options: { dir: string; names: NameRules; nativeBinding?: string | undefined; now: number }) {
    const { db, trouble } = openDatabase(options.dir, options.nativeBinding, options.now);
    this.#db = db;
    this.#dir = options.dir;
    this.#names = options.names;
    this.#journal = openJournal(options.dir);
    this.trouble = trouble;
  }

  /** Runs `work` in one transaction; everything it wrote is durable when this returns. */
  transaction<T>(work: () => T): T {
    if (this.#db.inTransaction) return work();
    const begun = performance.now();
    try {
      return this.#db.transaction(work).immediate();
    } finally {
      this.#transactions++;
      this.#busyMs += performance.now() - begun;
    }
  }

  /** Transactions so far and the milliseconds spent in them. */
  get load(): { transactions: number; busyMs: number } {
    return { transactions: this.#transactions, busyMs: this.#busyMs };
  }

  // --- adding and naming

  /** Keeps new downloads, each under a name that no other one has. Returns their ids in order. */
  add(prepared: readonly Prepared[], producer: string, now: number): DownloadId[] {
    const nextNumber = new Map<string, number>();
    const ids = this.transaction(() => {
      const insert = this.#prepare(`
        INSERT INTO downloads (url, url_key, mirrors, host, dir, name, folded, name_given, category, status, position,
          headers, checksum, producer, added_at)
        VALUES (@url, @urlKey, @mirrors, @host, @dir, @name, @folded, @nameGiven, @category, @status, @position,
          @headers, @checksum, @producer, @now)
        ON CONFLICT DO NOTHING`);
      const setPart = this.#prepare('UPDATE downloads SET part_name = ? WHERE id = ?');
      let position = this.#edgePosition('max');
      return prepared.map((item) => {
        const { download } = item;
        position += 1;
        const row = {
          url: download.url,
          urlKey: item.urlKey,
          mirrors: JSON.stringify(download.mirrors ?? []),
          host: item.host,
          dir: item.dir,
          nameGiven: download.name === undefined ? 0 : 1,
          category: item.category,
          status: item.status,
          position,
          headers: JSON.stringify(download.headers ?? {}),
          checksum: download.checksum ? JSON.stringify(download.checksum) : null,
          producer,
          now,
        };
        const key = `${item.dir}\0${this.#names.fold(item.name)}`;
        for (let n = nextNumber.get(key) ?? 0; ; n++) {
          const name = n === 0 ? item.name : this.#names.numbered(item.name, n);
          const done = insert.run({ ...row, name, folded: this.#names.fold(name) });
          if (done.changes === 0) continue;
          nextNumber.set(key, n + 1);
          const id = Number(done.lastInsertRowid);
          setPart.run(this.#names.partName(name, id), id);
          return id;
        }
      });
    });
    this.#journal.append(prepared.map(({ download, dir }) => ({ dir, download })));
    return ids;
  }

  /** Gives a download the wanted name, or the first numbered one that is free. `from` skips names known to be taken. */
  reserveName(id: DownloadId, wanted: string, from = 0): string {
    const update = this.#prepare(
      'UPDATE OR IGNORE downloads SET name = @name, folded = @folded WHERE id = @id AND NOT (name = @name)',
    );
    const current = this.#prepare('SELECT name FROM downloads WHERE id = ?').pluck().get(id);
    for (let n = from; ; n++) {
      const name = n === 0 ? wanted : this.#names.numbered(wanted, n);
      if (current === name) return name;
      if (update.run({ id, name, folded: this.#names.fold(name) }).changes > 0) return name;
    }
  }

  /** The newest entry with this URL (fragment left out), in `dir` or anywhere, if there is one. */
  findUrl(urlKey: string, dir: string | null = null): DownloadId | undefined {
    return this.#prepare(
      `
      SELECT id FROM downloads WHERE url_key = @urlKey AND removed_at IS NULL AND (@dir IS NULL OR dir = @dir)
      ORDER BY id DESC LIMIT 1`,
    )
      .pluck()
      .get({ urlKey, dir }) as DownloadId | undefined;
  }

  // --- the queue

  /** The first queued downloads in list order whose host is not among `busyHosts`. */
  candidates(now: number, limit: number, busyHosts: readonly string[]): Candidate[] {
    const rows = this.#prepare(
      `
      SELECT id, host, crashes FROM downloads
      WHERE status = 'queued' AND removed_at IS NULL AND not_before <= @now
        AND host NOT IN (SELECT value FROM json_each(@busy))
      ORDER BY position LIMIT @limit`,
    ).all({ now, limit, busy: JSON.stringify(busyHosts) });
    return rows.map((row) => Candidate.parse(row));
  }

  /** When the next queued download that waits may start, in ms since 1970; null when none waits. */
  nextStartAt(now: number): number | null {
    return this.#prepare(
      `SELECT min(not_before) FROM downloads INDEXED BY downloads_later WHERE status = 'queued' AND removed_at IS NULL AND not_before > 0 AND not_before > ?`,
    )
      .pluck()
      .get(now) as number | null;
  }

  /** Makes it running under a new epoch at `place` and returns it. What another place has of it does not count here. */
  lease(id: DownloadId, place = ''): Stored {
    const row = this.#prepare(
      `UPDATE downloads SET status = 'running', epoch = epoch + 1, failure = NULL, not_before = 0, place = @place,
         extents = CASE place WHEN @place THEN extents ELSE '[]' END,
         done_bytes = CASE place WHEN @place THEN done_bytes ELSE 0 END
       WHERE id = @id RETURNING *`,
    ).get({ id, place });
    return Stored.parse(row);
  }

  /** Records that a lease was settled. False when this lease counted already: a result counts once. */
  recordResult(id: DownloadId, epoch: number, outcome: string, now: number): boolean {
    return (
      this.#prepare('INSERT OR IGNORE INTO results (download_id, epoch, at, outcome) VALUES (?, ?, ?, ?)').run(
        id,
        epoch,
        now,
        outcome,
      ).changes > 0
    );
  }

  /** Running ones of an earlier process go back to the queue, at their place. Returns their number. */
  requeueRunning(): number {
    return this.#prepare(`UPDATE downloads SET status = 'queued' WHERE status = 'running'`).run().changes;
  }

  saveExtents(id: DownloadId, extents: readonly Extent[], doneBytes: number): void {
    this.#prepare('UPDATE downloads SET extents = ?, done_bytes = ? WHERE id = ?').run(
      JSON.stringify(extents),
      doneBytes,
      id,
    );
  }

  saveProbe(id: DownloadId, validators: Validators): void {
    this.#prepare('UPDATE downloads SET validators = ?, size_bytes = ? WHERE id = ?').run(
      JSON.stringify(validators),
      validators.totalBytes,
      id,
    );
  }

  finish(
    id: DownloadId,
    done: { name: string; sizeBytes: number; sha256: string | null; verified: boolean },
    now: number,
  ) {
    this.#prepare(
      `
      UPDATE downloads SET status = 'done', name = @name, folded = @folded, size_bytes = @sizeBytes, done_bytes = @sizeBytes,
        extents = '[]', sha256 = @sha256, verified = @verified, failure = NULL, crashes = 0, finished_at = @now,
        part_left = (place = '')
      WHERE id = @id`,
    ).run({ ...done, folded: this.#names.fold(done.name), verified: done.verified ? 1 : 0, id, now });
  }

  /** Done ones whose part file may still stand beside the finished one, because a crash came between. */
  partsLeft(): Stored[] {
    return this.#prepare('SELECT * FROM downloads WHERE part_left = 1')
      .all()
      .map((row) => Stored.parse(row));
  }

  /** The part files of those done before `before` are gone. */
  forgetParts(before: number): void {
    this.#prepare('UPDATE downloads SET part_left = 0 WHERE part_left = 1 AND finished_at < ?').run(before);
  }

  setStatus(id: DownloadId, status: Status, failure: Failure | null = null, notBefore = 0): void {
    this.#prepare('UPDATE downloads SET status = ?, failure = ?, not_before = ? WHERE id = ?').run(
      status,
      failure ? JSON.stringify(failure) : null,
      notBefore,
      id,
    );
  }

  /** Counts one more crash of the worker that held it, up to `most`, and returns how many there were in a row. */
  countCrash(id: DownloadId, most: number): number {
    return this.#prepare('UPDATE downloads SET crashes = min(crashes + 1, @most) WHERE id = @id RETURNING crashes')
      .pluck()
      .get({ id, most }) as number;
  }

  /** Forgets what was fetched, so that the next lease starts from zero. */
  forgetContent(id: DownloadId): void {
    this.#prepare(
      `UPDATE downloads SET extents = '[]', done_bytes = 0, validators = NULL, size_bytes = NULL, sha256 = NULL,
         verified = 0, finished_at = NULL WHERE id = ?`,
    ).run(id);
  }

  setUrl(id: DownloadId, url: string, urlKey: string, host: string): void {
    this.#prepare('UPDATE downloads SET url = ?, url_key = ?, host = ? WHERE id = ?').run(url, urlKey, host, id);
  }

  setLimit(id: DownloadId, limitBytesPerS: number | null): void {
    this.#prepare('UPDATE downloads SET limit_bytes_per_s = ? WHERE id = ?').run(limitBytesPerS, id);
  }

  // --- many at once

  /** Moves all selected ones that are in `from` to `to`; returns how many. */
  moveSelected(selection: Selection, from: readonly Status[], to: Status): number {
    const where = whereSelected(selection);
    return this.#prepare(
      `UPDATE downloads SET status = @to, failure = NULL, not_before = 0, crashes = 0
       WHERE status IN (SELECT value FROM json_each(@from)) AND ${where.sql}`,
    ).run({ ...where.params, to, from: JSON.stringify(from) }).changes;
  }

  selectedIds(selection: Selection, statuses: readonly Status[]): DownloadId[] {
    const where = whereSelected(selection);
    return this.#prepare(
      `SELECT id FROM downloads WHERE status IN (SELECT value FROM json_each(@statuses)) AND ${where.sql} ORDER BY position`,
    )
      .pluck()
      .all({ ...where.params, statuses: JSON.stringify(statuses) }) as DownloadId[];
  }

  /** Hides the selected entries; `restore` with the same stamp brings them back. Running ones leave their status. */
  hide(selection: Selection, stamp: number): number {
    const where = whereSelected(selection);
    return this.#prepare(
      `UPDATE downloads SET removed_at = @stamp, status = CASE status WHEN 'running' THEN 'queued' ELSE status END
       WHERE ${where.sql}`,
    ).run({ ...where.params, stamp }).changes;
  }

  /** Brings hidden entries back; one whose name was taken meanwhile gets a numbered one. */
  restore(stamp: number): number {
    return this.transaction(() => {
      const free = this.#prepare(
        'SELECT 1 FROM downloads WHERE dir = @dir AND folded = @folded AND removed_at IS NULL',
      ).pluck();
      const show = this.#prepare(
        'UPDATE downloads SET removed_at = NULL, name = @name, folded = @folded WHERE id = @id',
      );
      const hidden = this.#prepare('SELECT id, dir, name FROM downloads WHERE removed_at = ?').all(stamp) as {
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
      return hidden.length;
    });
  }

  /** The hidden entries of a removal, to clear away their files. */
  hidden(stamp: number): Stored[] {
    return this.#prepare('SELECT * FROM downloads WHERE removed_at = ?')
      .all(stamp)
      .map((row) => Stored.parse(row));
  }

  /** Stamps of removals that were not carried out to the end. */
  hiddenStamps(): number[] {
    return this.#prepare('SELECT DISTINCT removed_at FROM downloads WHERE removed_at IS NOT NULL')
      .pluck()
      .all() as number[];
  }

  /** Drops hidden entries for good. */
  purge(stamp: number): void {
    this.transaction(() => {
      this.#prepare('DELETE FROM events WHERE download_id IN (SELECT id FROM downloads WHERE removed_at = ?)').run(
        stamp,
      );
      this.#prepare('DELETE FROM downloads WHERE removed_at = ?').run(stamp);
    });
  }

  /** Puts entries, in the order given, first, last or before another one. */
  reorder(ids: readonly DownloadId[], to: 'first' | 'last' | { before: DownloadId }): number {
    return this.transaction(() => {
      const [low, high] = this.#gap(ids, to);
      const step = (high - low) / (ids.length + 1);
      const set = this.#prepare('UPDATE downloads SET position = ? WHERE id = ?');
      return ids.reduce((changed, id, index) => changed + set.run(low + step * (index + 1), id).changes, 0);
    });
  }

  #gap(ids: readonly DownloadId[], to: 'first' | 'last' | { before: DownloadId }): [number, number] {
    if (to === 'last') {
      const last = this.#edgePosition('max');
      return [last, last + ids.length + 1];
    }
    if (to === 'first') {
      const first = this.#edgePosition('min');
      return [first - ids.length - 1, first];
    }
    const position = this.#prepare('SELECT position FROM downloads WHERE id = ?').pluck();
    const high = (position.get(to.before) as number | undefined) ?? this.#edgePosition('max') + 1;
    const previous = this.#prepare(
      `
      SELECT max(position) FROM downloads
      WHERE removed_at IS NULL AND position < @high AND id NOT IN (SELECT value FROM json_each(@ids))`,
    )
      .pluck()
      .get({ high, ids: JSON.stringify(ids) }) as number | null;
    return [previous ?? high - ids.length - 1, high];
  }

  #edgePosition(edge: 'min' | 'max'): number {
    return (
      (this.#prepare(`SELECT ${edge}(position) FROM downloads WHERE removed_at IS NULL`).pluck().get() as
        number | null) ?? 0
    );
  }

  // --- reading

  get(id: DownloadId): Stored | undefined {
    const row = this.#prepare('SELECT * FROM downloads WHERE id = ? AND removed_at IS NULL').get(id);
    return row === undefined ? undefined : Stored.parse(row);
  }

  list(query: ListQuery, offset: number, limit: number): Stored[] {
    const where = whereOf(query);
    return this.#prepare(
      `SELECT * FROM downloads WHERE ${where.sql} ORDER BY ${orderOf(query)} LIMIT @limit OFFSET @offset`,
    )
      .all({ ...where.params, limit, offset })
      .map((row) => Stored.parse(row));
  }

  listIds(query: ListQuery, offset: number, limit: number): DownloadId[] {
    const where = whereOf(query);
    return this.#prepare(
      `SELECT id FROM downloads WHERE ${where.sql} ORDER BY ${orderOf(query)} LIMIT @limit OFFSET @offset`,
    )
      .pluck()
      .all({ ...where.params, limit, offset }) as DownloadId[];
  }

  count(query: ListQuery): number {
    const plain = query.text === '' && query.host === null;
    if (plain) {
      return this.#countRows().reduce(
        (sum, row) =>
          (query.status === 'all' || row.status === query.status) &&
          (query.category === null || row.category === query.category)
            ? sum + row.n
            : sum,
        0,
      );
    }
    const where: Where = whereOf(query);
    return this.#prepare(`SELECT count(*) FROM downloads WHERE ${where.sql}`).pluck().get(where.params) as number;
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
    return this.#prepare('SELECT status, category, n FROM counts WHERE n > 0').all() as {
      status: Status;
      category: string;
      n: number;
    }[];
  }

  /** Bytes that the queued and paused ones of known size still need. */
  bytesLeft(): number {
    return this.#prepare(
      `SELECT coalesce(sum(size_bytes - done_bytes), 0) FROM downloads
       WHERE status = 'queued' AND removed_at IS NULL AND size_bytes IS NOT NULL`,
    )
      .pluck()
      .get() as number;
  }

  /** Paused ones that go on by themselves once there is room. */
  waitingForRoom(): Stored[] {
    return this.#prepare(
      `SELECT * FROM downloads WHERE status = 'paused' AND removed_at IS NULL AND failure IS NOT NULL`,
    )
      .all()
      .map((row) => Stored.parse(row));
  }

  // --- events, hosts, settings

  addEvent(id: DownloadId, event: DownloadEvent): void {
    const { lastInsertRowid } = this.#prepare(
      'INSERT INTO events (download_id, at, kind, detail) VALUES (?, ?, ?, ?)',
    ).run(id, event.at, event.kind, JSON.stringify(event.detail));
    if (Number(lastInsertRowid) % 50 !== 0) return;
    this.#prepare(
      `DELETE FROM events WHERE download_id = @id AND id <= (
         SELECT id FROM events WHERE download_id = @id ORDER BY id DESC LIMIT 1 OFFSET ${EVENTS_KEPT})`,
    ).run({ id });
  }

  events(id: DownloadId): DownloadEvent[] {
    return this.#prepare('SELECT at, kind, detail FROM events WHERE download_id = ? ORDER BY id')
      .all(id)
      .flatMap((row) => {
        const parsed = StoredEvent.safeParse(row);
        return parsed.success ? [parsed.data] : [];
      });
  }

  hostCaps(): Map<string, number> {
    const rows = this.#prepare('SELECT host, cap FROM hosts').all() as { host: string; cap: number }[];
    return new Map(rows.map(({ host, cap }) => [host, cap]));
  }

  saveHostCap(host: string, cap: number, now: number): void {
    this.#prepare(
      'INSERT INTO hosts VALUES (@host, @cap, @now) ON CONFLICT DO UPDATE SET cap = @cap, seen_at = @now',
    ).run({ host, cap, now });
  }

  /** The settings; one that no longer fits its bounds falls back to its default. */
  settings(): Settings {
    const rows = this.#prepare('SELECT name, value FROM settings').all() as { name: string; value: string }[];
    const kept: Record<string, unknown> = {};
    for (const { name, value } of rows) {
      const schema = (Settings.shape as Record<string, { safeParse(v: unknown): { success: boolean } } | undefined>)[
        name
      ];
      const parsed: unknown = JSON.parse(value);
      if (schema?.safeParse(parsed).success) kept[name] = parsed;
    }
    return Settings.parse(kept);
  }

  saveSettings(change: Record<string, unknown>): void {
    this.transaction(() => {
      const save = this.#prepare('INSERT INTO settings VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value');
      for (const [name, value] of Object.entries(change)) save.run(name, JSON.stringify(value));
    });
  }

  // --- keeping

  /** Ids and addresses in the journal that the database does not have: what a restored backup lacks. */
  journalled(): { dir: string; download: NewDownload }[] {
    return this.#journal.read();
  }

  /** Copies the database aside when the last copy is older than `maxAgeMs`. */
  backUp(now: number, maxAgeMs: number): boolean {
    if (now - lastBackupAt(this.#dir) < maxAgeMs) return false;
    this.#prepare(
      `DELETE FROM results WHERE seq <= (SELECT seq FROM results ORDER BY seq DESC LIMIT 1 OFFSET ${RESULTS_KEPT})`,
    ).run();
    backUp(this.#db, this.#dir, now);
    this.#journal.clear();
    return true;
  }

  close(): void {
    this.#journal.close();
    this.#db.close();
  }

  #prepare(sql: string): Database.Statement {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
