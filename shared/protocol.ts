// The contract between the engine and a worker, the same over every Port.
import { z } from 'zod';
import { Brought, Checksum, DownloadId, EventKind, Exchange, Extent, HeaderText, Validators } from './download.ts';
import { Failure } from './failure.ts';
import { ThreadCounts } from './traffic.ts';

/** What an unfinished file's name ends with, and no other's. */
export const PART_SUFFIX = '.sluice-part';
/** What follows that in the name of a second one beside it, for content that is newer. */
export const RIVAL_SUFFIX = '.new';

const Epoch = z.number().int().positive();
const lease = { id: DownloadId, epoch: Epoch };

/** Of one file, in one message. */
const RANGES_MAX = 20_000;
/** More than any worker has room for. */
const SLOTS_MAX = 1024;

/** What a worker has: sorted, not empty, no byte twice. Comes often and in any size, so that one pass has to do. */
const Durable = z.custom<Extent[]>((raw) => {
  let at = 0;
  return areRanges(raw, 2, ([start, end]) => {
    const follows = start! >= at;
    at = end!;
    return follows;
  });
});
const BroughtNow = z.custom<Brought[]>((raw) => areRanges(raw, 3, ([source]) => source! >= 0));

/** Whether these are tuples of so many whole numbers, the last two of them a range; `also`: what else holds for each. */
function areRanges(raw: unknown, length: number, also: (range: number[]) => boolean): boolean {
  if (!Array.isArray(raw) || raw.length > RANGES_MAX) return false;
  return raw.every((range: unknown) => {
    if (!Array.isArray(range) || range.length !== length || !range.every(Number.isSafeInteger)) return false;
    const [start, end] = range.slice(-2) as [number, number];
    return start >= 0 && start < end && also(range as number[]);
  });
}

export const Lane = z.enum(['auto', 'fetch', 'direct']);
export type Lane = z.infer<typeof Lane>;

/** One download as a worker leases it. `epoch` grows with each lease of the same download. */
export const Task = z.object({
  ...lease,
  url: z.string(),
  mirrors: z.array(z.string()),
  /** Absolute path of the unfinished file; never changes while the download lives. */
  partPath: z.string(),
  /** Where the worker notes what it has written, for when only the process dies; null: nowhere. */
  notePath: z.string().nullable(),
  /** Absolute path it gets at the end, as reserved so far; `target` may change it. */
  targetPath: z.string(),
  /** `given`: the name stays. `from-url`: unless the server gives another. `open`: the engine must see the answer first. */
  naming: z.enum(['given', 'from-url', 'open']),
  /** Durable ranges of the part file, sorted, not touching. */
  extents: z.array(Extent),
  /** Who brought them, as far as that is known: what a mirror brought goes with it when it turns out to be bad. */
  brought: z.array(Brought).optional(),
  validators: Validators.nullable(),
  headers: z.record(z.string(), z.string()),
  checksum: Checksum.nullable(),
  /** Whether to tell the SHA-256 of the finished file. */
  hash: z.boolean(),
  /** How many connections it may open at most. */
  connections: z.number().int().min(1).max(64),
  /** How many of them at most at a mirror's host, by host; what is not here: as many. None: it is for when the others fail. */
  mirrorConnections: z.record(z.string(), z.number().int().nonnegative()).optional(),
  limitBytesPerS: z.number().positive().nullable(),
});
export type Task = z.infer<typeof Task>;

/** Whether an answer can change the name: then the worker waits for a `target` before it finishes, and the engine sends one. */
export function needsTarget(
  naming: Task['naming'],
  url: string,
  probed: { validators: Validators; contentDisposition: string | null },
): boolean {
  if (naming === 'given') return false;
  return naming === 'open' || probed.contentDisposition !== null || probed.validators.finalUrl !== url;
}

/** What holds for requests to a host (see `ruleFor`). */
export const HostWays = z.object({
  host: z.string(),
  /** Referrer and credentials among them. */
  headers: z.record(z.string(), z.string()),
  /** The text of a cookies.txt. */
  cookies: z.string().nullable(),
  /** Its certificate is not checked, by a person's explicit choice. */
  insecure: z.boolean(),
});
export type HostWays = z.infer<typeof HostWays>;

/** How workers transfer; the same for all tasks. */
export const TransferSettings = z.object({
  lane: Lane,
  maxRetries: z.number().int().nonnegative(),
  connectTimeoutMs: z.number().positive(),
  idleTimeoutMs: z.number().positive(),
  allowInsecureRedirect: z.boolean(),
  userAgent: z.string(),
  proxy: z.string().nullable(),
  /** Hosts that are reached without a proxy, as in `NO_PROXY`. */
  noProxy: z.string(),
  /** PEM text of extra certificate authorities. */
  extraCa: z.string().nullable(),
  /** The text of a cookies.txt for all hosts. */
  cookies: z.string().nullable(),
  hosts: z.array(HostWays),
});
export type TransferSettings = z.infer<typeof TransferSettings>;

/** One worker's shares of the speed limits in bytes a second: of that for all downloads, and of those in rules, by their host. */
export const SpeedShares = z.object({
  all: z.number().positive().nullable(),
  hosts: z.record(z.string(), z.number().positive()),
});
export type SpeedShares = z.infer<typeof SpeedShares>;

