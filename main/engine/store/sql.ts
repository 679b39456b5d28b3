// The open database: each statement prepared once, transactions counted and timed.
import type Database from 'better-sqlite3';

/** Pages that SQLite lets its log grow to before a commit moves them into the database. */
const LOG_PAGES = 1000;
const PUT_OFF_MS = 2000;

export class Sql {
  readonly db: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();
  #transactions = 0;
  #busyMs = 0;
  #putOff: NodeJS.Timeout | undefined;

  constructor(db: Database.Database) {
    this.db = db;
  }

  /** Runs `work` in one transaction; everything it wrote is durable when this returns. */
  transaction<T>(work: () => T): T {
    if (this.db.inTransaction) return work();
    const begun = performance.now();
    try {
      return this.db.transaction(work).immediate();
    } finally {
      this.#transactions++;
      this.#busyMs += performance.now() - begun;
    }
  }

  /** Has the commits of the next moment leave all in the log, where it is as durable: who waits for a long one need not wait for it to be moved. */
  putOffCheckpoint(): void {
    // Not for longer than that: the log would grow and grow.
    if (this.#putOff) return;
    this.db.pragma('wal_autocheckpoint = 0');
    this.#putOff = setTimeout(() => {
      this.#putOff = undefined;
      this.db.pragma(`wal_autocheckpoint = ${LOG_PAGES}`);
    }, PUT_OFF_MS).unref();
  }

  close(): void {
    clearTimeout(this.#putOff);
    this.db.close();
  }

  /** Transactions so far and the milliseconds spent in them. */
  get load(): { transactions: number; busyMs: number } {
    return { transactions: this.#transactions, busyMs: this.#busyMs };
  }

  prepare(sql: string): Database.Statement {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** Whether the disk, not the program, kept a transaction from being written: it can be tried again. */
export function isStoreFull(error: unknown): boolean {
  const code = String((error as { code?: unknown }).code);
  return code === 'SQLITE_FULL' || code.startsWith('SQLITE_IOERR') || code === 'SQLITE_BUSY';
}
