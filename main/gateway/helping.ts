// This machine helps another one: the command line's own worker in a process beside, started and stopped by a person.
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { HelpOrder, type Helping as State } from '../../shared/helping.ts';
import { Told } from '../../shared/told.ts';
import { because, type Why } from '../../shared/why.ts';
import { isLoopback } from './doorkeeper.ts';

/** A running `sluice` with these words; its standard output comes line by line. */
export type Helper = {
  onLine(listener: (line: string) => void): void;
  onExit(listener: () => void): void;
  /** Asks it to leave; everything is durable then. */
  stop(): void;
};

export type HelpingOptions = {
  dataDir: string;
  spawn: (words: string[]) => Helper;
  changed: () => void;
};

export class Helping {
  readonly #options: HelpingOptions;
  #helper: Helper | null = null;
  #gone: Promise<void> = Promise.resolve();
  #joined = false;
  #trouble: Told | null = null;

  constructor(options: HelpingOptions) {
    this.#options = options;
  }

  async state(): Promise<State> {
    const order = await this.#lastOrder();
    const key = await readFile(this.#keyFile).catch(() => null);
    const state = this.#helper === null ? 'off' : this.#joined ? 'joined' : 'joining';
    return { state, order, hasKey: key !== null, trouble: this.#trouble };
  }

  /** Starts to help, with `key` or the one that is kept. Returns what is wrong with it, or null. */
  async start(order: HelpOrder, key: string | null): Promise<Why | null> {
    if (order.fingerprint === '' && !isLoopback(order.host)) {
      return because('fingerprint-needed', { where: order.host });
    }
    const kept = await readFile(this.#keyFile).catch(() => null);
    if (key === null && kept === null) return because('key-needed');
    await this.stop();
    await mkdir(this.#options.dataDir, { recursive: true });
    if (key !== null) {
      await writeFile(this.#keyFile, `${key.trim()}\n`, { mode: 0o600 });
      await chmod(this.#keyFile, 0o600);
    }
    await writeFile(this.#orderFile, JSON.stringify(order), { mode: 0o600 });
    this.#run(order);
    return null;
  }

  /** Resolves when it has left. */
  async stop(): Promise<void> {
    this.#helper?.stop();
    await this.#gone;
    this.#trouble = null;
  }

  #run(order: HelpOrder): void {
    const { host, port, fingerprint, dir, parallel, sendBack } = order;
    const to = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    const helper = this.#options.spawn([
      ...['worker', '--json', '--connect', to, '--authkey-file', this.#keyFile, '--dir', dir],
      ...['--parallel', String(parallel)],
      ...(fingerprint === '' ? [] : ['--fingerprint', fingerprint]),
      ...(sendBack ? ['--send-back'] : []),
    ]);
    this.#helper = helper;
    this.#joined = false;
    this.#trouble = null;
    helper.onLine((line) => this.#heard(line));
    this.#gone = new Promise((resolve) => {
      helper.onExit(() => {
        this.#helper = null;
        this.#joined = false;
        resolve();
        this.#options.changed();
      });
    });
    this.#options.changed();
  }

  #heard(line: string): void {
    let told: { event?: unknown };
    try {
      told = JSON.parse(line) as typeof told;
    } catch {
      return;
    }
    if (told.event === 'joined') [this.#joined, this.#trouble] = [true, null];
    else if (told.event === 'trouble') [this.#joined, this.#trouble] = [false, v.parse(Told, told)];
    else return;
    this.#options.changed();
  }

  async #lastOrder(): Promise<HelpOrder | null> {
    try {
      return v.parse(HelpOrder, JSON.parse(await readFile(this.#orderFile, 'utf8')));
    } catch {
      return null;
    }
  }

  get #keyFile(): string {
    return path.join(this.#options.dataDir, 'helping-key');
  }

  get #orderFile(): string {
    return path.join(this.#options.dataDir, 'helping.json');
  }
}