/** The limits of which a download's worker has only a share. */
export const SharedLimit = z.enum(['all', 'host']);
export type SharedLimit = z.infer<typeof SharedLimit>;

export const ToWorker = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('welcome'), protocol: z.number(), settings: TransferSettings }),
  z.object({ kind: z.literal('tasks'), tasks: z.array(Task) }),
  /** Each begins when one of the same host is done, in its place and with its connections; until then it waits, unspent. */
  z.object({ kind: z.literal('ahead'), tasks: z.array(Task) }),
  /** Where the finished file goes, in answer to `probed` and `target-taken`. */
  z.object({ kind: z.literal('target'), ...lease, path: z.string() }),
  /** Stop, flush, answer with a `released` result. */
  z.object({ kind: z.literal('cancel'), ...lease }),
  /** The engine has written down that these are done: their part files are not needed any more. */
  z.object({ kind: z.literal('settled'), ids: z.array(DownloadId) }),
  z.object({ kind: z.literal('settings'), settings: TransferSettings }),
  z.object({ kind: z.literal('shares'), shares: SpeedShares }),
  z.object({ kind: z.literal('limit'), ...lease, limitBytesPerS: z.number().positive().nullable() }),
  /** How many connections a task may have from now on. */
  z.object({ kind: z.literal('connections'), ...lease, connections: z.number().int().min(1).max(64) }),
  z.object({ kind: z.literal('ping') }),
  /** Release everything durably and leave. */
  z.object({ kind: z.literal('stop') }),
]);
export type ToWorker = z.infer<typeof ToWorker>;

export const Outcome = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('done'),
    path: z.string(),
    sizeBytes: z.number().int().nonnegative(),
    sha256: z.string().nullable(),
    /** A given checksum was compared and is equal. */
    verified: z.boolean(),
    /** False: the file ends where the connection did, and nothing says that this was its end. */
    endTold: z.boolean().optional(),
    /** It came back from a worker elsewhere and stands in the download's folder here; only the gateway says so. */
    sentBack: z.boolean().optional(),
  }),
  z.object({ kind: z.literal('failed'), failure: Failure, extents: Durable }),
  z.object({ kind: z.literal('released'), extents: Durable }),
]);
export type Outcome = z.infer<typeof Outcome>;

export const FromWorker = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('hello'),
    protocol: z.number(),
    pid: z.number(),
    machine: z.string(),
    runtime: z.string(),
    /** Of its Sluice. */
    version: z.string().max(100).optional(),
    /** How many tasks it will run at once. */
    slots: z.number().int().positive().max(SLOTS_MAX),
    /** How many more it will hold ahead of time; left out: none. */
    ahead: z.number().int().nonnegative().optional(),
  }),
  /** It has room for `count` more tasks. */
  z.object({ kind: z.literal('get'), count: z.number().int().positive().max(SLOTS_MAX) }),
  /** The first answer with data: what the engine needs to keep it resumable and to name it (see `needsTarget`). */
  z.object({
    kind: z.literal('probed'),
    ...lease,
    validators: Validators,
    contentDisposition: HeaderText.nullable(),
  }),
  /** The whole of what is durable now. Sent only after fdatasync. */
  z.object({ kind: z.literal('saved'), ...lease, extents: Durable, brought: BroughtNow.optional() }),
  z.object({
    kind: z.literal('progress'),
    downloads: z.array(
      z.object({
        ...lease,
        receivedBytes: z.number().nonnegative(),
        bytesPerS: z.number().nonnegative(),
        connections: z.number().int().nonnegative(),
        /** Which shares it has waited for most of the time since the last report; left out: not known yet. */
        heldBy: z.array(SharedLimit).optional(),
      }),
    ),
  }),
  z.object({
    kind: z.literal('event'),
    ...lease,
    event: EventKind,
    detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  }),
  /** A server's first answer, and each one with another status than the one before. */
  z.object({ kind: z.literal('exchange'), ...lease, exchange: Exchange }),
  /** Waiting on purpose (`retry`: Retry-After, backoff; `place`: for one at the host) until a time, if that is known; null when over. */
  z.object({
    kind: z.literal('waiting'),
    ...lease,
    wait: z.object({ until: z.number().nullable(), reason: z.enum(['retry', 'place']) }).nullable(),
  }),
  /** The host took no more than `connections` at once. */
  z.object({ kind: z.literal('host-cap'), host: z.string(), connections: z.number().int().min(1) }),
  /** The final name exists already on the disk; asks for another `target`. */
  z.object({ kind: z.literal('target-taken'), ...lease }),
  /** `next`: which of those that waited ahead has begun in its place, and with how many connections. */
  z.object({
    kind: z.literal('result'),
    ...lease,
    outcome: Outcome,
    next: z.object({ ...lease, connections: z.number().int().min(1).max(64) }).optional(),
  }),
  /** Once a second: how the process is. */
  z.object({
    kind: z.literal('vitals'),
    rssBytes: z.number(),
    cpuMs: z.number(),
    loopDelayMs: z.number(),
    /** Of its threads that hash; left out: it has none. */
    threads: ThreadCounts.optional(),
  }),
  z.object({ kind: z.literal('pong') }),
]);
export type FromWorker = z.infer<typeof FromWorker>;
