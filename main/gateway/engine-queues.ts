// The engine's side of the Python door: its task queue and the results of its downloads, as Python programs see queues.
import type { Engine, Guest, Signal } from '../engine/engine.ts';
import { ApiError } from '../../shared/api.ts';
import type { Outcome, Task } from '../../shared/protocol.ts';
import type {
  LeaseOutcome,
  PutOutcome,
  PythonClient,
  PythonQueues,
  PythonResult,
  SettleOutcome,
  TakeOutcome,
  Wait,
} from './python-queues.ts';

/** Results that nobody takes are forgotten beyond this many, the oldest first. */
const RESULTS_KEPT = 10_000;

type Waiting<T> = (outcome: T) => void;

export class EngineQueues implements PythonQueues {
  readonly #engine: Engine;
  readonly #guests = new Map<number, { guest: Guest; waiting: Waiting<LeaseOutcome> | null }>();
  readonly #results: PythonResult[] = [];
  readonly #takers = new Set<Waiting<TakeOutcome>>();
  readonly #joiners = new Set<() => void>();
  readonly #stop: () => void;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#stop = engine.onSignal((signal) => this.#heard(signal));
  }

  close(): void {
    this.#stop();
  }

  putTask({ name }: PythonClient, url: string): PutOutcome {
    try {
      const { ids, rejected } = this.#engine.adding.addOrResume([{ text: url }], {
        dir: this.#engine.downloadDir,
        producer: `python ${name}`,
      });
      const [wrong] = rejected;
      if (wrong && ids.length === 0) return { kind: 'refused', why: wrong.message ?? 'This is no address.' };
      return { kind: 'ok' };
    } catch (error) {
      if (error instanceof ApiError) return { kind: 'refused', why: error.message };
      throw error;
    }
  }

  leaseTask(client: PythonClient, { timeoutMs, signal }: Wait): Promise<LeaseOutcome> {
    const entry = this.#entryOf(client);
    return waitFor<LeaseOutcome>(timeoutMs, signal, { kind: 'empty' }, (settle) => {
      entry.waiting = settle;
      entry.guest.want();
      return () => {
        entry.waiting = null;
        entry.guest.unwant();
      };
    });
  }

  settle(client: PythonClient, result: PythonResult): SettleOutcome {
    const own = this.#guests.get(client.id);
    const others = [...this.#guests.values()].filter((entry) => entry !== own);
    for (const { guest } of own ? [own, ...others] : others) {
      for (const task of guest.tasks.values()) {
        if (task.url === result.url && guest.settle(task.id, outcomeOf(task, result))) return { kind: 'ok' };
      }
    }
    return { kind: 'unknown' };
  }

  takeResult(_client: PythonClient, { timeoutMs, signal }: Wait): Promise<TakeOutcome> {
    const result = this.#results.shift();
    if (result) {
      this.#tellJoiners();
      return Promise.resolve({ kind: 'result', result });
    }
    return waitFor<TakeOutcome>(timeoutMs, signal, { kind: 'empty' }, (settle) => {
      this.#takers.add(settle);
      return () => this.#takers.delete(settle);
    });
  }

  size(queue: 'tasks' | 'results'): { depth: number; capacity: number | null } {
    const depth = queue === 'tasks' ? this.#engine.view.counts().queued : this.#results.length;
    return { depth, capacity: null };
  }

  join(queue: 'tasks' | 'results', signal: AbortSignal): Promise<void> {
    const over = () => (queue === 'tasks' ? this.#engine.idle : this.#results.length === 0);
    return new Promise((resolve, reject) => {
      const look = () => {
        if (!over()) return;
        this.#joiners.delete(look);
        signal.removeEventListener('abort', stop);
        resolve();
      };
      const stop = () => {
        this.#joiners.delete(look);
        reject(new Error('The caller is gone.'));
      };
      signal.addEventListener('abort', stop, { once: true });
      this.#joiners.add(look);
      look();
    });
  }

  giveBack(client: PythonClient): void {
    const entry = this.#guests.get(client.id);
    if (!entry) return;
    this.#guests.delete(client.id);
    entry.waiting?.({ kind: 'empty' });
    entry.guest.leave('the connection of the Python program ended');
  }

  #entryOf(client: PythonClient): { guest: Guest; waiting: Waiting<LeaseOutcome> | null } {
    const known = this.#guests.get(client.id);
    if (known) return known;
    const guest = this.#engine.admit({
      name: `${client.name} #${client.id}`,
      machine: client.address,
      kind: 'python',
      onTask: (task) => entry.waiting?.({ kind: 'task', url: task.url }),
    });
    const entry = { guest, waiting: null as Waiting<LeaseOutcome> | null };
    this.#guests.set(client.id, entry);
    return entry;
  }

  #heard(signal: Signal): void {
    if (signal.event === 'done') {
      const { url, path, sizeBytes, sha256 } = signal;
      this.#give({ url, outcome: 'success', path, sizeBytes, ...(sha256 === null ? {} : { sha256 }) });
    }
    if (signal.event === 'failed') {
      this.#give({ url: signal.url, outcome: 'failed', why: `${signal.code}: ${signal.message}` });
    }
    // The lease of a settled download is forgotten right after its signal.
    if (signal.event !== 'progress') setImmediate(() => this.#tellJoiners());
  }

  #give(result: PythonResult): void {
    const [taker] = this.#takers;
    if (taker) return taker({ kind: 'result', result });
    this.#results.push(result);
    if (this.#results.length > RESULTS_KEPT) this.#results.shift();
  }

  #tellJoiners(): void {
    for (const look of [...this.#joiners]) look();
  }
}

/** Waits until `begin`'s callback is called, the time is over or the signal fires; `begin` returns how to stop waiting. */
function waitFor<T>(
  timeoutMs: number | null,
  signal: AbortSignal,
  onTimeout: T,
  begin: (settle: (outcome: T) => void) => () => void,
): Promise<T> {
  return new Promise((resolve) => {
    let settled = false;
    let stop = () => {};
    let timer: NodeJS.Timeout | undefined;
    const settle = (outcome: T) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      stop();
      resolve(outcome);
    };
    const giveUp = () => settle(onTimeout);
    if (signal.aborted) return giveUp();
    const end = begin(settle);
    // What came at once was settled before there was anything to stop.
    if (settled) return end();
    stop = end;
    if (timeoutMs === 0) return giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    if (timeoutMs !== null) timer = setTimeout(giveUp, Math.min(timeoutMs, 2 ** 31 - 1));
  });
}

function outcomeOf(task: Task, result: PythonResult): Outcome {
  if (result.outcome === 'failed') {
    const message = result.why === '' ? 'The Python program that took it says that it failed.' : result.why;
    return { kind: 'failed', failure: { code: 'failed-elsewhere', message, retry: 'by-hand' }, extents: [] };
  }
  const { path = task.targetPath, sizeBytes = task.validators?.totalBytes ?? 0, sha256 = null } = result;
  return { kind: 'done', path, sizeBytes, sha256, verified: false };
}
