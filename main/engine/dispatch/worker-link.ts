// One worker as the engine sees it, wherever it runs: its Port, parsed messages, rates and vitals.
import { PROTOCOL } from '../../../shared/protocol-number.ts';
import { FromWorker, type ToWorker, type TransferSettings } from '../../../shared/protocol.ts';
import { systemWhy } from '../../../shared/system-why.ts';
import type { ThreadCounts, WorkerState } from '../../../shared/traffic.ts';
import { because, type Why } from '../../../shared/why.ts';
import { read } from '../../../shared/schema.ts';
import type { Port } from '../../transport/port.ts';
import type { Holder } from './lease.ts';
import { Rate } from '../rate.ts';
import type { Tap } from '../tap.ts';
import type { TaskQueue } from './task-queue.ts';
import { ToldSettings } from '../settings/told-settings.ts';

export type Hello = Extract<FromWorker, { kind: 'hello' }>;

/** Tasks that are longer together, as text, go one by one: a frame has its limit. */
const TOGETHER_MAX = 1024 * 1024;

/** A lane of the picture, without its leases. */
export type WorkerFacts = Omit<WorkerState, 'leases' | 'bytesPerS'>;

export type LinkEvents = {
  ready(link: WorkerLink): void;
  /** Once. `why` is null when it left as it was asked to. */
  gone(link: WorkerLink, why: Why | null): void;
};

export class WorkerLink implements Holder {
  readonly id: number;
  readonly kind: WorkerState['kind'];
  pid: number;
  machine = '';
  runtime = '';
  seenAt: number;
  slots = 0;
  aheadMax = 0;
  resting = false;
  /** Where it came from; empty for this machine's own. */
  readonly address: string;
  version = '';
  phase: WorkerState['state'] = 'starting';
  /** Its threads that hash; null when it has none. */
  threads: ThreadCounts | null = null;
  /** Its connection was ended for what it sent. */
  misbehaved = false;
  readonly #port: Port;
  readonly #queue: TaskQueue;
  readonly #tap: Tap;
  /** Made once: the tap looks them up with every message. */
  readonly #pipes: { to: string; from: string };
  readonly #life = new AbortController();
  readonly #settings: ToldSettings;
  readonly #now: () => number;
  readonly #in = new Rate();
  readonly #out = new Rate();
  #vitals = { rssBytes: 0, cpuPercent: 0, loopDelayMs: 0 };
  #lastCpu: { at: number; cpuMs: number } | undefined;

