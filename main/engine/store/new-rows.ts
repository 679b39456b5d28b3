// How new rows are written: most say nothing but their address, and each value that is bound and each statement take their time.
import type { DownloadId, NewDownload, Status } from '../../../shared/download.ts';
import { PART_SUFFIX } from '../../../shared/protocol.ts';
import { priorityNumber, type NameRules } from './rows.ts';
import type { Sql } from './sql.ts';

/** A download ready to be kept: what was asked for, and what the engine made of it. */
export type Prepared = {
  download: NewDownload;
  urlKey: string;
  host: string;
  dir: string;
  name: string;
  status: Status;
  /** Who wants it. */
  producer: string;
  /** What it had in a list that was lost: its unfinished file is named by these. */
  before?: { id: number; mark: string } | undefined;
};

/** So many at most that are alike are written by one statement. */
const MANY = 500;
/** What every new row says. */
const bare = 'id url url_key host dir name folded part_name category status position producer added_at'.split(' ');
/** What some say besides; the others have the columns' defaults. */
const more = 'mirrors name_given headers checksum limit_bytes_per_s connections category_given priority'.split(' ');

/** A name that is taken changes nothing. `whole` takes the values of `moreOf` after those that `bare` takes. */
const inserts = {
  bare: `INSERT INTO downloads (${bare.join()}) VALUES (${bare.map(() => '?').join()}) ON CONFLICT DO NOTHING`,
  whole: `INSERT INTO downloads (${[...bare, ...more].join()}) VALUES (${[...bare, ...more].map(() => '?').join()})
    ON CONFLICT DO NOTHING`,
  // One JSON object, name: address, is bound much faster than its strings. What a row cannot be written for passes it over:
  // a statement that could fail would keep a copy of each page that it changes.
  alike: `INSERT OR IGNORE INTO downloads (${bare.join()})
    SELECT id, url, url, @host, @dir, name, upper(name), name || @tag || id || '${PART_SUFFIX}',
      @category, @status, @position + n, @producer, @now
    FROM (SELECT rowid AS n, CAST(@id AS INTEGER) + rowid AS id, key AS name, value AS url FROM json_each(@addresses))`,
};

export class NewRows {
  readonly #sql: Sql;
  readonly #names: NameRules;
  readonly #mark: string;
  readonly #now: number;
  /** Numbers that names which are taken go on with, by folder and name. */
  readonly #nextNumber = new Map<string, number>();
  readonly #counts = new Map<string, { status: Status; category: string; n: number }>();

  /** `mark`: of the list. */
  constructor(sql: Sql, names: NameRules, mark: string, now: number) {
    this.#sql = sql;
    this.#names = names;
    this.#mark = mark;
    this.#now = now;
  }

  /** Writes rows under these ids, from `position` on, each under a name that no other one has. Returns how many are of what. */
  write(prepared: readonly Prepared[], ids: readonly DownloadId[], position: number) {
    for (let at = 0; at < prepared.length;) {
      const category = this.#categoryOf(prepared[at]!);
      const count = this.#alikeFrom(at, prepared, ids, category);
      this.#count(prepared[at]!.status, category, count);
      if (count === 1) this.#writeOne(prepared[at]!, category, ids[at]!, position + at);
      else this.#writeAlike(prepared.slice(at, at + count), category, ids[at]!, position + at);
      at += count;
    }
    return this.#counts.values();
  }

  #categoryOf({ download, name }: Prepared): string {
    return download.category ?? this.#names.category(name);
  }

  #count(status: Status, category: string, n: number): void {
    const key = `${status} ${category}`;
    const count = this.#counts.get(key) ?? { status, category, n: 0 };
    count.n += n;
    this.#counts.set(key, count);
  }

  /** How many from one on, itself counted, differ in nothing but their addresses and names; `MANY` at most. */
  #alikeFrom(at: number, prepared: readonly Prepared[], ids: readonly DownloadId[], category: string): number {
    const { host, dir, status, producer } = prepared[at]!;
    let count = 0;
    for (; count < MANY && at + count < prepared.length; count++) {
      const one = prepared[at + count]!;
      const same = one.host === host && one.dir === dir && one.status === status && one.producer === producer;
      if (!same || ids[at + count] !== ids[at]! + count || !isBare(one) || this.#isTaken(one)) break;
      if (one.before || !this.#names.isPlain(one.name) || this.#categoryOf(one) !== category) break;
    }
    return Math.max(1, count);
  }

  #isTaken({ dir, name }: Prepared): boolean {
    return this.#nextNumber.size > 0 && this.#nextNumber.has(`${dir}\0${this.#names.fold(name)}`);
  }

  #writeAlike(prepared: readonly Prepared[], category: string, id: DownloadId, position: number): void {
    const { host, dir, status, producer } = prepared[0]!;
    const addresses = `{${prepared.map(({ download, name }) => `"${name}":${quoted(download.url)}`).join()}}`;
    const tag = `.${this.#mark}-`;
    const said = { id, tag, host, dir, category, status, position, producer, now: this.#now, addresses };
    if (this.#sql.prepare(inserts.alike).run(said).changes === prepared.length) return;
    const there = this.#sql.prepare('SELECT id FROM downloads WHERE id BETWEEN ? AND ?').pluck();
    const written = new Set(there.all(id, id + prepared.length - 1));
    for (const [i, one] of prepared.entries()) {
      if (!written.has(id + i)) this.#writeOne(one, category, id + i, position + i);
    }
  }

  #partName({ before }: Prepared, name: string, id: DownloadId): string {
    return this.#names.partName(name, id, before?.mark ?? this.#mark);
  }

  #writeOne(one: Prepared, category: string, id: DownloadId, position: number): void {
    const { download, urlKey, host, dir, name: wanted, status, producer } = one;
    const { url } = download;
    const insert = this.#sql.prepare(isBare(one) ? inserts.bare : inserts.whole);
    const more = isBare(one) ? [] : moreOf(download);
    const foldedWanted = this.#names.fold(wanted);
    const key = `${dir}\0${foldedWanted}`;
    for (let n = this.#nextNumber.get(key) ?? 0; ; n++) {
      const name = n === 0 ? wanted : this.#names.numbered(wanted, n);
      const folded = n === 0 ? foldedWanted : this.#names.fold(name);
      const part = this.#partName(one, name, id);
      const said = [id, url, urlKey, host, dir, name, folded, part, category, status, position, producer, this.#now];
      if (insert.run(...said, ...more).changes === 0) continue;
      if (n > 0) this.#nextNumber.set(key, n + 1);
      return;
    }
  }
}

/** A text in JSON; as it is where nothing in it needs to be escaped, as in most addresses. */
function quoted(text: string): string {
  return /^[ !#-[\]-~]*$/.test(text) ? `"${text}"` : JSON.stringify(text);
}

function isBare({ download, urlKey }: Prepared): boolean {
  return Object.keys(download).length === 1 && urlKey === download.url;
}

/** What is said of a download besides its address. */
function moreOf({ mirrors = [], name, headers = {}, checksum, ...rest }: NewDownload): unknown[] {
  return [
    JSON.stringify(mirrors),
    Number(name !== undefined),
    JSON.stringify(headers),
    checksum ? JSON.stringify(checksum) : null,
    rest.limitBytesPerS ?? null,
    rest.connections ?? null,
    Number(rest.category !== undefined),
    priorityNumber(rest.priority ?? 'normal'),
  ];
}
