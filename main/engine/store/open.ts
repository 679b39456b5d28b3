// Opens the database file: migrates it, checks it, and when it is damaged puts the newest backup in its place.
import Database from 'better-sqlite3';
import fs from 'node:fs';
import path from 'node:path';
import { refusal } from '../../../shared/answer.ts';
import { because, type Why } from '../../../shared/why.ts';
import { JOURNAL } from './journal.ts';
import { migrations } from './migrations.ts';

export type Opened = {
  db: Database.Database;
  /** What was found wrong and done about it; null when all was well. */
  trouble: Why | null;
};

const FILE = 'sluice.db';
const BACKUPS = 'backups';
const BACKUPS_KEPT = 3;

/**
 * Opens `<dir>/sluice.db`. A damaged file is moved aside with a dated name, never deleted, and the newest backup takes its place.
 * Throws when the directory cannot be written or the database was made by a newer Sluice.
 */
export function openDatabase(dir: string, nativeBinding: string | undefined, now: number): Opened {
  fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = path.join(dir, FILE);
  const gone = isGone(dir, file);
  try {
    if (!gone) return { db: openChecked(file, nativeBinding), trouble: null };
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
  const aside = moveAside(file, now);
  const backup = newestBackup(dir);
  if (backup) fs.copyFileSync(backup, file, fs.constants.COPYFILE_EXCL);
  const restored = backup ? because('restored-from', { backup: path.basename(backup) }) : because('no-backup-yet');
  const trouble = gone
    ? because('list-gone', { because: restored })
    : because('list-damaged', { aside: path.basename(aside), because: restored });
  return { db: openChecked(file, nativeBinding), trouble };
}

/** There is no database, or an empty file, where what was kept beside it shows that there was one. */
function isGone(dir: string, file: string): boolean {
  if (sizeOf(file) > 0) return false;
  return newestBackup(dir) !== undefined || sizeOf(path.join(dir, JOURNAL)) > 0;
}

function sizeOf(file: string): number {
  return fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function openChecked(file: string, nativeBinding: string | undefined): Database.Database {
  // Logins are in it. What SQLite puts beside it gets the same rights.
  fs.closeSync(fs.openSync(file, 'a', 0o600));
  if ((fs.statSync(file).mode & 0o077) !== 0) fs.chmodSync(file, 0o600);
  const db = new Database(file, nativeBinding === undefined ? {} : { nativeBinding });
  try {
    db.pragma('journal_mode = WAL');
    // A finished download is only told after its commit is on the disk, so every commit is.
    db.pragma('synchronous = FULL');
    db.pragma('busy_timeout = 5000');
    db.pragma('cache_size = -4000');
    db.pragma('temp_store = MEMORY');
    const verdict = db.pragma('quick_check(1)', { simple: true });
    if (verdict !== 'ok') throw new DamagedError(String(verdict));
    migrate(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function migrate(db: Database.Database): void {
  const version = Number(db.pragma('user_version', { simple: true }));
  if (version > migrations.length) {
    throw refusal('newer-list', because('newer-list', { format: version, known: migrations.length }));
  }
  if (version === migrations.length) return;
  // Together: each transaction of its own would wait for the disk.
  db.transaction(() => {
    for (const step of migrations.slice(version)) db.exec(step);
    db.pragma(`user_version = ${migrations.length}`);
  })();
}

class DamagedError extends Error {}

function isDamage(error: unknown): boolean {
  if (error instanceof DamagedError) return true;
  const code = (error as { code?: unknown }).code;
  return code === 'SQLITE_CORRUPT' || code === 'SQLITE_NOTADB' || String(code).startsWith('SQLITE_CORRUPT_');
}

function moveAside(file: string, now: number): string {
  const stamp = new Date(now).toISOString().replace(/[:.]/g, '-');
  const aside = `${file}.damaged-${stamp}`;
  for (const suffix of ['', '-wal', '-shm']) {
    if (fs.existsSync(file + suffix)) fs.renameSync(file + suffix, aside + suffix);
  }
  return aside;
}

function backupFiles(dir: string): string[] {
  const folder = path.join(dir, BACKUPS);
  if (!fs.existsSync(folder)) return [];
  const names = fs.readdirSync(folder).filter((name) => /^sluice-.*\.db$/.test(name));
  return names.sort().map((name) => path.join(folder, name));
}

function newestBackup(dir: string): string | undefined {
  return backupFiles(dir).at(-1);
}

/** Time of the newest backup in ms since 1970, 0 when there is none. */
export function lastBackupAt(dir: string): number {
  const newest = newestBackup(dir);
  return newest ? fs.statSync(newest).mtimeMs : 0;
}

function sync(file: string): void {
  const handle = fs.openSync(file, 'r');
  try {
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
}

/** Makes the names in it durable. */
function syncFolder(folder: string): void {
  // Windows opens none for this; its journal keeps names.
  if (process.platform !== 'win32') sync(folder);
}

/** Writes a consistent copy of the database into `<dir>/backups` and drops all but the newest few. */
export function backUp(db: Database.Database, dir: string, now: number): void {
  const folder = path.join(dir, BACKUPS);
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const target = path.join(folder, `sluice-${new Date(now).toISOString().replace(/[:.]/g, '-')}.db`);
  const unfinished = `${target}.tmp`;
  try {
    db.prepare('VACUUM INTO ?').run(unfinished);
    fs.chmodSync(unfinished, 0o600);
    sync(unfinished);
    fs.renameSync(unfinished, target);
    // Else what the journal forgets then might be nowhere after a loss of power.
    syncFolder(folder);
    syncFolder(dir);
  } finally {
    fs.rmSync(unfinished, { force: true });
  }
  // Those of a later time are of a clock that was wrong then or is now; this one is the newest all the same.
  for (const later of backupFiles(dir).filter((name) => name > target)) fs.rmSync(later, { force: true });
  for (const old of backupFiles(dir).slice(0, -BACKUPS_KEPT)) fs.rmSync(old, { force: true });
}
