// One worker as the engine sees it, wherever it runs: its Port, parsed messages, rates and vitals.
import { FromWorker, PROTOCOL, type ToWorker } from '../../shared/protocol.ts';
import type { WorkerState } from '../../shared/traffic.ts';
import type { Port } from '../transport/port.ts';
import { Rate } from './rate.ts';
import type { Tap } from './tap.ts';

export type Hello = Extract<FromWorker, { kind: 'hello' }>;

export type LinkEvents = {
  ready(link: WorkerLink): void;
  message(link: WorkerLink, message: FromWorker): void;
  /** Once. `why` is null when it left as it was asked to. */
  gone(link: WorkerLink, why: string | null): void;
};

export class WorkerLink {
  readonly id: number;
  readonly kind: WorkerState['kind'];
  pid: number;
  machine = '';
  slots = 0;
  state: WorkerState['state'] = 'starting';
  rssBytes = 0;
  cpuPercent = 0;
  loopDelayMs = 0;
  bytesPerS = 0;
  readonly #port: Port;
  readonly #tap: Tap;
  readonly #now: () => number;
  readonly #in = new Rate();
  readonly #out = new Rate();
  #lastCpu: { at: number; cpuMs: number } | undefined;

  constructor(options: {
    id: number;
    kind: WorkerState['kind'];
    pid: number;
    port: Port;
    tap: Tap;
    now: () => number;
    events: LinkEvents;
  }) {
    this.id = options.id;
    this.kind = options.kind;
    this.pid = options.pid;
    this.#port = options.port;
    this.#tap = options.tap;
    this.#now = options.now;
    const { events } = options;
    let complaint: string | null = null;
    options.port.onMessage((raw) => {
      const parsed = FromWorker.safeParse(raw);
      if (!parsed.success) complaint = 'it sent a message that makes no sense';
      else if (parsed.data.kind === 'hello') complaint = this.#greet(parsed.data);
      else if (this.state === 'starting') complaint = 'it spoke before its hello';
      if (!parsed.success || complaint !== null) return options.port.close();
      const message = parsed.data;
      this.#in.add(1, this.#now());
      if (message.kind !== 'vitals' && message.kind !== 'pong') {
        this.#tap.saw(`worker ${this.id} > engine`, message, 'id' in message ? message.id : null);
      }
      if (message.kind === 'hello') events.ready(this);
      else if (message.kind === 'vitals') this.#noteVitals(message);
      else events.message(this, message);
    });
    options.port.onClose((reason) => {
      const asked = this.state === 'stopping';
      this.state = 'gone';
      const why = reason.kind === 'error' ? `its pipe broke (${String(reason.cause)})` : 'it ended unexpectedly';
      events.gone(this, asked ? null : (complaint ?? why));
    });
  }

  get name(): string {
    return `worker ${this.id}`;
  }

  /** Whether it works on this machine and counts against `parallel`. */
  get shared(): boolean {
    return this.kind === 'local';
  }

  send(message: ToWorker): void {
    this.#out.add(1, this.#now());
    if (message.kind !== 'ping') {
      this.#tap.saw(`engine > worker ${this.id}`, message, 'id' in message ? message.id : firstTask(message));
    }
    this.#port.send(message);
  }

  /** Asks it to release everything and leave. */
  stop(): void {
    this.state = 'stopping';
    this.send({ kind: 'stop' });
  }

  close(): void {
    this.#port.close();
  }

  rates(): { inPerS: number; outPerS: number } {
    const now = this.#now();
    return { inPerS: this.#in.perS(now), outPerS: this.#out.perS(now) };
  }

  #greet(hello: Hello): string | null {
    if (hello.protocol !== PROTOCOL) return `it speaks protocol ${hello.protocol}, this engine ${PROTOCOL}`;
    if (this.state !== 'starting') return 'it said hello twice';
    this.pid = hello.pid;
    this.machine = hello.machine;
    this.slots = hello.slots;
    this.state = 'ready';
    return null;
  }

  #noteVitals(vitals: { rssBytes: number; cpuMs: number; loopDelayMs: number }): void {
    const at = this.#now();
    if (this.#lastCpu && at > this.#lastCpu.at) {
      this.cpuPercent = ((vitals.cpuMs - this.#lastCpu.cpuMs) / (at - this.#lastCpu.at)) * 100;
    }
    this.#lastCpu = { at, cpuMs: vitals.cpuMs };
    this.rssBytes = vitals.rssBytes;
    this.loopDelayMs = vitals.loopDelayMs;
  }
}

function firstTask(message: ToWorker): number | null {
  return message.kind === 'tasks' ? (message.tasks[0]?.id ?? null) : null;
}
