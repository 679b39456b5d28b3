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
  // One JSON object is bound much faster than its strings. Each name has a letter before it: which of the hosts and categories
  // are its own, where they have not all the same. Rows that cannot be written are passed over: a statement that could fail
  // would keep a copy of each page.
  alike: `INSERT OR IGNORE INTO downloads (${bare.join()})
    SELECT id, url, url, iif(@host IS NULL, @hosts ->> kind, @host), @dir, name, upper(name),
      name || @tag || id || '${PART_SUFFIX}', iif(@category IS NULL, @categories ->> kind, @category),
      @status, @position + n, @producer, @now
    FROM (SELECT rowid AS n, CAST(@id AS INTEGER) + rowid AS id, unicode(key) - unicode('A') AS kind, substr(key, 2) AS name,
      value AS url FROM json_each(@addresses))`,
};
/** One for each kind that a statement may have. */
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** Rows that `alike` takes: `addresses` are the members of the object. */
type Alike = { addresses: string[]; kinds: { host: string; category: string; n: number }[] };

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
      const alike = this.#alikeFrom(at, prepared, ids);
      const count = alike.addresses.length;
      if (count > 1) {
        for (const { category, n } of alike.kinds) this.#count(prepared[at]!.status, category, n);
        this.#writeAlike(alike, prepared.slice(at, at + count), ids[at]!, position + at);
        at += count;
      } else {
        const category = this.#categoryOf(prepared[at]!);
        this.#count(prepared[at]!.status, category, 1);
        this.#writeOne(prepared[at]!, category, ids[at]!, position + at);
        at++;
      }
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

  /** Those from one on that differ in nothing but what `alike` takes of each; `MANY` at most. */
  #alikeFrom(at: number, prepared: readonly Prepared[], ids: readonly DownloadId[]): Alike {
    const { dir, status, producer } = prepared[at]!;
    const [addresses, kinds]: [string[], Alike['kinds']] = [[], []];
    for (; addresses.length < MANY && at + addresses.length < prepared.length;) {
      const one = prepared[at + addresses.length]!;
      const same = one.dir === dir && one.status === status && one.producer === producer;
      if (!same || ids[at + addresses.length] !== ids[at]! + addresses.length || one.before) break;
      if (!isBare(one) || !this.#names.isPlainName(one.name) || this.#isTaken(one)) break;
      const category = this.#categoryOf(one);
      let kind = kinds.findIndex((known) => known.host === one.host && known.category === category);
      if (kind < 0) kind = kinds.push({ host: one.host, category, n: 0 }) - 1;
      if (kind === LETTERS.length) {
        kinds.pop();
        break;
      }
      kinds[kind]!.n++;
      addresses.push(`"${LETTERS[kind]}${one.name}":${quoted(one.download.url)}`);
    }
    return { addresses, kinds };
  }

  #isTaken({ dir, name }: Prepared): boolean {
    return this.#nextNumber.size > 0 && this.#nextNumber.has(`${dir}\0${this.#names.fold(name)}`);
  }

  #writeAlike({ addresses, kinds }: Alike, prepared: readonly Prepared[], id: DownloadId, position: number): void {
    const { dir, status, producer } = prepared[0]!;
    const { changes } = this.#sql.prepare(inserts.alike).run({
      id,
      position,
      dir,
      status,
      producer,
      now: this.#now,
      tag: `.${this.#mark}-`,
      addresses: `{${addresses.join()}}`,
      host: kinds.length === 1 ? kinds[0]!.host : null,
      category: kinds.length === 1 ? kinds[0]!.category : null,
      hosts: JSON.stringify(kinds.map(({ host }) => host)),
      categories: JSON.stringify(kinds.map(({ category }) => category)),
    });
    if (changes === prepared.length) return;
    const there = this.#sql.prepare('SELECT id FROM downloads WHERE id BETWEEN ? AND ?').pluck();
    const written = new Set(there.all(id, id + prepared.length - 1));
    for (const [i, one] of prepared.entries()) {
      if (!written.has(id + i)) this.#writeOne(one, this.#categoryOf(one), id + i, position + i);
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
