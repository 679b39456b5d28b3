// The engine's side of the Python door: its task queue and the results of its downloads, as Python programs see queues.
import { fail } from '../../../shared/failure.ts';
import { Queue, type Engine, type Guest, type Signal } from '../../engine/engine.ts';
import type { Outcome, Task } from '../../../shared/protocol.ts';
import { because } from '../../../shared/why.ts';
import { AskedTexts, resultOf } from './asked-texts.ts';
import type {
  LeaseOutcome,
  PutOutcome,
  PythonClient,
  PythonQueues,
  PythonResult,
  SettleOutcome,
  TakeOutcome,
  Wait,
} from './queues.ts';

/** Results that nobody takes are forgotten beyond this many, the oldest first. */
const RESULTS_KEPT = 10_000;

/** Results wait in memory alone: those that nobody has taken are gone when the door shuts or the program ends. */
export class EngineQueues implements PythonQueues {
  readonly #engine: Engine;
  readonly #guests = new Map<number, Guest>();
  readonly #asked: AskedTexts;
  readonly #results = new Queue<PythonResult>({ capacity: RESULTS_KEPT, now: Date.now });
  readonly #joiners = new Set<() => void>();
  readonly #stops: (() => void)[];
  readonly #onLoss: (why: string) => void;
  #losing = false;

  /** `onLoss` is told when results begin to be forgotten because nobody takes them. */
  constructor(engine: Engine, onLoss: (why: string) => void) {
    this.#engine = engine;
    this.#onLoss = onLoss;
    this.#asked = new AskedTexts(engine, (result) => this.#give(result));
    this.#stops = [engine.queue.watch((signal) => this.#heard(signal)), engine.guests.open(this.#results)];
  }

  close(): void {
    for (const stop of this.#stops) stop();
    this.#results.close();
  }

  async putTask({ name }: PythonClient, url: string): Promise<PutOutcome> {
    const why = await this.#asked.add(url, `python ${name}`);
    return why === null ? { kind: 'ok' } : { kind: 'refused', why };
  }

  async leaseTask(client: PythonClient, wait: Wait): Promise<LeaseOutcome> {
    const task = await this.#guestOf(client).lease(wait);
    return task ? { kind: 'task', url: task.url } : { kind: 'empty' };
  }

  async settle(client: PythonClient, result: PythonResult): Promise<SettleOutcome> {
    const own = this.#guests.get(client.id);
    const others = [...this.#guests.values()].filter((guest) => guest !== own);
    for (const guest of own ? [own, ...others] : others) {
      for (const task of guest.tasks.values()) {
        if (task.url !== result.url) continue;
        const why = contradiction(task, result);
        if (why !== null) return { kind: 'wrong', why };
        return { kind: (await guest.settle(task.id, outcomeOf(task, result))) ? 'ok' : 'unknown' };
      }
    }
    return { kind: 'unknown' };
  }

  async takeResult({ name }: PythonClient, wait: Wait): Promise<TakeOutcome> {
    const got = await this.#results.get(wait);
    if (got.kind !== 'item') return { kind: 'empty' };
    this.#engine.guests.took(`python ${name}`, got.item);
    this.#losing = false;
    this.#tellJoiners();
    return { kind: 'result', result: got.item };
  }

  size(queue: 'tasks' | 'results'): { depth: number; capacity: number | null } {
    const depth = queue === 'tasks' ? this.#engine.view.counts().queued : this.#results.depth;
    return { depth, capacity: null };
  }

  join(queue: 'tasks' | 'results', signal: AbortSignal): Promise<void> {
    const over = () => (queue === 'tasks' ? this.#engine.idle : this.#results.depth === 0);
    return new Promise((resolve, reject) => {
      const look = () => {
        if (!over()) return;
        leave();
        resolve();
      };
      const stop = () => {
        leave();
        reject(new Error('The caller is gone.'));
      };
      // What is paused or removed by hand ends without a signal, but the list has changed.
      const deafen = this.#engine.onEvent(look);
      const leave = () => {
        deafen();
        this.#joiners.delete(look);
        signal.removeEventListener('abort', stop);
      };
      signal.addEventListener('abort', stop, { once: true });
      this.#joiners.add(look);
      look();
    });
  }

  giveBack(client: PythonClient): void {
    const guest = this.#guests.get(client.id);
    this.#guests.delete(client.id);
    guest?.leave(because('program-gone'));
  }

  #guestOf(client: PythonClient): Guest {
    let guest = this.#guests.get(client.id);
    if (!guest) {
      guest = this.#engine.guests.admit({
        name: `${client.name} #${client.id}`,
        machine: client.address,
        kind: 'python',
      });
      this.#guests.set(client.id, guest);
    }
    return guest;
  }

  #heard(signal: Signal): void {
    if (signal.event === 'removed') this.#asked.heard(signal);
    const ended = signal.event === 'done' || signal.event === 'failed';
    // Programs hear of what others have added, too.
    if (ended && !this.#asked.heard(signal)) this.#give(resultOf(signal));
    // The lease of a settled download is forgotten right after its signal.
    if (ended || signal.event === 'removed') setImmediate(() => this.#tellJoiners());
  }

  #give(result: PythonResult): void {
    if (this.#results.tryPut(result) !== 'full') return;
    if (!this.#losing) this.#onLoss(`Nobody takes results: the oldest are forgotten, ${RESULTS_KEPT} are kept.`);
    this.#losing = true;
    void this.#results.get({ timeoutMs: 0 });
    this.#results.tryPut(result);
  }

  #tellJoiners(): void {
    for (const look of [...this.#joiners]) look();
  }
}

function outcomeOf(task: Task, result: PythonResult): Outcome {
  if (result.outcome === 'failed') {
    // What the program says of it is in its own language.
    const own = { code: 'failed-elsewhere', message: result.why.slice(0, 2000), retry: 'by-hand' } as const;
    const failure = result.why === '' ? fail('failed-elsewhere', because('elsewhere'), 'by-hand') : own;
    return { kind: 'failed', failure, extents: [] };
  }
  const { path = task.targetPath, sizeBytes = task.validators?.totalBytes ?? 0, sha256 = null } = result;
  const { algorithm, hex } = task.checksum ?? {};
  return { kind: 'done', path, sizeBytes, sha256, verified: algorithm === 'sha256' && hex === sha256 };
}

/** Why a result cannot be that of this task, by what is known of it; null when nothing speaks against it. */
function contradiction({ checksum, validators }: Task, result: PythonResult): string | null {
  if (result.outcome === 'failed') return null;
  const { sha256, sizeBytes } = result;
  const total = validators?.totalBytes ?? null;
  const right = checksum?.algorithm === 'sha256' ? checksum.hex : undefined;
  if (sha256 !== undefined && right !== undefined && right !== sha256) {
    return `its SHA-256 is to be ${right}, not ${sha256}`;
  }
  if (sizeBytes !== undefined && total !== null && total !== sizeBytes) {
    return `its size is to be ${total} bytes, not ${sizeBytes}`;
  }
  return null;
}
