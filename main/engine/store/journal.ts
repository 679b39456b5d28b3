// A plain log of what was added since the last backup, so that a damaged database loses no line of a list.
import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { NewDownload } from '../../../shared/download.ts';

/** Under this name, beside the database. */
export const JOURNAL = 'added.jsonl';

/** `id`: what it got in the database. */
const Entry = z.object({ id: z.number().optional(), dir: z.string(), download: NewDownload });
export type JournalEntry = z.infer<typeof Entry>;

export type Journal = {
  /** Durable when it returns. */
  append(entries: readonly JournalEntry[]): void;
  /** All readable entries, oldest first; a line cut by a crash is passed over. */
  read(): JournalEntry[];
  /** Forgets everything: a backup holds it now. */
  clear(): void;
  close(): void;
};

/** Opens `<dir>/added.jsonl`. */
export function openJournal(dir: string): Journal {
  const file = path.join(dir, JOURNAL);
  const handle = fs.openSync(file, 'a+', 0o600);
  endLastLine(handle);
  return {
    append(entries) {
      if (entries.length === 0) return;
      fs.writeSync(handle, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
      fs.fdatasyncSync(handle);
    },
    read() {
      return fs.readFileSync(file, 'utf8').split('\n').flatMap(parseLine);
    },
    clear() {
      fs.ftruncateSync(handle, 0);
    },
    close() {
      fs.closeSync(handle);
    },
  };
}

/** A line that a crash cut off must not swallow the next one. */
function endLastLine(handle: number): void {
  const { size } = fs.fstatSync(handle);
  const last = Buffer.alloc(1);
  if (size > 0 && fs.readSync(handle, last, 0, 1, size - 1) === 1 && last.toString() !== '\n')
    fs.writeSync(handle, '\n');
}

function parseLine(line: string): JournalEntry[] {
  if (line === '') return [];
  try {
    return [Entry.parse(JSON.parse(line))];
  } catch {
    return [];
  }
}
