// What a worker tells by the clock: the progress of all its downloads in one message, and how the process is.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { FromWorker, SharedLimit } from '../../shared/protocol.ts';
import type { ThreadCounts } from '../../shared/traffic.ts';
import type { Transfer } from './transfer.ts';

const PROGRESS_MS = 250;
const VITALS_MS = 1000;

/** Which shares of limits a download has waited for at least `ms` since this was last asked. */
export type HeldBy = (id: number, ms: number) => SharedLimit[];
export type Running = ReadonlyMap<number, { transfer: Transfer; epoch: number }>;

/** One that has waited for so much of the time would be faster without the limit. */
const HELD_PART = 0.5;

interface Told {
  receivedBytes: number;
  bytesPerS: number;
  connections: number;
}

export class Pulse {
  readonly #send: (message: FromWorker) => void;
  readonly #running: Running;
  readonly #heldBy: HeldBy;
  readonly #threads: () => ThreadCounts | undefined;
  readonly #told = new WeakMap<Transfer, Told>();
  readonly #delay = monitorEventLoopDelay({ resolution: 20 });
  readonly #timers: NodeJS.Timeout[];
  #lastAt = performance.now();

  constructor(
    send: (message: FromWorker) => void,
    running: Running,
    heldBy: HeldBy,
    threads: () => ThreadCounts | undefined,
  ) {
    this.#send = send;
    this.#running = running;
    this.#heldBy = heldBy;
    this.#threads = threads;
    this.#delay.enable();
    this.#timers = [setInterval(() => this.#progress(), PROGRESS_MS), setInterval(() => this.#vitals(), VITALS_MS)];
  }

  stop(): void {
    this.#timers.forEach((timer) => clearInterval(timer));
    this.#delay.disable();
  }

  #progress(): void {
    const now = performance.now();
    const elapsedS = (now - this.#lastAt) / 1000;
    this.#lastAt = now;
    const downloads = [];
    for (const { transfer, epoch } of this.#running.values()) {
      const before = this.#told.get(transfer);
      const { receivedBytes, connections } = transfer;
      const heldBy = this.#heldBy(transfer.task.id, elapsedS * 1000 * HELD_PART);
      if (!before) {
        this.#told.set(transfer, { receivedBytes, bytesPerS: 0, connections });
        downloads.push({ id: transfer.task.id, epoch, receivedBytes, bytesPerS: 0, connections });
        continue;
      }
      const lately = Math.max(0, receivedBytes - before.receivedBytes) / elapsedS;
      // Smoothed over about a second; a stall shows as zero soon.
      const mean = before.bytesPerS === 0 ? lately : before.bytesPerS * 0.7 + lately * 0.3;
      const bytesPerS = mean < 1 ? 0 : Math.round(mean);
      if (
        receivedBytes === before.receivedBytes &&
        bytesPerS === before.bytesPerS &&
        connections === before.connections
      ) {
        continue;
      }
      this.#told.set(transfer, { receivedBytes, bytesPerS, connections });
      downloads.push({ id: transfer.task.id, epoch, receivedBytes, bytesPerS, connections, heldBy });
    }
    if (downloads.length > 0) this.#send({ kind: 'progress', downloads });
  }

  #vitals(): void {
    const cpu = process.cpuUsage();
    const loopDelayMs = this.#delay.max / 1e6;
    this.#delay.reset();
    const threads = this.#threads();
    this.#send({
      kind: 'vitals',
      rssBytes: process.memoryUsage.rss(),
      cpuMs: Math.round((cpu.user + cpu.system) / 1000),
      loopDelayMs: Number.isFinite(loopDelayMs) ? Math.max(0, loopDelayMs) : 0,
      ...(threads && threads.threads > 0 && { threads }),
    });
  }
}
