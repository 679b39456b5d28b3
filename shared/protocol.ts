// The contract between the engine and a worker, the same over every Port.
import * as v from 'valibot';
import { integer, number, positive, text } from './schema.ts';
import { Brought, Checksum, DownloadId, EventKind, Exchange, Extent, HeaderText, Validators } from './download.ts';
import { Failure } from './failure.ts';
import { ThreadCounts } from './traffic.ts';

/** What an unfinished file's name ends with, and no other's. */
export const PART_SUFFIX = '.sluice-part';
/** What follows that in the name of a second one beside it, for content that is newer. */
export const RIVAL_SUFFIX = '.new';

const Epoch = integer(1);
const lease = { id: DownloadId, epoch: Epoch };

/** Of one file, in one message. */
const RANGES_MAX = 20_000;
/** More than any worker has room for. */
const SLOTS_MAX = 1024;

/** What a worker has: sorted, not empty, no byte twice. Comes often and in any size, so that one pass has to do. */
const Durable = v.custom<Extent[]>((raw) => {
  let at = 0;
  return areRanges(raw, 2, ([start, end]) => {
    const follows = start! >= at;
    at = end!;
    return follows;
  });
});
const BroughtNow = v.custom<Brought[]>((raw) => areRanges(raw, 3, ([source]) => source! >= 0));

/** Whether these are tuples of so many whole numbers, the last two of them a range; `also`: what else holds for each. */
function areRanges(raw: unknown, length: number, also: (range: number[]) => boolean): boolean {
  if (!Array.isArray(raw) || raw.length > RANGES_MAX) return false;
  return raw.every((range: unknown) => {
    if (!Array.isArray(range) || range.length !== length || !range.every(Number.isSafeInteger)) return false;
    const [start, end] = range.slice(-2) as [number, number];
    return start >= 0 && start < end && also(range as number[]);
  });
}

export const Lane = v.picklist(['auto', 'fetch', 'direct']);
export type Lane = v.InferOutput<typeof Lane>;

/** One download as a worker leases it. `epoch` grows with each lease of the same download. */
export const Task = v.object({
  ...lease,
  url: v.string(),
  mirrors: v.array(v.string()),
  /** Absolute path of the unfinished file; never changes while the download lives. */
  partPath: v.string(),
  /** Where the worker notes what it has written, for when only the process dies; null: nowhere. */
  notePath: v.nullable(v.string()),
  /** Absolute path it gets at the end, as reserved so far; `target` may change it. */
  targetPath: v.string(),
  /** `given`: the name stays. `from-url`: unless the server gives another. `open`: the engine must see the answer first. */
  naming: v.picklist(['given', 'from-url', 'open']),
  /** Durable ranges of the part file, sorted, not touching. */
  extents: v.array(Extent),
  /** Who brought them, as far as that is known: what a mirror brought goes with it when it turns out to be bad. */
  brought: v.optional(v.array(Brought)),
  validators: v.nullable(Validators),
  headers: v.record(v.string(), v.string()),
  checksum: v.nullable(Checksum),
  /** Whether to tell the SHA-256 of the finished file. */
  hash: v.boolean(),
  /** How many connections it may open at most. */
  connections: integer(1, 64),
  /** How many of them at most at a mirror's host, by host; what is not here: as many. None: it is for when the others fail. */
  mirrorConnections: v.optional(v.record(v.string(), integer(0))),
  limitBytesPerS: v.nullable(positive()),
});
export type Task = v.InferOutput<typeof Task>;

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
export const HostWays = v.object({
  host: v.string(),
  /** Referrer and credentials among them. */
  headers: v.record(v.string(), v.string()),
  /** The text of a cookies.txt. */
  cookies: v.nullable(v.string()),
  /** Its certificate is not checked, by a person's explicit choice. */
  insecure: v.boolean(),
});
export type HostWays = v.InferOutput<typeof HostWays>;

/** How workers transfer; the same for all tasks. */
export const TransferSettings = v.object({
  lane: Lane,
  maxRetries: integer(0),
  connectTimeoutMs: positive(),
  idleTimeoutMs: positive(),
  allowInsecureRedirect: v.boolean(),
  userAgent: v.string(),
  proxy: v.nullable(v.string()),
  /** Hosts that are reached without a proxy, as in `NO_PROXY`. */
  noProxy: v.string(),
  /** PEM text of extra certificate authorities. */
  extraCa: v.nullable(v.string()),
  /** The text of a cookies.txt for all hosts. */
  cookies: v.nullable(v.string()),
  hosts: v.array(HostWays),
});
export type TransferSettings = v.InferOutput<typeof TransferSettings>;

/** One worker's shares of the speed limits in bytes a second: of that for all downloads, and of those in rules, by their host. */
export const SpeedShares = v.object({
  all: v.nullable(positive()),
  hosts: v.record(v.string(), positive()),
});
export type SpeedShares = v.InferOutput<typeof SpeedShares>;

/** The limits of which a download's worker has only a share. */
export const SharedLimit = v.picklist(['all', 'host']);
export type SharedLimit = v.InferOutput<typeof SharedLimit>;

