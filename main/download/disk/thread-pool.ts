// A pool of threads for work that burns processor time, so that no event loop stalls: apply, map, close, join, terminate.
import os from 'node:os';
import { parentPort, Worker } from 'node:worker_threads';
import type { ThreadCounts } from '../../../shared/traffic.ts';

type Job<A> = { arg: A; resolve: (result: never) => void; reject: (error: Error) => void };
type Answer = { result: unknown } | { error: string; code: string | undefined };

/** Threads that each do one job at a time; more jobs than threads wait, in order. */
export class ThreadPool<A, R> {
  readonly #entry: string | URL;
  readonly #processes: number;
  readonly #idle: Worker[] = [];
  readonly #busy = new Map<Worker, Job<A>>();
  readonly #waiting: Job<A>[] = [];
  #joiners: (() => void)[] = [];
  #closed = false;

  /** `entry`: a script that calls `serveThread`. `processes`: how many at most, default one a core; each starts when it is needed. */
  constructor(entry: string | URL, processes = os.cpus().length) {
    this.#entry = entry;
    this.#processes = Math.max(1, processes);
  }

  /** How many threads there are, how many of them work, and how many jobs wait for one. */
  state(): ThreadCounts {
    return {
      threads: this.#idle.length + this.#busy.size,
      busy: this.#busy.size,
      waiting: this.#waiting.length,
    };
  }

  /** Has `arg` worked on in a thread. Rejects with what that threw (its message and code), or when its thread or the pool ended. */
  apply(arg: A): Promise<R> {
    if (this.#closed) return Promise.reject(new Error('The pool is closed.'));
    return new Promise<R>((resolve, reject) => {
      this.#waiting.push({ arg, resolve, reject });
      this.#fill();
    });
  }

  /** The results in the order of the arguments. Rejects with the first failure; the other jobs go on. */
  map(args: readonly A[]): Promise<R[]> {
    return Promise.all(args.map((arg) => this.apply(arg)));
  }

  /** Takes no further jobs; those that it has are done, then the threads end. */
  close(): void {
    this.#closed = true;
    this.#endWhenDone();
  }

  /** Resolves when a closed pool has done everything and its threads have ended. */
  join(): Promise<void> {
    if (!this.#closed) throw new Error('A pool is closed before it is joined.');
    return new Promise((resolve) => {
      this.#joiners.push(resolve);
      this.#endWhenDone();
    });
  }

  /** Ends at once; jobs that are not done reject. */
  async terminate(): Promise<void> {
    this.#closed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(new Error('The pool was terminated.'));
    await Promise.all([...this.#busy.keys(), ...this.#idle].map((thread) => thread.terminate()));
    this.#endWhenDone();
  }

  #fill(): void {
    while (this.#waiting.length > 0) {
      const thread = this.#idle.pop() ?? (this.#busy.size < this.#processes ? this.#start() : null);
      if (!thread) return;
      const job = this.#waiting.shift()!;
      this.#busy.set(thread, job);
      thread.ref();
      thread.postMessage(job.arg);
    }
  }

  #start(): Worker {
    const thread = new Worker(this.#entry);
    thread.on('message', (answer: Answer) => {
      const job = this.#busy.get(thread);
      this.#busy.delete(thread);
      // A thread without work keeps no process alive.
      thread.unref();
      this.#idle.push(thread);
      if ('result' in answer) job?.resolve(answer.result as never);
      else job?.reject(Object.assign(new Error(answer.error), { code: answer.code }));
      this.#fill();
      this.#endWhenDone();
    });
    const lost = (cause: unknown): void => {
      const job = this.#busy.get(thread);
      this.#busy.delete(thread);
      if (this.#idle.includes(thread)) this.#idle.splice(this.#idle.indexOf(thread), 1);
      job?.reject(new Error('The thread that worked on it ended.', { cause }));
      this.#fill();
      this.#endWhenDone();
    };
    thread.on('error', lost);
    thread.on('exit', lost);
    return thread;
  }

  #endWhenDone(): void {
    if (!this.#closed || this.#waiting.length > 0 || this.#busy.size > 0) return;
    for (const thread of this.#idle) void thread.terminate();
    if (this.#idle.length > 0) return;
    for (const joined of this.#joiners.splice(0)) joined();
  }
}

/** In the thread's script: works on each job that comes. What it throws is told with its code. */
export function serveThread<A, R>(work: (arg: A) => R | Promise<R>): void {
  parentPort?.on('message', (arg: A) => {
    const answer = (what: Answer) => parentPort?.postMessage(what);
    new Promise<R>((resolve) => resolve(work(arg))).then(
      (result) => answer({ result }),
      (error: NodeJS.ErrnoException) => answer({ error: error.message, code: error.code }),
    );
  });
}
