// A plain log of what was added since the last backup, so that a damaged database loses no line of a list.
import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { NewDownload } from '../../../shared/download.ts';

/** Under this name, beside the database. */
export const JOURNAL = 'added.jsonl';

/** `id`: what it got in the database. `mark`: of the list, in the name of its unfinished file; older lines have none. */
const Entry = z.object({
  id: z.number().optional(),
  mark: z
    .string()
    .regex(/^[\da-f]*$/)
    .default(''),
  dir: z.string(),
  download: NewDownload,
});
export type JournalEntry = z.infer<typeof Entry>;

export type Journal = {
  /** Durable when it returns. */
  append(entries: readonly (JournalEntry & { id: number })[]): void;
  /** All readable entries, oldest first; a line cut by a crash is passed over. */
  read(): JournalEntry[];
  /** Those at the end whose ids are greater than `id`. Reads no more than these: the journal may be long. */
  readAfter(id: number): JournalEntry[];
  /** Forgets everything: a backup holds it now. */
  clear(): void;
  close(): void;
};

/** At once: the text of a hundred thousand takes longer than its pieces. */
const LINES_WRITTEN = 1000;
const BLOCK_BYTES = 64 << 10;
const LINE_BREAK = 0x0a;

/** Opens `<dir>/added.jsonl`. */
export function openJournal(dir: string): Journal {
  const file = path.join(dir, JOURNAL);
  const handle = fs.openSync(file, 'a+', 0o600);
  endLastLine(handle);
  return {
    append(entries) {
      if (entries.length === 0) return;
      for (let at = 0; at < entries.length; at += LINES_WRITTEN) {
        writeWhole(handle, linesOf(entries.slice(at, at + LINES_WRITTEN)));
      }
      fs.fdatasyncSync(handle);
    },
    read() {
      return fs.readFileSync(file, 'utf8').split('\n').flatMap(parseLine);
    },
    readAfter(id) {
      const found: JournalEntry[] = [];
      for (const line of linesFromEnd(handle)) {
        const [entry] = parseLine(line);
        if (entry?.id === undefined) continue;
        if (entry.id <= id) break;
        found.push(entry);
      }
      return found.reverse();
    },
    clear() {
      fs.ftruncateSync(handle, 0);
    },
    close() {
      fs.closeSync(handle);
    },
  };
}

/** A line each. What mostly is the same for all is put into words once. */
function linesOf(entries: readonly (JournalEntry & { id: number })[]): string {
  let [of, same] = [entries[0]!, ''];
  const lines = entries.map((entry) => {
    const { id, mark, dir, download } = entry;
    if (same === '' || mark !== of.mark || dir !== of.dir) {
      [of, same] = [entry, `"mark":${JSON.stringify(mark)},"dir":${JSON.stringify(dir)}`];
    }
    return `{"id":${id},${same},"download":${JSON.stringify(download)}}\n`;
  });
  return lines.join('');
}

/** A full disk takes a part, and refuses the rest only when it is asked again. */
function writeWhole(handle: number, text: string): void {
  const bytes = Buffer.from(text);
  try {
    for (let at = 0; at < bytes.length;) at += fs.writeSync(handle, bytes, at);
  } catch (error) {
    endLastLine(handle);
    throw error;
  }
}

/** A line that was cut off must not swallow the next one. */
function endLastLine(handle: number): void {
  const { size } = fs.fstatSync(handle);
  const last = Buffer.alloc(1);
  if (size > 0 && fs.readSync(handle, last, 0, 1, size - 1) === 1 && last.toString() !== '\n')
    fs.writeSync(handle, '\n');
}

/** The lines of a file, the last one first. */
function* linesFromEnd(handle: number): Iterable<string> {
  let rest = Buffer.alloc(0);
  for (let start = fs.fstatSync(handle).size; start > 0;) {
    const bytes = Math.min(BLOCK_BYTES, start);
    start -= bytes;
    const block = Buffer.alloc(bytes + rest.length);
    fs.readSync(handle, block, 0, bytes, start);
    rest.copy(block, bytes);
    // What stands before the first break may have begun in the block before.
    const whole = start === 0 ? 0 : block.indexOf(LINE_BREAK) + 1;
    if (start === 0 || whole > 0) {
      yield* block.toString('utf8', whole).split('\n').reverse();
      rest = block.subarray(0, Math.max(0, whole - 1));
    } else {
      rest = block;
    }
  }
}

function parseLine(line: string): JournalEntry[] {
  if (line === '') return [];
  try {
    return [Entry.parse(JSON.parse(line))];
  } catch {
    return [];
  }
}
