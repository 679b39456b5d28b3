// Works for a manager that a Python program serves: its tasks become downloads here, and each has one result there, whatever the line does.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../../engine/engine.ts';
import { AskedTexts } from './asked-texts.ts';
import { Backoff } from '../backoff.ts';
import { joinPythonManager, PythonManagerError, type PythonManager, type PythonManagerAddress } from './client.ts';
import { resultDict, resultText } from './calls.ts';
import type { PythonResult } from './queues.ts';

/** How long one look into a queue of the manager waits. */
const LOOK_MS = 500;
/** So long after it was asked for, a look on a line that broke may still go on there, and take what nobody hears of. */
const LOOK_OVER_MS = 2 * LOOK_MS;
/** What is left is given back for at most this long. */
const LEAVE_MS = 10_000;

export interface ManagerWorkOptions extends Omit<PythonManagerAddress, 'signal'> {
  engine: Engine;
  /** Results are dicts, not texts. */
  dict: boolean;
  /** How many tasks it has at once. */
  room: number;
  /** Leaves when there is nothing left to do, also when the manager is gone by then. */
  exit: boolean;
  /** Leaves: what has not ended goes back into the task queue. */
  signal: AbortSignal;
  onJoined: () => void;
  /** Each time the manager could not be joined or was lost; `againMs` null: it is not tried again. */
  onTrouble: (error: PythonManagerError, againMs: number | null) => void;
}

/** Joins again and again until the signal fires, or another try cannot help. Resolves with how many tasks had neither a result nor went back. */
export async function workForManager(options: ManagerWorkOptions): Promise<{ lost: number; failed: boolean }> {
  const { signal, exit, onTrouble } = options;
  const work = new ManagerWork(options);
  const backoff = new Backoff();
  let failed = false;
  for (let last = false; !last && !failed;) {
    last = signal.aborted;
    // For what is open there is one more try.
    if (last && work.open === 0) break;
    const begunAt = Date.now();
    const trouble = await attempt(work, options);
    if (!trouble) break;
    if (signal.aborted) continue;
    const again = trouble.retry && !(exit && work.open === 0);
    const againMs = again ? backoff.next(Date.now() - begunAt) : null;
    failed = againMs === null;
    onTrouble(trouble, againMs);
    if (againMs !== null) await sleep(againMs, undefined, { signal }).catch(() => undefined);
  }
  work.end();
  return { lost: work.open, failed };
}

/** One connection from its beginning to its end; null when there is nothing left to do. */
async function attempt(work: ManagerWork, options: ManagerWorkOptions): Promise<PythonManagerError | null> {
  const { signal, onJoined } = options;
  const line = new AbortController();
  let joined = false;
  let timer: NodeJS.Timeout | undefined;
  const leave = () => (timer = setTimeout(() => line.abort(), joined || work.open > 0 ? LEAVE_MS : 0));
  if (signal.aborted) leave();
  signal.addEventListener('abort', leave, { once: true });
  try {
    const manager = await joinPythonManager({ ...options, signal: line.signal });
    joined = true;
    onJoined();
    const refusal = await work.over(manager, () => line.abort()).then(() => null, refusalIn);
    await work.giveBack(manager);
    await manager.close();
    return refusal;
  } catch (error) {
    if (error instanceof PythonManagerError) return error;
    throw error;
  } finally {
    signal.removeEventListener('abort', leave);
    clearTimeout(timer);
    line.abort();
  }
}

/** What the manager said no to; the line is still good. */
function refusalIn(error: unknown): PythonManagerError {
  if (error instanceof PythonManagerError && !error.retry) return error;
  throw error;
}

class ManagerWork {
  /** Tasks that were taken and have, as far as is known, neither a result there nor gone back. */
  open = 0;
  readonly #options: ManagerWorkOptions;
  readonly #asked: AskedTexts;
  readonly #stop: () => void;
  /** Not there yet, oldest first. */
  readonly #results: PythonResult[] = [];
  readonly #back: string[] = [];
  /** When the look into the task queue that is under way, or was when the line broke, is surely over. */
  #lookOverAtMs = 0;
  /** Dealt with, and not yet marked so in the task queue. */
  #unmarked = 0;
  #waiters: (() => void)[] = [];

