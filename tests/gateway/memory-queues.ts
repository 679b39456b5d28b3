// The Python door's queues in memory, with the leases and waits that the engine's have.
import type {
  LeaseOutcome,
  PythonClient,
  PythonQueues,
  PythonResult,
  PutOutcome,
  SettleOutcome,
  TakeOutcome,
  Wait,
} from '../../main/gateway/python/queues.ts';

export class MemoryQueues implements PythonQueues {
  readonly tasks: string[] = [];
  readonly results: PythonResult[] = [];
  readonly leases = new Map<string, PythonClient>();
  readonly gone: PythonClient[] = [];
  capacity: number | null = null;
  #changed: (() => void)[] = [];

  async putTask(_client: PythonClient, url: string, wait: Wait): Promise<PutOutcome> {
    if (!/^https?:/.test(url)) return { kind: 'refused', why: `${url} is no http or https URL` };
    const isFull = () => this.capacity !== null && this.tasks.length >= this.capacity;
    if (!(await this.#until(() => !isFull(), wait))) return { kind: 'full' };
    this.tasks.push(url);
    this.changed();
    return { kind: 'ok' };
  }

  async leaseTask(client: PythonClient, wait: Wait): Promise<LeaseOutcome> {
    if (!(await this.#until(() => this.tasks.length > 0, wait))) return { kind: 'empty' };
    const url = this.tasks.shift()!;
    this.leases.set(url, client);
    this.changed();
    return { kind: 'task', url };
  }

  settle(_client: PythonClient, result: PythonResult): SettleOutcome {
    if (!this.leases.delete(result.url)) return { kind: 'unknown' };
    this.results.push(result);
    this.changed();
    return { kind: 'ok' };
  }

  async takeResult(_client: PythonClient, wait: Wait): Promise<TakeOutcome> {
    if (!(await this.#until(() => this.results.length > 0, wait))) return { kind: 'empty' };
    return { kind: 'result', result: this.results.shift()! };
  }

  size(queue: 'tasks' | 'results') {
    return { depth: this[queue].length, capacity: queue === 'tasks' ? this.capacity : null };
  }

  async join(queue: 'tasks' | 'results', signal: AbortSignal): Promise<void> {
    const idle = () => this[queue].length === 0 && (queue === 'results' || this.leases.size === 0);
    if (!(await this.#until(idle, { signal }))) throw new Error('The caller is gone.');
  }

  giveBack(client: PythonClient): void {
    this.gone.push(client);
    for (const [url, holder] of this.leases) {
      if (holder !== client) continue;
      this.leases.delete(url);
      this.tasks.unshift(url);
    }
    this.changed();
  }

  /** Resolves once something is so. */
  async when(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#changed.push(resolve));
  }

  changed(): void {
    const woken = this.#changed;
    this.#changed = [];
    for (const wake of woken) wake();
  }

  async #until(condition: () => boolean, { timeoutMs, signal }: Wait): Promise<boolean> {
    if (condition()) return !signal.aborted;
    if (timeoutMs === 0) return false;
    let over = false;
    const stop = (): void => {
      over = true;
      this.changed();
    };
    const timer = timeoutMs === undefined ? undefined : setTimeout(stop, timeoutMs);
    signal.addEventListener('abort', stop, { once: true });
    await this.when(() => over || condition());
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    return !signal.aborted && condition();
  }
}