  constructor(options: {
    id: number;
    kind: WorkerState['kind'];
    pid: number;
    place: string;
    address: string;
    port: Port;
    queue: TaskQueue;
    tap: Tap;
    now: () => number;
    events: LinkEvents;
  }) {
    this.id = options.id;
    this.kind = options.kind;
    this.pid = options.pid;
    this.place = options.place;
    this.address = options.address;
    this.#port = options.port;
    this.#queue = options.queue;
    this.#tap = options.tap;
    this.#pipes = { to: `engine > worker ${options.id}`, from: `worker ${options.id} > engine` };
    this.#now = options.now;
    this.#settings = new ToldSettings(options.kind === 'remote');
    this.seenAt = options.now();
    const { events } = options;
    let complaint: Why | null = null;
    options.port.onAside?.(({ way, message, bytes }) => {
      const now = this.#now();
      if (way === 'in') this.seenAt = now;
      (way === 'in' ? this.#in : this.#out).add(1, now);
      this.#tap.saw(way === 'in' ? this.#pipes.from : this.#pipes.to, message, message.id, bytes);
    });
    options.port.onMessage((raw) => {
      const parsed = read(FromWorker, raw);
      if (!parsed.success) complaint = because('no-sense');
      else if (parsed.output.kind === 'hello') complaint = this.#greet(parsed.output);
      else if (this.phase === 'starting') complaint = because('no-hello');
      if (!parsed.success || complaint !== null) return options.port.close();
      const message = parsed.output;
      this.seenAt = this.#now();
      this.#in.add(1, this.seenAt);
      if (message.kind !== 'vitals' && message.kind !== 'pong') {
        this.#tap.saw(this.#pipes.from, message, 'id' in message ? message.id : null);
      }
      if (message.kind === 'hello') events.ready(this);
      else if (message.kind === 'vitals') this.#noteVitals(message);
      else if (message.kind === 'get') void this.#queue.lease(this, message.count);
      else if (message.kind === 'result') this.#settle(message);
      else if (message.kind !== 'pong') this.#queue.renew(this, message);
    });
    options.port.onClose((reason) => {
      const asked = this.phase === 'stopping';
      this.phase = 'gone';
      this.misbehaved = complaint !== null || reason.kind === 'lied';
      const why =
        reason.kind === 'lied'
          ? reason.why
          : reason.kind === 'error'
            ? because('pipe-broke', { since: systemWhy(reason.cause) })
            : because('ended-itself');
      const told = asked ? null : (complaint ?? why);
      events.gone(this, told);
      this.#life.abort(told);
    });
  }

  get name(): string {
    return `worker ${this.id}`;
  }

  get gone(): AbortSignal {
    return this.#life.signal;
  }

  /** Whether it works on this machine and counts against `parallel`. */
  get shared(): boolean {
    return this.kind === 'local';
  }

  /** Workers elsewhere keep their files; each is known by its own name for itself. */
  readonly place: string;

  /** Lets it begin. */
  welcome(settings: TransferSettings): void {
    this.send({ kind: 'welcome', protocol: PROTOCOL, settings: this.#settings.changed(settings) });
  }

  /** How it is to transfer from now on. */
  configure(settings: TransferSettings): void {
    this.send({ kind: 'settings', settings: this.#settings.changed(settings) });
  }

  send(message: ToWorker): void {
    if (message.kind === 'tasks' || message.kind === 'ahead') {
      const settings = this.#settings.before(message.tasks);
      if (settings) this.send({ kind: 'settings', settings });
      const alone = this.kind === 'remote' && message.tasks.length > 1 && JSON.stringify(message).length > TOGETHER_MAX;
      if (alone) return message.tasks.forEach((task) => this.send({ ...message, tasks: [task] }));
    }
    this.#out.add(1, this.#now());
    if (message.kind !== 'ping') {
      this.#tap.saw(this.#pipes.to, message, 'id' in message ? message.id : firstTask(message));
    }
    this.#port.send(message);
  }

  /** Asks it to release everything and leave. */
  stop(): void {
    this.phase = 'stopping';
    this.send({ kind: 'stop' });
  }

  close(): void {
    this.#port.close();
  }

  /** What the Traffic view shows of it. */
  state(): WorkerFacts {
    const now = this.#now();
    return {
      id: this.id,
      pid: this.pid,
      machine: this.machine,
      runtime: this.runtime,
      seenAt: this.seenAt,
      kind: this.kind,
      state: this.phase,
      slots: this.slots,
      ...this.#vitals,
      inPerS: this.#in.perS(now),
      outPerS: this.#out.perS(now),
    };
  }

  #settle(result: Extract<FromWorker, { kind: 'result' }>): void {
    this.#settings.over(result.id);
    void this.#queue.settle(this, result);
  }

  #greet(hello: Hello): Why | null {
    if (hello.protocol !== PROTOCOL) return because('other-protocol', { its: hello.protocol, ours: PROTOCOL });
    if (this.phase !== 'starting') return because('hello-twice');
    this.pid = hello.pid;
    this.machine = hello.machine;
    this.runtime = hello.runtime;
    this.version = hello.version ?? '';
    this.slots = hello.slots;
    this.aheadMax = hello.ahead ?? 0;
    this.phase = 'ready';
    return null;
  }

  #noteVitals(vitals: Extract<FromWorker, { kind: 'vitals' }>): void {
    const at = this.#now();
    this.threads = vitals.threads ?? null;
    const { rssBytes, cpuMs, loopDelayMs } = vitals;
    const last = this.#lastCpu;
    const cpuPercent = last && at > last.at ? ((cpuMs - last.cpuMs) / (at - last.at)) * 100 : 0;
    this.#lastCpu = { at, cpuMs };
    this.#vitals = { rssBytes, cpuPercent, loopDelayMs };
  }
}

/** The download that a message with tasks is seen as being about. */
export function firstTask(message: ToWorker): number | null {
  return message.kind === 'tasks' || message.kind === 'ahead' ? (message.tasks[0]?.id ?? null) : null;
}