  constructor(options: ManagerWorkOptions) {
    const { engine, signal } = options;
    this.#options = options;
    this.#asked = new AskedTexts(engine, (result) => this.#give(result));
    this.#stop = engine.onSignal((one) => {
      if (one.event === 'done' || one.event === 'failed' || one.event === 'removed') this.#asked.heard(one);
    });
    signal.addEventListener('abort', () => this.#wake(), { once: true });
  }

  end(): void {
    this.#stop();
  }

  /**
   * Takes tasks and puts results until it is to leave. Rejects with a PythonManagerError, and can go on over another line then;
   * `drop` ends what is still under way on a line that is lost.
   */
  async over(manager: PythonManager, drop: () => void): Promise<void> {
    let isOver = false;
    const goOn = () => !isOver;
    // A task that comes in the last moment counts: neither half is left behind.
    const ended = await Promise.allSettled(
      [this.#takeAll(manager, goOn), this.#putAll(manager, goOn)].map(async (half) => {
        await half
          .catch((error: unknown) => {
            if (error instanceof PythonManagerError && error.retry) drop();
            throw error;
          })
          .finally(() => {
            isOver = true;
            this.#wake();
          });
      }),
    );
    const broken = ended.find((half) => half.status === 'rejected');
    if (broken) throw broken.reason;
  }

  /** What has not ended goes back into the task queue, what has is told. Rejects as `over` does. */
  async giveBack(manager: PythonManager): Promise<void> {
    this.#back.push(...this.#asked.takeBack());
    if (this.#back.length > 0) await sleep(Math.max(0, this.#lookOverAtMs - performance.now()));
    for (let [text] = this.#back; text !== undefined; [text] = this.#back) {
      const { kind } = await manager.tasks.put(text, LOOK_MS);
      this.#back.shift();
      if (kind === 'ok') this.#settled();
      else this.#give({ url: text, outcome: 'failed', why: 'Its worker left, and the task queue was full.' });
    }
    await this.#putAll(manager, () => this.#results.length > 0);
    await this.#mark(manager);
  }

  async #takeAll({ tasks }: PythonManager, goOn: () => boolean): Promise<void> {
    const { exit, room, signal } = this.#options;
    while (goOn() && !signal.aborted) {
      await this.#mark({ tasks });
      if (this.open >= room) {
        await this.#news();
        continue;
      }
      this.#lookOverAtMs = performance.now() + LOOK_OVER_MS;
      const got = await tasks.get(LOOK_MS).catch(unreadable);
      this.#lookOverAtMs = 0;
      if (got.kind === 'empty') {
        if (exit && this.open + this.#unmarked === 0) return;
        continue;
      }
      this.open++;
      if (got.kind === 'item') await this.#take(got.value);
      else this.#give({ url: 'a task that cannot be read', outcome: 'failed', why: got.why });
    }
  }

  async #take(task: unknown): Promise<void> {
    if (typeof task !== 'string') {
      return this.#give({ url: String(task), outcome: 'failed', why: 'A task must be a URL as str.' });
    }
    // Also where the list could not be written: its program is to hear of every task.
    const why = await this.#asked.add(task, 'python').catch((error: Error) => error.message);
    if (why !== null) this.#give({ url: task, outcome: 'failed', why });
  }

  async #putAll({ results }: Pick<PythonManager, 'results'>, goOn: () => boolean): Promise<void> {
    while (goOn()) {
      const [result] = this.#results;
      if (!result) {
        await this.#news();
        continue;
      }
      // A full queue is asked again: the program waits for each of them.
      const { kind } = await results.put(this.#options.dict ? resultDict(result) : resultText(result), LOOK_MS);
      if (kind === 'full') continue;
      this.#results.shift();
      this.#settled();
    }
  }

  /** So that the program's own `join` on its task queue ends. */
  async #mark({ tasks }: Pick<PythonManager, 'tasks'>): Promise<void> {
    while (this.#unmarked > 0) {
      await tasks.taskDone();
      this.#unmarked--;
    }
  }

  #give(result: PythonResult): void {
    this.#results.push(result);
    this.#wake();
  }

  #settled(): void {
    this.open--;
    this.#unmarked++;
    this.#wake();
  }

  #news(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #wake(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }
}

function unreadable(error: unknown): { kind: 'unreadable'; why: string } {
  if (error instanceof PythonManagerError && error.code === 'unreadable') {
    return { kind: 'unreadable', why: error.message };
  }
  throw error;
}
