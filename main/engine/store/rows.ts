// Rows as SQLite gives them, parsed once into what the engine works with.
import * as v from 'valibot';
import { number, read, wrongIn } from '../../../shared/schema.ts';
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

/** A value that is stored as its JSON. */
function json<S extends v.GenericSchema>(schema: S): v.GenericSchema<string, v.InferOutput<S>> {
  return v.pipe(v.string(), v.parseJson(), schema as v.GenericSchema<unknown, v.InferOutput<S>>);
}

const flag = v.pipe(
  number(),
  v.transform((value) => value !== 0),
);

/** Priorities as they are stored: the smaller number goes first. */
const priorities = new Map(Priority.options.map((priority, n) => [n - 1, priority]));

export function priorityNumber(priority: Priority): number {
  return Priority.options.indexOf(priority) - 1;
}

const Columns = v.object({
  id: DownloadId,
  url: v.string(),
  mirrors: json(v.array(v.string())),
  host: v.string(),
  dir: v.string(),
  name: v.string(),
  name_given: flag,
  part_name: v.string(),
  /** Where the file is: empty here, else the machine that fetched it. */
  place: v.string(),
  category: v.string(),
  /** A person said so; else it follows the name. */
  category_given: flag,
  status: Status,
  priority: v.pipe(
    number(),
    v.transform((n) => priorities.get(n) ?? 'normal'),
  ),
  position: number(),
  size_bytes: v.nullable(number()),
  done_bytes: number(),
  extents: json(v.array(Extent)),
  brought: json(v.array(Brought)),
  /** When its unfinished file was last written to, in ms since 1970, while nobody fetches it; null when that is not known. */
  part_time: v.nullable(number()),
  validators: v.nullable(json(Validators)),
  headers: json(v.record(v.string(), v.string())),
  checksum: v.nullable(json(Checksum)),
  verified: flag,
  sha256: v.nullable(v.string()),
  /** 1: its SHA-256 is still to come. 2: its checksum was not known when it was fetched, and is still to be compared. */
  hash_left: number(),
  limit_bytes_per_s: v.nullable(number()),
  /** How many connections it may open at most; null: the setting says. */
  connections: v.nullable(number()),
  failure: v.nullable(json(Failure)),
  not_before: number(),
  crashes: number(),
  epoch: number(),
  producer: v.string(),
  added_at: number(),
  finished_at: v.nullable(number()),
});

/** A download as it is stored. */
const Stored = v.pipe(
  Columns,
  v.transform((row) => ({
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
  })),
);
export type Stored = v.InferOutput<typeof Stored>;
/** Reads a whole row. Throws when it is none. */
export function storedOf(row: unknown): Stored {
  const parsed = read(Stored, row);
  if (!parsed.success) throw new Error(`A row of the list cannot be read: ${wrongIn(parsed.issues)}`);
  return parsed.output;
}

export const StoredEvent = v.pipe(
  v.object({ at: number(), kind: v.string(), detail: json(DownloadEvent.entries.detail) }),
  DownloadEvent,
);

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
