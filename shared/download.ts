// The model: what a download is, which states it has, and what is told of it.
import * as v from 'valibot';
import { integer, number, text } from './schema.ts';
import { Failure } from './failure.ts';

export const DownloadId = integer(1);
export type DownloadId = v.InferOutput<typeof DownloadId>;

export const Status = v.picklist(['queued', 'running', 'paused', 'done', 'failed']);
export type Status = v.InferOutput<typeof Status>;

/** Who of those in the queue goes first: each high one before each normal one, whatever their order. */
export const Priority = v.picklist(['high', 'normal', 'low']);
export type Priority = v.InferOutput<typeof Priority>;

/** A byte range of the file, `[start, end)`, in bytes. */
export const Extent = v.strictTuple([integer(0), integer(1)]);
export type Extent = v.InferOutput<typeof Extent>;

/** Who brought which bytes of a file that has mirrors: `[source, start, end]`; 0 is its own URL, 1 its first mirror, and so on. */
export const Brought = v.strictTuple([integer(0), ...Extent.items]);
export type Brought = v.InferOutput<typeof Brought>;

export const checksumAlgorithms = ['md5', 'sha1', 'sha256', 'sha512'] as const;
/** A checksum the content must have. `hex`, of the whole file, is lower case; without it the pieces say all. `pieces`: of consecutive pieces of `pieceBytes`. */
export const Checksum = v.object({
  algorithm: v.picklist(checksumAlgorithms),
  hex: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{32,128}$/))),
  pieces: v.optional(
    v.object({
      algorithm: v.picklist(checksumAlgorithms),
      pieceBytes: integer(1),
      hex: v.array(v.string()),
    }),
  ),
});
export type Checksum = v.InferOutput<typeof Checksum>;

/** More than any client takes of a header; it bounds what a worker can have kept and sent to others. */
export const HeaderText = text(100_000);

/** What the first answer with data said of the content; later answers are held against it (RFC 9110 8.8, 13.1.5). */
export const Validators = v.object({
  etag: v.nullable(HeaderText),
  lastModified: v.nullable(HeaderText),
  date: v.nullable(HeaderText),
  /** Length of the whole file; null when the server does not tell. */
  totalBytes: v.nullable(integer(0)),
  finalUrl: HeaderText,
  contentType: v.nullable(HeaderText),
  /** Whether ranges were seen to work: true after a good 206, false after a 200 to a range. */
  ranges: v.nullable(v.boolean()),
  /** The mirror that said so, when it was not the download's own URL. */
  mirror: v.optional(HeaderText),
  /** The checksum of the whole file that the server promised (RFC 9530, RFC 3230). */
  digest: v.optional(v.omit(Checksum, ['pieces'])),
});
export type Validators = v.InferOutput<typeof Validators>;

/** What holds for another address of the same content: the length. One server's tags and dates say nothing about another's. */
export function asMirrored(kept: Validators | null): Validators | null {
  return kept && { ...kept, etag: null, lastModified: null, date: null, ranges: null };
}

/** What a person asks for: one line of a list, understood. */
export const NewDownload = v.object({
  url: text(65_536),
  mirrors: v.optional(v.pipe(v.array(v.string()), v.maxLength(100))),
  /** A name the person or the list chose; else it comes from the server or the URL. */
  name: v.optional(v.string()),
  checksum: v.optional(Checksum),
  headers: v.optional(v.record(v.string(), v.string())),
  limitBytesPerS: v.optional(integer(1024)),
  /** The kind it is kept under; else its name tells. */
  category: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(60))),
  /** How many connections it may open at most; else the setting says. */
  connections: v.optional(integer(1, 32)),
  priority: v.optional(Priority),
});
export type NewDownload = v.InferOutput<typeof NewDownload>;

export const eventKinds = [
  'added',
  'started',
  'redirected',
  'answered',
  'no-ranges',
  'connections',
  'retrying',
  'waiting',
  'resumed',
  'overlap-compared',
  'changed-on-server',
  'restarted-from-zero',
  'link-expired',
  'renamed',
  'paused',
  'disk-full',
  'verified',
  'hashed',
  'done',
  'failed',
  'worker-lost',
  'part-file-lost',
  'mirror-dropped',
  'certificate-exception',
  'new-link',
  'lane',
  'limit',
] as const;
export const EventKind = v.picklist(eventKinds);
export type EventKind = v.InferOutput<typeof EventKind>;

/** A line of a download's event log; the words are made by whoever shows it. */
export const DownloadEvent = v.object({
  at: number(),
  kind: EventKind,
  detail: v.record(v.string(), v.union([v.string(), number(), v.boolean(), v.null()])),
});
export type DownloadEvent = v.InferOutput<typeof DownloadEvent>;

export const EXCHANGE_HEADERS_MAX = 60;
export const EXCHANGE_VALUE_MAX = 1000;
/** Comes with each file, so that one pass has to do. */
const HeaderLines = v.custom<[name: string, value: string][]>(
  (raw) => Array.isArray(raw) && raw.length <= EXCHANGE_HEADERS_MAX && raw.every(isHeaderLine),
);
function isHeaderLine(raw: unknown): boolean {
  if (!Array.isArray(raw) || raw.length !== 2) return false;
  const [name, value] = raw as unknown[];
  return (
    typeof name === 'string' && name.length <= 100 && typeof value === 'string' && value.length <= EXCHANGE_VALUE_MAX
  );
}
/** A request and its answer, secrets masked: the last of its kind that a download had. */
export const Exchange = v.object({
  url: text(4 * EXCHANGE_VALUE_MAX),
  status: integer(),
  /** By which way it went: node-fetch, or the direct connection. */
  lane: v.picklist(['fetch', 'direct']),
  request: HeaderLines,
  response: HeaderLines,
});
export type Exchange = v.InferOutput<typeof Exchange>;

/** A download as a list shows it. URLs have their credentials masked. Speeds in bytes a second, times in ms since 1970. */
export const Row = v.object({
  id: DownloadId,
  url: v.string(),
  name: v.string(),
  host: v.string(),
  dir: v.string(),
  category: v.string(),
  status: Status,
  sizeBytes: v.nullable(number()),
  /** Bytes that have arrived; may be a little ahead of what is durable. */
  doneBytes: number(),
  bytesPerS: number(),
  connections: number(),
  /** Finished parts, at most 64 of them, merged for drawing. */
  segments: v.array(Extent),
  failure: v.nullable(Failure),
  /** Set while it waits on purpose: a server's Retry-After, a backoff, room on the disk. */
  waiting: v.nullable(v.object({ until: v.nullable(number()), reason: v.string() })),
  worker: v.nullable(number()),
  verified: v.boolean(),
  priority: Priority,
  position: number(),
  addedAt: number(),
  finishedAt: v.nullable(number()),
});
export type Row = v.InferOutput<typeof Row>;
