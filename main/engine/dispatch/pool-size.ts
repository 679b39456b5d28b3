// How many worker processes there are: one from the start; the others come when there is work for them.
import os from 'node:os';
import type { Settings } from '../../../shared/settings.ts';
import type { Dispatch } from './dispatch.ts';
import type { Store } from '../store/store.ts';
import type { Pool } from './pool.ts';

/**
 * Starting a worker, and its code's first slow moments, cost as much as some hundred small files: it is worth that when there
 * is work for longer than this at the first one's pace, which rises by itself meanwhile.
 */
const MORE_FROM_S = 4;
/** Of a processor: with less than that left, one more worker would only take turns with the others. */
const SPARE_MIN = 0.75;

export class PoolSize {
  readonly #pool: Pool;
  readonly #dispatch: Dispatch;
  readonly #store: Store;
  readonly #settings: () => Settings;
  #usedUs = 0;
  #lookedAtMs = performance.now();
  /** Whether something ran when this was looked at last. */
  #wasBusy = false;
  /** One worker is not enough for what there is to do. */
  #needsMany = false;

  constructor(pool: Pool, dispatch: Dispatch, store: Store, settings: () => Settings) {
    this.#pool = pool;
    this.#dispatch = dispatch;
    this.#store = store;
    this.#settings = settings;
  }

  /**
   * Has the workers there that are wanted now. Where people name no number of them and more waits than runs at once, the first
   * one shows before whether it is not soon done alone: many files may be small.
   */
  fit(): void {
    const { queued, running } = this.#store.list.counts();
    const { workers, parallel } = this.#settings();
    const isShort = queued + running > 1 && queued + running <= parallel;
    if (isShort || this.#pool.local.length > 1) this.#needsMany = true;
    const most = workers || (this.#needsMany ? Math.min(32, Math.max(1, os.cpus().length)) : 1);
    this.#pool.resize(Math.min(most, Math.max(1, queued + running, this.#pool.local.length)));
  }

  /** To be called a few times a second: whether there is work for more than the first one. */
  look(): void {
    const wasBusy = this.#wasBusy;
    this.#wasBusy = this.#dispatch.leases.size > 0;
    const spare = this.#spareProcessors();
    if (this.#needsMany || !wasBusy || !this.#wasBusy) return;
    const { queued, running } = this.#store.list.counts();
    if (queued + running < this.#dispatch.donePerS * MORE_FROM_S || spare < SPARE_MIN) return;
    this.#needsMany = true;
    this.fit();
  }

  /** What is left of the machine beside this process, as it was since the last call, and its workers at their busiest. */
  #spareProcessors(): number {
    const { user, system } = process.cpuUsage();
    const nowMs = performance.now();
    const used = (user + system - this.#usedUs) / 1000 / (nowMs - this.#lookedAtMs);
    this.#usedUs = user + system;
    this.#lookedAtMs = nowMs;
    return os.cpus().length - used - this.#pool.local.length;
  }
}
