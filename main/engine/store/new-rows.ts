// How new rows are written: most say nothing but their address, and each value that is bound and each statement take their time.
import type { DownloadId, NewDownload, Status } from '../../../shared/download.ts';
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

/** So many that say nothing else are written by one statement. */
const MANY = 50;
/** What every new row says. */
const bare = 'id url url_key host dir name folded part_name category status position producer added_at'.split(' ');
/** What some say besides; the others have the columns' defaults. */
const more = 'mirrors name_given headers checksum limit_bytes_per_s connections category_given priority'.split(' ');

/** A name that is taken changes nothing. `whole` takes the values of `moreOf` after those that `bare` takes. */
const inserts = {
  bare: `INSERT INTO downloads (${bare.join()}) VALUES (${bare.map(() => '?').join()}) ON CONFLICT DO NOTHING`,
  whole: `INSERT INTO downloads (${[...bare, ...more].join()}) VALUES (${[...bare, ...more].map(() => '?').join()})
    ON CONFLICT DO NOTHING`,
  many: `WITH new (i, url, host, name, folded, part_name, category) AS (
      VALUES ${Array.from({ length: MANY }, (_, i) => `(${i}, ?, ?, ?, ?, ?, ?)`).join()})
    INSERT INTO downloads (${bare.join()})
    SELECT @id + i, url, url, host, @dir, name, folded, part_name, category, @status, @position + i, @producer, @now
    FROM new WHERE true ON CONFLICT DO NOTHING`,
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
      const alike = this.#alikeFrom(at, prepared, ids);
      if (alike === MANY) this.#writeMany(prepared.slice(at, at + MANY), ids.slice(at, at + MANY), position + at);
      else {
        for (const [i, one] of prepared.slice(at, at + alike).entries()) {
          this.#writeOne(one, this.#sorted(one), ids[at + i]!, position + at + i);
        }
      }
      at += alike;
    }
    return this.#counts.values();
  }

  /** The category of a new row, which is counted with it. */
  #sorted({ download, name, status }: Prepared): string {
    const category = download.category ?? this.#names.category(name);
    const key = `${status} ${category}`;
    const count = this.#counts.get(key) ?? { status, category, n: 0 };
    count.n++;
    this.#counts.set(key, count);
    return category;
  }

  /** How many from one on, itself counted, differ in nothing but what `many` takes of each; `MANY` at most. */
  #alikeFrom(at: number, prepared: readonly Prepared[], ids: readonly DownloadId[]): number {
    const { dir, status, producer } = prepared[at]!;
    let count = 0;
    for (; count < MANY && at + count < prepared.length; count++) {
      const one = prepared[at + count]!;
      const same = one.dir === dir && one.status === status && one.producer === producer;
      if (!same || ids[at + count] !== ids[at]! + count || !isBare(one) || this.#isTaken(one)) break;
    }
    return Math.max(1, count);
  }

  #isTaken({ dir, name }: Prepared): boolean {
    return this.#nextNumber.size > 0 && this.#nextNumber.has(`${dir}\0${this.#names.fold(name)}`);
  }

  #writeMany(prepared: readonly Prepared[], ids: readonly DownloadId[], position: number): void {
    const { dir, status, producer } = prepared[0]!;
    const id = ids[0]!;
    const categories = prepared.map((one) => this.#sorted(one));
    const values = prepared.flatMap((one, i) => {
      const { download, host, name } = one;
      return [download.url, host, name, this.#names.fold(name), this.#partName(one, name, ids[i]!), categories[i]];
    });
    const many = this.#sql.prepare(inserts.many);
    if (many.run(values, { id, dir, status, position, producer, now: this.#now }).changes === MANY) return;
    const there = this.#sql.prepare('SELECT id FROM downloads WHERE id BETWEEN ? AND ?').pluck();
    const written = new Set(there.all(id, id + MANY - 1));
    for (const [i, one] of prepared.entries()) {
      if (!written.has(ids[i])) this.#writeOne(one, categories[i]!, ids[i]!, position + i);
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
