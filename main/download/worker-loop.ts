// A worker at work: gets tasks, runs them side by side, tells what became of them.
import { fail } from '../../shared/failure.ts';
import { PROTOCOL } from '../../shared/protocol-number.ts';
import { needsTarget, ToWorker, type FromWorker, type Outcome, type Task } from '../../shared/protocol.ts';
import { because } from '../../shared/why.ts';
import { read } from '../../shared/schema.ts';
import type { Port } from '../transport/port.ts';
import { Ahead } from './ahead.ts';
import { hashHere, HashThreads } from './disk/hashing.ts';
import { Hosts } from './hosts.ts';
import { Http } from './lanes/http.ts';
import { DirectorySyncs } from './disk/placing.ts';
import { Pulse, type HeldBy } from './pulse.ts';
import type { World } from './report.ts';
import { Shares } from './shares.ts';
import { Transfer } from './transfer.ts';

/** While tasks wait ahead, nobody waits for what is told of the others: it is gathered for so long. */
const GATHER_MS = 5;
const AHEAD_WAIT_MS = 250;

export interface WorkerOptions {
  /** How many tasks run at once. */
  slots: number;
  /** How many more it holds ahead of time; default none. */
  ahead?: number;
  /** How long each of those may wait before it goes back; default a quarter of a second. */
  aheadWaitMs?: number;
  /** The machine's name as the engine shows it; default the host name. */
  machine?: string;
  /** Of this Sluice, as the engine shows it. */
  version?: string;
  /** Ends the worker as `stop` does. */
  signal?: AbortSignal;
  /** The script of the hashing thread; without it checksums are computed on the loop, a chunk at a time. */
  hashThread?: string | URL;
}

/** Serves the engine, which has heard hello and was asked for as many tasks as there are slots. */
export class WorkerLoop {
  readonly #port: Port;
  readonly #options: WorkerOptions;
  readonly #running = new Map<number, { transfer: Transfer; epoch: number }>();
  readonly #ahead: Ahead;
  /** Done, but the engine has not said yet that it knows. */
  readonly #unsettled = new Map<number, Transfer>();
  readonly #ends = new Set<Promise<void>>();
  readonly #hashing: HashThreads | null;
  #world: World | null = null;
  #http: Http | null = null;
  readonly #gathered: FromWorker[] = [];
  #gathering: NodeJS.Timeout | null = null;
  #asked: number;
  #getQueued = false;
  #leaving = false;
  #left: (() => void) | null = null;

  constructor(port: Port, options: WorkerOptions) {
    this.#port = port;
    this.#options = options;
    this.#asked = options.slots;
    this.#ahead = new Ahead(options.aheadWaitMs ?? AHEAD_WAIT_MS, (task) => this.#release(task));
    // One, for there is a worker a core.
    this.#hashing = options.hashThread ? new HashThreads(options.hashThread, 1) : null;
  }

  async run(): Promise<void> {
    const heldBy: HeldBy = (id, ms) => this.#world?.shares.heldBy(id, ms) ?? [];
    const pulse = new Pulse(
      (message) => this.#send(message),
      this.#running,
      heldBy,
      () => this.#hashing?.state(),
    );
    await new Promise<void>((resolve) => {
      this.#left = resolve;
      this.#port.onMessage((raw) => this.#onRaw(raw));
      this.#port.onClose(() => this.#leave());
      this.#options.signal?.addEventListener('abort', () => this.#leave(), { once: true });
      if (this.#options.signal?.aborted) this.#leave();
    });
    await Promise.all(this.#ends);
    pulse.stop();
    this.#http?.close();
    await this.#hashing?.close();
    this.#tellGathered();
    this.#port.close();
  }

  #send(message: FromWorker): void {
    this.#tellGathered();
    this.#port.send(message);
  }

  /** Sends it soon, with others: each trip to the engine wakes it up. */
  #sendSoon(message: FromWorker): void {
    if (this.#ahead.size === 0) return this.#send(message);
    this.#gathered.push(message);
    this.#gathering ??= setTimeout(() => this.#tellGathered(), GATHER_MS);
  }

  #tellGathered(): void {
    if (!this.#gathering) return;
    clearTimeout(this.#gathering);
    this.#gathering = null;
    for (const message of this.#gathered.splice(0)) this.#port.send(message);
  }

  #onRaw(raw: unknown): void {
    const parsed = read(ToWorker, raw);
    if (parsed.success) return this.#onMessage(parsed.output);
    // Whoever speaks another language must not steer this process.
    this.#port.close();
    this.#leave();
  }

  #onMessage(message: ToWorker): void {
    switch (message.kind) {
      case 'welcome':
        if (message.protocol !== PROTOCOL) return this.#leave();
        this.#welcome(message.settings);
        return this.#ask();
      case 'tasks':
        this.#asked = Math.max(0, this.#asked - message.tasks.length);
        for (const task of message.tasks) this.#start(task);
        return;
      case 'ahead':
        this.#asked = Math.max(0, this.#asked - message.tasks.length);
        for (const task of message.tasks) {
          if (this.#leaving) this.#release(task);
          else this.#ahead.add(task);
        }
        return;
      case 'target':
        return this.#lease(message)?.setTarget(message.path);
      case 'cancel': {
        const waiting = this.#ahead.get(message);
        if (waiting) {
          this.#ahead.delete(waiting.id);
          this.#release(waiting);
        }
        return this.#lease(message)?.cancel();
      }
      case 'settled':
        for (const id of message.ids) this.#settled(id);
        return;
      case 'connections': {
        const transfer = this.#lease(message);
        if (transfer) transfer.granted = message.connections;
        return;
      }
      case 'limit': {
        const waiting = this.#ahead.get(message);
        if (waiting) waiting.limitBytesPerS = message.limitBytesPerS;
        const transfer = this.#lease(message);
        if (transfer) transfer.limitBytesPerS = message.limitBytesPerS;
        return;
      }
      case 'settings':
        return this.#configure(message.settings);
      case 'shares':
        return this.#world?.shares.set(message.shares);
      case 'ping':
        return this.#send({ kind: 'pong' });
      case 'stop':
        return this.#leave();
      default:
        message satisfies never;
    }
  }

  #lease({ id, epoch }: { id: number; epoch: number }): Transfer | undefined {
    const running = this.#running.get(id);
    return running?.epoch === epoch ? running.transfer : undefined;
  }

  #welcome(settings: World['settings']): void {
    const http = (this.#http = new Http(settings));
    this.#world = {
      settings,
      ask: (request) => http.ask(request),
      hosts: new Hosts(),
      shares: new Shares(),
      directories: new DirectorySyncs(),
      hashFile: this.#hashing?.hashFile ?? hashHere,
    };
  }

