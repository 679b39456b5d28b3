// The model: what a download is, which states it has, and what is told of it.
import { z } from 'zod';
import { Failure } from './failure.ts';

export const DownloadId = z.number().int().positive();
export type DownloadId = z.infer<typeof DownloadId>;

export const Status = z.enum(['queued', 'running', 'paused', 'done', 'failed']);
export type Status = z.infer<typeof Status>;

/** Who of those in the queue goes first: each high one before each normal one, whatever their order. */
export const Priority = z.enum(['high', 'normal', 'low']);
export type Priority = z.infer<typeof Priority>;

/** A byte range of the file, `[start, end)`, in bytes. */
export const Extent = z.tuple([z.number().int().nonnegative(), z.number().int().positive()]);
export type Extent = z.infer<typeof Extent>;

/** Who brought which bytes of a file that has mirrors: `[source, start, end]`; 0 is its own URL, 1 its first mirror, and so on. */
export const Brought = z.tuple([z.number().int().nonnegative(), ...Extent.def.items]);
export type Brought = z.infer<typeof Brought>;

export const checksumAlgorithms = ['md5', 'sha1', 'sha256', 'sha512'] as const;
/** A checksum the content must have. `hex`, of the whole file, is lower case; without it the pieces say all. `pieces`: of consecutive pieces of `pieceBytes`. */
export const Checksum = z.object({
  algorithm: z.enum(checksumAlgorithms),
  hex: z
    .string()
    .regex(/^[0-9a-f]{32,128}$/)
    .optional(),
  pieces: z
    .object({
      algorithm: z.enum(checksumAlgorithms),
      pieceBytes: z.number().int().positive(),
      hex: z.array(z.string()),
    })
    .optional(),
});
export type Checksum = z.infer<typeof Checksum>;

/** More than any client takes of a header; it bounds what a worker can have kept and sent to others. */
export const HeaderText = z.string().max(100_000);

/** What the first answer with data said of the content; later answers are held against it (RFC 9110 8.8, 13.1.5). */
export const Validators = z.object({
  etag: HeaderText.nullable(),
  lastModified: HeaderText.nullable(),
  date: HeaderText.nullable(),
  /** Length of the whole file; null when the server does not tell. */
  totalBytes: z.number().int().nonnegative().nullable(),
  finalUrl: HeaderText,
  contentType: HeaderText.nullable(),
  /** Whether ranges were seen to work: true after a good 206, false after a 200 to a range. */
  ranges: z.boolean().nullable(),
  /** The mirror that said so, when it was not the download's own URL. */
  mirror: HeaderText.optional(),
  /** The checksum of the whole file that the server promised (RFC 9530, RFC 3230). */
  digest: Checksum.omit({ pieces: true }).optional(),
});
export type Validators = z.infer<typeof Validators>;

/** What holds for another address of the same content: the length. One server's tags and dates say nothing about another's. */
export function asMirrored(kept: Validators | null): Validators | null {
  return kept && { ...kept, etag: null, lastModified: null, date: null, ranges: null };
}

/** What a person asks for: one line of a list, understood. */
export const NewDownload = z.object({
  url: z.string().max(65_536),
  mirrors: z.array(z.string()).max(100).optional(),
  /** A name the person or the list chose; else it comes from the server or the URL. */
  name: z.string().optional(),
  checksum: Checksum.optional(),
  headers: z.record(z.string(), z.string()).optional(),
  limitBytesPerS: z.number().int().min(1024).optional(),
  /** The kind it is kept under; else its name tells. */
  category: z.string().min(1).max(60).optional(),
  /** How many connections it may open at most; else the setting says. */
  connections: z.number().int().min(1).max(32).optional(),
  priority: Priority.optional(),
});
export type NewDownload = z.infer<typeof NewDownload>;

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
export const EventKind = z.enum(eventKinds);
export type EventKind = z.infer<typeof EventKind>;

/** A line of a download's event log; the words are made by whoever shows it. */
export const DownloadEvent = z.object({
  at: z.number(),
  kind: EventKind,
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});
export type DownloadEvent = z.infer<typeof DownloadEvent>;

export const EXCHANGE_HEADERS_MAX = 60;
export const EXCHANGE_VALUE_MAX = 1000;
/** Comes with each file, so that one pass has to do. */
const HeaderLines = z.custom<[name: string, value: string][]>(
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
export const Exchange = z.object({
  url: z.string().max(4 * EXCHANGE_VALUE_MAX),
  status: z.number().int(),
  /** By which way it went: node-fetch, or the direct connection. */
  lane: z.enum(['fetch', 'direct']),
  request: HeaderLines,
  response: HeaderLines,
});
export type Exchange = z.infer<typeof Exchange>;

/** A download as a list shows it. URLs have their credentials masked. Speeds in bytes a second, times in ms since 1970. */
export const Row = z.object({
  id: DownloadId,
  url: z.string(),
  name: z.string(),
  host: z.string(),
  dir: z.string(),
  category: z.string(),
  status: Status,
  sizeBytes: z.number().nullable(),
  /** Bytes that have arrived; may be a little ahead of what is durable. */
  doneBytes: z.number(),
  bytesPerS: z.number(),
  connections: z.number(),
  /** Finished parts, at most 64 of them, merged for drawing. */
  segments: z.array(Extent),
  failure: Failure.nullable(),
  /** Set while it waits on purpose: a server's Retry-After, a backoff, room on the disk. */
  waiting: z.object({ until: z.number().nullable(), reason: z.string() }).nullable(),
  worker: z.number().nullable(),
  verified: z.boolean(),
  priority: Priority,
  position: z.number(),
  addedAt: z.number(),
  finishedAt: z.number().nullable(),
});
export type Row = z.infer<typeof Row>;
