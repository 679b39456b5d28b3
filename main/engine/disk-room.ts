// How much room disks have, asked at most once a second each.
import fs from 'node:fs';
import path from 'node:path';

const FRESH_MS = 1000;

type Seen = { at: number; freeBytes: number | null; disk: number | null };

export class DiskRoom {
  readonly #now: () => number;
  readonly #seen = new Map<string, Seen>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Free bytes where `dir` is or would be made; null when the system does not tell. */
  freeBytes(dir: string): number | null {
    return this.#look(dir).freeBytes;
  }

  /** Whether what goes to one folder takes room from the other. */
  isShared(dir: string, other: string): boolean {
    if (dir === other) return true;
    const { disk } = this.#look(dir);
    return disk !== null && disk === this.#look(other).disk;
  }

  #look(dir: string): Seen {
    const now = this.#now();
    const before = this.#seen.get(dir);
    if (before && Math.abs(now - before.at) < FRESH_MS) return before;
    const seen = { at: now, ...ask(dir) };
    this.#seen.set(dir, seen);
    return seen;
  }
}

function ask(dir: string): Omit<Seen, 'at'> {
  try {
    const { bavail, bsize } = fs.statfsSync(dir);
    return { freeBytes: bavail * bsize, disk: fs.statSync(dir).dev };
  } catch (error) {
    const parent = path.dirname(dir);
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT' && parent !== dir;
    return isMissing ? ask(parent) : { freeBytes: null, disk: null };
  }
}
