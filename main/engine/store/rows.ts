// Rows as SQLite gives them, parsed once into what the engine works with.
import { z } from 'zod';
import {
  Brought,
  Checksum,
  DownloadEvent,
  DownloadId,
  Extent,
  Priority,
  Status,
  Validators,
} from '../../../shared/download.ts';
import { Failure } from '../../../shared/failure.ts';
import { reader } from '../../../shared/reader.ts';

function json<T extends z.ZodType>(schema: T) {
  return z.string().transform((text, context): z.output<T> => {
    const parsed = schema.safeParse(parseOrUndefined(text));
    if (parsed.success) return parsed.data;
    context.addIssue({ code: 'custom', message: z.prettifyError(parsed.error) });
    return z.NEVER;
  });
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The first rows are read without a checker being compiled: the first download does not wait for it. */
function rowReader<S extends z.ZodType>(schema: S): (row: unknown) => z.output<S> {
  const read = reader(schema);
  return (row) => {
    const parsed = read(row);
    if (!parsed.success) throw parsed.error;
    return parsed.data;
  };
}

const flag = z.number().transform((value) => value !== 0);

/** Priorities as they are stored: the smaller number goes first. */
const priorities = new Map(Priority.options.map((priority, n) => [n - 1, priority]));

export function priorityNumber(priority: Priority): number {
  return Priority.options.indexOf(priority) - 1;
}

const Columns = z.object({
  id: DownloadId,
  url: z.string(),
  mirrors: json(z.array(z.string())),
  host: z.string(),
  dir: z.string(),
  name: z.string(),
  name_given: flag,
  part_name: z.string(),
  /** Where the file is: empty here, else the machine that fetched it. */
  place: z.string(),
  category: z.string(),
  /** A person said so; else it follows the name. */
  category_given: flag,
  status: Status,
  priority: z.number().transform((n) => priorities.get(n) ?? 'normal'),
  position: z.number(),
  size_bytes: z.number().nullable(),
  done_bytes: z.number(),
  extents: json(z.array(Extent)),
  brought: json(z.array(Brought)),
  /** When its unfinished file was last written to, in ms since 1970, while nobody fetches it; null when that is not known. */
  part_time: z.number().nullable(),
  validators: json(Validators).nullable(),
  headers: json(z.record(z.string(), z.string())),
  checksum: json(Checksum).nullable(),
  verified: flag,
  sha256: z.string().nullable(),
  /** 1: its SHA-256 is still to come. 2: its checksum was not known when it was fetched, and is still to be compared. */
  hash_left: z.number(),
  limit_bytes_per_s: z.number().nullable(),
  /** How many connections it may open at most; null: the setting says. */
  connections: z.number().nullable(),
  failure: json(Failure).nullable(),
  not_before: z.number(),
  crashes: z.number(),
  epoch: z.number(),
  producer: z.string(),
  added_at: z.number(),
  finished_at: z.number().nullable(),
});

/** A download as it is stored. */
const Stored = Columns.transform((row) => ({
  id: row.id,
  url: row.url,
  mirrors: row.mirrors,
  host: row.host,
  dir: row.dir,
  name: row.name,
  nameGiven: row.name_given,
  partName: row.part_name,
  place: row.place,
  category: row.category,
  categoryGiven: row.category_given,
  status: row.status,
  priority: row.priority,
  position: row.position,
  sizeBytes: row.size_bytes,
  doneBytes: row.done_bytes,
  extents: row.extents,
  brought: row.brought,
  partTimeMs: row.part_time,
  validators: row.validators,
  headers: row.headers,
  checksum: row.checksum,
  verified: row.verified,
  sha256: row.sha256,
  checkLeft: row.hash_left === 2,
  limitBytesPerS: row.limit_bytes_per_s,
  connections: row.connections,
  failure: row.failure,
  notBefore: row.not_before,
  crashes: row.crashes,
  epoch: row.epoch,
  producer: row.producer,
  addedAt: row.added_at,
  finishedAt: row.finished_at,
}));
export type Stored = z.output<typeof Stored>;
/** Reads a whole row. Throws when it is none. */
export const storedOf = rowReader(Stored);

export const StoredEvent = z
  .object({ at: z.number(), kind: z.string(), detail: json(DownloadEvent.shape.detail) })
  .pipe(DownloadEvent);

/** One that may start. */
export type Candidate = Pick<Stored, 'id' | 'host' | 'dir' | 'name' | 'crashes' | 'connections'> & {
  /** The place that has some of it on its disk (empty: this machine); null when nothing is there. */
  begunAt: string | null;
};

/** How names are told apart, numbered and sorted into categories; handed in, so that the rules live elsewhere. */
export type NameRules = {
  fold(name: string): string;
  numbered(name: string, n: number): string;
  partName(name: string, id: number, mark: string): string;
  category(name: string): string;
  /** Whether a name folds to what SQL's `upper` makes of it, stands in JSON as it is, and is whole in its `partName`, before `.mark-id` and the suffix. */
  isPlainName(name: string): boolean;
};
