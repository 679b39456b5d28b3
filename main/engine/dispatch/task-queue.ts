// The task queue as its users know it, in five words. Behind them stands the list; a queue on a server could stand there, too.
import type { DownloadId } from '../../../shared/download.ts';
import type { FromWorker } from '../../../shared/protocol.ts';
import type { Holder } from './lease.ts';
import type { WaitOptions } from './queue.ts';
import type { Signal } from '../signal.ts';
import type { Prepared } from '../store/store.ts';

/** `empty`: not all that was asked for came in time; `closed`: there will be nothing any more. */
export type LeaseOutcome = 'leased' | 'empty' | 'closed';
export type Settlement = Extract<FromWorker, { kind: 'result' }>;
/** What a holder says of a lease while it has it, its last word aside. */
export type Renewal = Exclude<FromWorker, { kind: 'hello' | 'vitals' | 'pong' | 'get' | 'result' }>;

export interface TaskQueue {
  /** Adds tasks and resolves with their ids, in order, once they are durable. Rejects when they could not be kept. */
  put(tasks: readonly Prepared[]): Promise<DownloadId[]>;
  /**
   * Asks for `count` tasks. They go to the holder's `send`, each under a new epoch and to nobody else; `leased` once all of
   * them have. They come back when the holder is gone.
   */
  lease(holder: Holder, count: number, wait?: WaitOptions): Promise<LeaseOutcome>;
  /** What a holder has to say of leases that it has: where they live by the clock, they live on. Of any other it is passed over. */
  renew(holder: Holder, report: Renewal): void;
  /** The last word about a lease. Resolves once it is durable: true when it counted, false when the lease was the holder's no more. */
  settle(holder: Holder, result: Settlement): Promise<boolean>;
  /** Tells what becomes of tasks, each time after it is durable. Returns how to stop. */
  watch(listener: (signal: Signal) => void): () => void;
}
