// A plain log of what was added since the last backup, so that a damaged database loses no line of a list.
import fs from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { number } from '../../../shared/schema.ts';
import { NewDownload } from '../../../shared/download.ts';
import { LineLog } from './line-log.ts';
import type { Prepared } from './new-rows.ts';

/** Under this name, beside the database. */
export const JOURNAL = 'added.jsonl';

/** `mark`: of the list, in the name of its unfinished file; older lines have none. */
const place = {
  mark: v.optional(v.pipe(v.string(), v.regex(/^[\da-f]*$/)), ''),
  dir: v.string(),
};
/** `id`: what it got in the database. */
const Entry = v.object({ ...place, id: v.optional(number()), download: NewDownload });
export type JournalEntry = v.InferOutput<typeof Entry>;

/** Of several, `id` is the first one's; each of the others has the next. */
const Line = v.union([Entry, v.object({ ...place, id: number(), downloads: v.array(NewDownload) })]);

type Added = Pick<Prepared, 'dir' | 'download' | 'before'>;

export type Journal = {
  /** Notes downloads under their ids; the mark is `mark` where one has none from before. Durable when it returns. */
  append(added: readonly Added[], ids: readonly number[], mark: string): void;
  /** All readable entries, oldest first; a line cut by a crash is passed over. */
  read(): JournalEntry[];
  /** Those at the end whose ids are greater than `id`. Reads no more than these: the journal may be long. */
  readAfter(id: number): JournalEntry[];
  /** The id that comes after all those it has or need not have, as its end tells. */
  readonly next: number;
  /** Forgets everything: a backup holds it now. `next`: the id from which on it is to have all. */
  clear(next: number): void;
  close(): void;
};

/** So many at most in a line: one that is cut off loses no more. */
const MANY = 100;
/** The text of a hundred thousand at once would take longer than its pieces. */
const WRITTEN_CHARS = 64 << 10;
const BLOCK_BYTES = 64 << 10;
const LINE_BREAK = 0x0a;

/** Opens `<dir>/added.jsonl`. */
export function openJournal(dir: string): Journal {
  const file = path.join(dir, JOURNAL);
  const log = new LineLog(file);
  return {
    append(added, ids, mark) {
      if (added.length === 0) return;
      let lines = '';
      for (let at = 0; at < added.length;) {
        const count = alikeFrom(at, added, ids);
        const { dir, download, before } = added[at]!;
        const common = { id: ids[at], mark: before?.mark ?? mark, dir };
        const downloads = added.slice(at, (at += count)).map((one) => one.download);
        lines += `${JSON.stringify(count === 1 ? { ...common, download } : { ...common, downloads })}\n`;
        if (lines.length < WRITTEN_CHARS && at < added.length) continue;
        log.write(lines);
        lines = '';
      }
      fs.fdatasyncSync(log.handle);
    },
    read() {
      return fs.readFileSync(file, 'utf8').split('\n').flatMap(entriesOf);
    },
    readAfter(id) {
      const found: JournalEntry[] = [];
      for (const line of linesFromEnd(log.handle)) {
        const entries = entriesOf(line);
        const after = entries.filter((entry) => entry.id !== undefined && entry.id > id);
        found.push(...after.reverse());
        if (entries.some((entry) => entry.id !== undefined && entry.id <= id)) break;
      }
      return found.reverse();
    },
    get next() {
      for (const text of linesFromEnd(log.handle)) {
        const line = parseLine(text);
        if (line?.id !== undefined) return line.id + ('downloads' in line ? line.downloads.length : 1);
      }
      return 1;
    },
    clear(next) {
      log.clear();
      try {
        log.write(`${JSON.stringify({ id: next, dir: '', downloads: [] })}\n`);
      } catch {
        // On a full disk: then it seems to lack what the backup has, and there is another one.
      }
    },
    close: () => log.close(),
  };
}

/** How many from one on have consecutive ids and the rest in common; `MANY` at most. */
function alikeFrom(at: number, added: readonly Added[], ids: readonly number[]): number {
  const { dir, before } = added[at]!;
  let count = 1;
  for (; count < MANY && at + count < added.length; count++) {
    const next = added[at + count]!;
    const same = next.dir === dir && next.before === undefined && before === undefined;
    if (!same || ids[at + count] !== ids[at]! + count) break;
  }
  return count;
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

function parseLine(text: string): v.InferOutput<typeof Line> | null {
  if (text === '') return null;
  try {
    return v.parse(Line, JSON.parse(text));
  } catch {
    return null;
  }
}

function entriesOf(text: string): JournalEntry[] {
  const line = parseLine(text);
  if (line === null) return [];
  if ('download' in line) return [line];
  const { id, mark, dir, downloads } = line;
  return downloads.map((download, n) => ({ id: id + n, mark, dir, download }));
}
