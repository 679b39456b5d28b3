// How much room disks have, asked at most once a second each.
import fs from 'node:fs';
import path from 'node:path';

const FRESH_MS = 1000;

export class DiskRoom {
  readonly #now: () => number;
  readonly #seen = new Map<string, { at: number; freeBytes: number | null }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Free bytes where `dir` is or would be made; null when the system does not tell. */
  freeBytes(dir: string): number | null {
    const now = this.#now();
    const seen = this.#seen.get(dir);
    if (seen && Math.abs(now - seen.at) < FRESH_MS) return seen.freeBytes;
    const freeBytes = ask(dir);
    this.#seen.set(dir, { at: now, freeBytes });
    return freeBytes;
  }
}

function ask(dir: string): number | null {
  try {
    const { bavail, bsize } = fs.statfsSync(dir);
    return bavail * bsize;
  } catch (error) {
    const parent = path.dirname(dir);
    return (error as NodeJS.ErrnoException).code === 'ENOENT' && parent !== dir ? ask(parent) : null;
  }
}