  #configure(settings: World['settings']): void {
    if (!this.#world) return;
    this.#world.settings = settings;
    this.#http?.configure(settings);
  }

  /** Asks for as many tasks as there is room for, once for all that ended in the same turn. */
  #ask(): void {
    if (this.#getQueued || this.#leaving || !this.#world) return;
    this.#getQueued = true;
    setImmediate(() => {
      this.#getQueued = false;
      const count = this.#options.slots - this.#running.size - this.#ahead.size - this.#asked;
      // A worker that still waits for many tasks need not say so again for each one that ends.
      if (count <= 0 || this.#leaving || this.#asked > count * 4) return;
      this.#asked += count;
      this.#send({ kind: 'get', count });
    });
  }

  /** Gives a task back as it came. */
  #release({ id, epoch, extents }: Task): void {
    this.#send({ kind: 'result', id, epoch, outcome: { kind: 'released', extents } });
    this.#ask();
  }

  #start(task: Task): void {
    const lease = { id: task.id, epoch: task.epoch };
    if (!this.#world || this.#leaving) return this.#release(task);
    if (this.#running.has(task.id)) {
      const failure = fail('internal', because('leased-twice'), 'soon');
      return this.#send({ kind: 'result', ...lease, outcome: { kind: 'failed', failure, extents: task.extents } });
    }
    const transfer = new Transfer(task, this.#world, {
      probed: (validators, contentDisposition) => {
        const probed = { kind: 'probed', ...lease, validators, contentDisposition } as const;
        if (needsTarget(task.naming, task.url, probed)) this.#send(probed);
        else this.#sendSoon(probed);
      },
      saved: (extents, brought) => this.#send({ kind: 'saved', ...lease, extents, ...(brought && { brought }) }),
      event: (event, detail) => this.#send({ kind: 'event', ...lease, event, detail }),
      exchange: (exchange) => this.#sendSoon({ kind: 'exchange', ...lease, exchange }),
      waiting: (wait) => this.#send({ kind: 'waiting', ...lease, wait }),
      hostCap: (host, connections) => this.#send({ kind: 'host-cap', host, connections }),
      targetTaken: () => this.#send({ kind: 'target-taken', ...lease }),
    });
    this.#running.set(task.id, { transfer, epoch: task.epoch });
    const end = this.#runToEnd(transfer).finally(() => this.#ends.delete(end));
    this.#ends.add(end);
  }

  async #runToEnd(transfer: Transfer): Promise<void> {
    const outcome: Outcome = await transfer.run();
    const { id, epoch } = transfer.task;
    this.#running.delete(id);
    if (outcome.kind === 'done') this.#unsettled.set(id, transfer);
    const next =
      outcome.kind === 'done' && !this.#leaving ? this.#ahead.takeFor(transfer.task, transfer.granted) : null;
    const result = { kind: 'result', id, epoch, outcome } as const;
    if (next) this.#sendSoon({ ...result, next: { id: next.id, epoch: next.epoch, connections: next.connections } });
    else this.#send(result);
    if (next) this.#start(next);
    this.#ask();
    await transfer.close();
  }

  /** The engine has it in writing: the part file's own name, by which it was found again after a crash, may go. */
  #settled(id: number): void {
    const transfer = this.#unsettled.get(id);
    this.#unsettled.delete(id);
    const end = transfer?.removePart().finally(() => this.#ends.delete(end!));
    if (end) this.#ends.add(end);
  }

  #leave(): void {
    if (this.#leaving) return;
    this.#leaving = true;
    for (const task of this.#ahead.takeAll()) this.#release(task);
    for (const { transfer } of this.#running.values()) transfer.cancel();
    this.#left?.();
  }
}
