// Whether somebody else wrote to an unfinished file while nobody fetched it: its length may be the same all the same.
import fs from 'node:fs';
import path from 'node:path';
import type { Stored } from '../store/store.ts';

/** File systems round times, and file servers set them once more when a file is closed. */
const TIMES_DIFFER_MS = 3000;

/** When the unfinished file was last written to, in ms since 1970; null when it is not there. */
export function partTimeOf({ dir, partName }: Pick<Stored, 'dir' | 'partName'>): number | null {
  try {
    return Math.round(fs.statSync(path.join(dir, partName)).mtimeMs);
  } catch {
    return null;
  }
}

/** Whether it was written to since a worker let go of it. One that is gone is found by the next worker. */
export function isPartTouched(stored: Pick<Stored, 'dir' | 'partName' | 'partTimeMs'>): boolean {
  const now = stored.partTimeMs === null ? null : partTimeOf(stored);
  return now !== null && Math.abs(now - stored.partTimeMs!) > TIMES_DIFFER_MS;
}
