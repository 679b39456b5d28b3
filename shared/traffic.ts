// What the tap tells of queues, pipes, workers and locks: counts, rates and the last messages.
import * as v from 'valibot';
import { number } from './schema.ts';

/** One end-to-end message as it was seen. `pipe` names the way it went: `engine > worker 2`. Secrets are masked. */
export const TapMessage = v.object({
  seq: number(),
  at: number(),
  pipe: v.string(),
  kind: v.string(),
  text: v.string(),
  sizeBytes: number(),
  downloadId: v.nullable(number()),
});
export type TapMessage = v.InferOutput<typeof TapMessage>;

export const QueueState = v.object({
  depth: number(),
  capacity: v.nullable(number()),
  puts: number(),
  gets: number(),
  putsPerS: number(),
  getsPerS: number(),
  waitingGetters: number(),
  waitingPutters: number(),
});
export type QueueState = v.InferOutput<typeof QueueState>;

/** A pool of threads: how many there are, how many of them work, and how many jobs wait for one. */
export const ThreadCounts = v.object({ threads: number(), busy: number(), waiting: number() });
export type ThreadCounts = v.InferOutput<typeof ThreadCounts>;

export const WorkerState = v.object({
  id: number(),
  pid: number(),
  machine: v.string(),
  kind: v.picklist(['local', 'remote', 'python']),
  /** What it runs on, `node 24.1.0`; empty when it has not said. */
  runtime: v.string(),
  /** When it was last heard. */
  seenAt: number(),
  state: v.picklist(['starting', 'ready', 'stopping', 'gone']),
  slots: number(),
  leases: v.array(v.object({ id: number(), epoch: number(), ageMs: number() })),
  bytesPerS: number(),
  rssBytes: number(),
  cpuPercent: number(),
  loopDelayMs: number(),
  inPerS: number(),
  outPerS: number(),
});
export type WorkerState = v.InferOutput<typeof WorkerState>;

export const Traffic = v.object({
  at: number(),
  producers: v.array(v.object({ name: v.string(), puts: number(), putsPerS: number() })),
  taskQueue: QueueState,
  resultQueue: QueueState,
  workers: v.array(WorkerState),
  store: v.object({ transactionsPerS: number(), busyPercent: number() }),
  locks: v.array(v.object({ key: v.string(), holder: v.string(), depth: number(), waiters: number() })),
  /** The connections that each host in use allows: a lock of so many places. `waiters`: those among the next in the queue. */
  hosts: v.array(
    v.object({
      host: v.string(),
      used: number(),
      places: number(),
      holders: v.array(v.string()),
      waiters: number(),
    }),
  ),
  /**
   * The pools of threads that hash: of a worker, by its name; `finished` files, in the background; files `sent back`. Only
   * those that have threads.
   */
  threads: v.array(v.object({ ...ThreadCounts.entries, name: v.string() })),
  messagesPerS: number(),
  /** The newest messages, oldest first: at most 500, and before these the last 50 of each pipe. */
  messages: v.array(TapMessage),
});
export type Traffic = v.InferOutput<typeof Traffic>;
