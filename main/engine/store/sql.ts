// The open database: each statement prepared once, transactions counted and timed.
import type Database from 'better-sqlite3';

export class Sql {
  readonly db: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();
  #transactions = 0;
  #busyMs = 0;

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
