// What the Python door needs of the engine: its two queues, as Python programs see them.

/** One thread of a Python program: a connection that calls methods. What it has leased belongs to it. */
export interface PythonClient {
  readonly id: number;
  /** As it calls itself: `MainProcess`, `Process-1|Thread-2`. */
  readonly name: string;
  readonly address: string;
}

/** How long a call may wait: without `timeoutMs` for ever, with 0 not at all. It stops when `signal` fires: the caller is gone. */
export interface Wait {
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
}

/** How a download ended, told by a Python program or to one. */
export type PythonResult =
  | {
      readonly url: string;
      readonly outcome: 'success';
      readonly path?: string;
      readonly sizeBytes?: number;
      readonly sha256?: string;
    }
  | { readonly url: string; readonly outcome: 'failed'; readonly why: string };

export type PutOutcome = { kind: 'ok' } | { kind: 'full' } | { kind: 'refused'; why: string };
export type LeaseOutcome = { kind: 'task'; url: string } | { kind: 'empty' };
export type TakeOutcome = { kind: 'result'; result: PythonResult } | { kind: 'empty' };
/**
 * `unknown`: nobody at the door holds a lease of this URL (any more), so the result counts for nothing. `wrong`: it contradicts
 * what is known of the download, and the lease stays open.
 */
export type SettleOutcome = { kind: 'ok' } | { kind: 'unknown' } | { kind: 'wrong'; why: string };

/** What is there already, or will be. */
export type Soon<T> = T | Promise<T>;

/** The engine's side of the door. Nothing here throws for what a Python program may do wrong. */
export interface PythonQueues {
  /** Adds a download. */
  putTask(client: PythonClient, url: string, wait: Wait): Soon<PutOutcome>;
  /** Leases the next task to the client. Nothing may be leased once `wait.signal` has fired. */
  leaseTask(client: PythonClient, wait: Wait): Soon<LeaseOutcome>;
  /** Settles a lease, the client's own before that of another client at the door. */
  settle(client: PythonClient, result: PythonResult): Soon<SettleOutcome>;
  /** Takes the result of a finished download; each is given out once. */
  takeResult(client: PythonClient, wait: Wait): Soon<TakeOutcome>;
  size(queue: 'tasks' | 'results'): { depth: number; capacity: number | null };
  /** Resolves when no task is waiting or leased (`tasks`), or no result is waiting (`results`); rejects when `signal` fires. */
  join(queue: 'tasks' | 'results', signal: AbortSignal): Promise<void>;
  /** The client is gone: what it has leased goes back to the queue. May be called more than once. */
  giveBack(client: PythonClient): void;
}
