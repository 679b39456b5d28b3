// A plain log of what was added since the last backup, so that a damaged database loses no line of a list.
import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { NewDownload } from '../../../shared/download.ts';

const Entry = z.object({ dir: z.string(), download: NewDownload });
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
  const file = path.join(dir, 'added.jsonl');
  const handle = fs.openSync(file, 'a', 0o600);
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

function parseLine(line: string): JournalEntry[] {
  if (line === '') return [];
  try {
    return [Entry.parse(JSON.parse(line))];
  } catch {
    return [];
  }
}