export const ToWorker = v.variant('kind', [
  v.object({ kind: v.literal('welcome'), protocol: number(), settings: TransferSettings }),
  v.object({ kind: v.literal('tasks'), tasks: v.array(Task) }),
  /** Each begins when one of the same host is done, in its place and with its connections; until then it waits, unspent. */
  v.object({ kind: v.literal('ahead'), tasks: v.array(Task) }),
  /** Where the finished file goes, in answer to `probed` and `target-taken`. */
  v.object({ kind: v.literal('target'), ...lease, path: v.string() }),
  /** Stop, flush, answer with a `released` result. */
  v.object({ kind: v.literal('cancel'), ...lease }),
  /** The engine has written down that these are done: their part files are not needed any more. */
  v.object({ kind: v.literal('settled'), ids: v.array(DownloadId) }),
  v.object({ kind: v.literal('settings'), settings: TransferSettings }),
  v.object({ kind: v.literal('shares'), shares: SpeedShares }),
  v.object({ kind: v.literal('limit'), ...lease, limitBytesPerS: v.nullable(positive()) }),
  /** How many connections a task may have from now on. */
  v.object({ kind: v.literal('connections'), ...lease, connections: integer(1, 64) }),
  v.object({ kind: v.literal('ping') }),
  /** Release everything durably and leave. */
  v.object({ kind: v.literal('stop') }),
]);
export type ToWorker = v.InferOutput<typeof ToWorker>;

export const Outcome = v.variant('kind', [
  v.object({
    kind: v.literal('done'),
    path: v.string(),
    sizeBytes: integer(0),
    sha256: v.nullable(v.string()),
    /** A given checksum was compared and is equal. */
    verified: v.boolean(),
    /** False: the file ends where the connection did, and nothing says that this was its end. */
    endTold: v.optional(v.boolean()),
    /** It came back from a worker elsewhere and stands in the download's folder here; only the gateway says so. */
    sentBack: v.optional(v.boolean()),
  }),
  v.object({ kind: v.literal('failed'), failure: Failure, extents: Durable }),
  v.object({ kind: v.literal('released'), extents: Durable }),
]);
export type Outcome = v.InferOutput<typeof Outcome>;

export const FromWorker = v.variant('kind', [
  v.object({
    kind: v.literal('hello'),
    protocol: number(),
    pid: number(),
    machine: v.string(),
    runtime: v.string(),
    /** Of its Sluice. */
    version: v.optional(text(100)),
    /** How many tasks it will run at once. */
    slots: integer(1, SLOTS_MAX),
    /** How many more it will hold ahead of time; left out: none. */
    ahead: v.optional(integer(0)),
  }),
  /** It has room for `count` more tasks. */
  v.object({ kind: v.literal('get'), count: integer(1, SLOTS_MAX) }),
  /** The first answer with data: what the engine needs to keep it resumable and to name it (see `needsTarget`). */
  v.object({
    kind: v.literal('probed'),
    ...lease,
    validators: Validators,
    contentDisposition: v.nullable(HeaderText),
  }),
  /** The whole of what is durable now. Sent only after fdatasync. */
  v.object({ kind: v.literal('saved'), ...lease, extents: Durable, brought: v.optional(BroughtNow) }),
  v.object({
    kind: v.literal('progress'),
    downloads: v.array(
      v.object({
        ...lease,
        receivedBytes: number(0),
        bytesPerS: number(0),
        connections: integer(0),
        /** Which shares it has waited for most of the time since the last report; left out: not known yet. */
        heldBy: v.optional(v.array(SharedLimit)),
      }),
    ),
  }),
  v.object({
    kind: v.literal('event'),
    ...lease,
    event: EventKind,
    detail: v.record(v.string(), v.union([v.string(), number(), v.boolean(), v.null()])),
  }),
  /** A server's first answer, and each one with another status than the one before. */
  v.object({ kind: v.literal('exchange'), ...lease, exchange: Exchange }),
  /** Waiting on purpose (`retry`: Retry-After, backoff; `place`: for one at the host) until a time, if that is known; null when over. */
  v.object({
    kind: v.literal('waiting'),
    ...lease,
    wait: v.nullable(v.object({ until: v.nullable(number()), reason: v.picklist(['retry', 'place']) })),
  }),
  /** The host took no more than `connections` at once. */
  v.object({ kind: v.literal('host-cap'), host: v.string(), connections: integer(1) }),
  /** The final name exists already on the disk; asks for another `target`. */
  v.object({ kind: v.literal('target-taken'), ...lease }),
  /** `next`: which of those that waited ahead has begun in its place, and with how many connections. */
  v.object({
    kind: v.literal('result'),
    ...lease,
    outcome: Outcome,
    next: v.optional(v.object({ ...lease, connections: integer(1, 64) })),
  }),
  /** Once a second: how the process is. */
  v.object({
    kind: v.literal('vitals'),
    rssBytes: number(),
    cpuMs: number(),
    loopDelayMs: number(),
    /** Of its threads that hash; left out: it has none. */
    threads: v.optional(ThreadCounts),
  }),
  v.object({ kind: v.literal('pong') }),
]);
export type FromWorker = v.InferOutput<typeof FromWorker>;
