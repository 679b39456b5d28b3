// What the tap tells of queues, pipes, workers and locks: counts, rates and the last messages.
import { z } from 'zod';

/** One end-to-end message as it was seen. `pipe` names the way it went: `engine > worker 2`. Secrets are masked. */
export const TapMessage = z.object({
  seq: z.number(),
  at: z.number(),
  pipe: z.string(),
  kind: z.string(),
  text: z.string(),
  sizeBytes: z.number(),
  downloadId: z.number().nullable(),
});
export type TapMessage = z.infer<typeof TapMessage>;

export const QueueState = z.object({
  depth: z.number(),
  capacity: z.number().nullable(),
  puts: z.number(),
  gets: z.number(),
  putsPerS: z.number(),
  getsPerS: z.number(),
  waitingGetters: z.number(),
  waitingPutters: z.number(),
});
export type QueueState = z.infer<typeof QueueState>;

/** A pool of threads: how many there are, how many of them work, and how many jobs wait for one. */
export const ThreadCounts = z.object({ threads: z.number(), busy: z.number(), waiting: z.number() });
export type ThreadCounts = z.infer<typeof ThreadCounts>;

export const WorkerState = z.object({
  id: z.number(),
  pid: z.number(),
  machine: z.string(),
  kind: z.enum(['local', 'remote', 'python']),
  /** What it runs on, `node 24.1.0`; empty when it has not said. */
  runtime: z.string(),
  /** When it was last heard. */
  seenAt: z.number(),
  state: z.enum(['starting', 'ready', 'stopping', 'gone']),
  slots: z.number(),
  leases: z.array(z.object({ id: z.number(), epoch: z.number(), ageMs: z.number() })),
  bytesPerS: z.number(),
  rssBytes: z.number(),
  cpuPercent: z.number(),
  loopDelayMs: z.number(),
  inPerS: z.number(),
  outPerS: z.number(),
});
export type WorkerState = z.infer<typeof WorkerState>;

export const Traffic = z.object({
  at: z.number(),
  producers: z.array(z.object({ name: z.string(), puts: z.number(), putsPerS: z.number() })),
  taskQueue: QueueState,
  resultQueue: QueueState,
  workers: z.array(WorkerState),
  store: z.object({ transactionsPerS: z.number(), busyPercent: z.number() }),
  locks: z.array(z.object({ key: z.string(), holder: z.string(), depth: z.number(), waiters: z.number() })),
  /** The connections that each host in use allows: a lock of so many places. `waiters`: those among the next in the queue. */
  hosts: z.array(
    z.object({
      host: z.string(),
      used: z.number(),
      places: z.number(),
      holders: z.array(z.string()),
      waiters: z.number(),
    }),
  ),
  /**
   * The pools of threads that hash: of a worker, by its name; `finished` files, in the background; files `sent back`. Only
   * those that have threads.
   */
  threads: z.array(ThreadCounts.extend({ name: z.string() })),
  messagesPerS: z.number(),
  /** The newest messages, oldest first: at most 500, and before these the last 50 of each pipe. */
  messages: z.array(TapMessage),
});
export type Traffic = z.infer<typeof Traffic>;
