// A small engine for tests of the worker: leases tasks over a Port and keeps what comes back.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runWorker } from '../../main/download/run-worker.ts';
import { memoryPorts } from '../../main/transport/memory.ts';
import { PROTOCOL } from '../../shared/protocol-number.ts';
import {
  FromWorker,
  type HostWays,
  type Outcome,
  type Task,
  type ToWorker,
  type TransferSettings,
} from '../../shared/protocol.ts';
import { onTestFinished } from 'vitest';
import * as v from 'valibot';
import { expectSaid } from './said.ts';
import { tempDir } from './temp-dir.ts';

const testSettings: TransferSettings = {
  lane: 'auto',
  maxRetries: 2,
  connectTimeoutMs: 2000,
  idleTimeoutMs: 1000,
  allowInsecureRedirect: false,
  userAgent: 'Sluice-test',
  proxy: null,
  noProxy: '',
  extraCa: null,
  cookies: null,
  hosts: [],
};

/** A rule for a host that sends nothing and checks as always, but for what is given. */
export function waysOf(host: string, more: Partial<HostWays> = {}): HostWays {
  return { host, headers: {}, cookies: null, insecure: false, ...more };
}

type Message<K extends FromWorker['kind']> = Extract<FromWorker, { kind: K }>;

export interface Bench {
  readonly dir: string;
  /** All messages of the worker so far. */
  readonly messages: readonly FromWorker[];
  send(message: ToWorker): void;
  /** Other settings from now on. */
  configure(settings: Partial<TransferSettings>): void;
  /** Leases a download of `url`; resolves with its outcome. */
  download(url: string, more?: Partial<Task>): Promise<Outcome>;
  /** Leases one ahead of time, to begin in the place of another; resolves with its outcome. */
  ahead(url: string, more?: Partial<Task>): Promise<Outcome>;
  /** The messages of one kind about one download. */
  of<K extends FromWorker['kind']>(kind: K, id?: number): Message<K>[];
  /** Event kinds of a download, in order. */
  events(id?: number): string[];
  /** Resolves with the first message, past or to come, that `fits`. */
  until(fits: (message: FromWorker) => boolean): Promise<FromWorker>;
  /** Resolves with the first message to come that `fits`. */
  next(fits: (message: FromWorker) => boolean): Promise<FromWorker>;
  /** The file that a `done` outcome names. */
  read(outcome: Outcome): Buffer;
  /** Tells the worker to leave and waits until it has. */
  stop(): Promise<void>;
}

export interface BenchOptions {
  settings?: Partial<TransferSettings>;
  slots?: number;
  ahead?: number;
  aheadWaitMs?: number;
  /** The script of its hashing threads; without it the worker hashes by itself. */
  hashThread?: URL;
  /** Answers `probed` and `target-taken` with a path; default the task's target, then `x (1)`. */
  target?: (id: number, tries: number) => string;
}

/** Starts a worker in this process with an engine's end of its Port. It leaves when the running test ends. */
export function startBench(options: BenchOptions = {}): Bench {
  const dir = tempDir();
  const [engine, worker] = memoryPorts();
  const messages: FromWorker[] = [];
  const watchers = new Set<(message: FromWorker) => void>();
  const tasks = new Map<number, { task: Task; taken: number }>();
  const settings = { ...testSettings, ...options.settings };
  let lastId = 0;

  const targetOf = (id: number): string => {
    const entry = tasks.get(id)!;
    if (options.target) return options.target(id, entry.taken);
    return entry.taken === 0 ? entry.task.targetPath : `${entry.task.targetPath} (${entry.taken})`;
  };
  const send = (message: ToWorker): void => void engine.send(message);
  engine.onMessage((raw) => {
    const message = v.parse(FromWorker, raw);
    messages.push(message);
    if (message.kind === 'hello') send({ kind: 'welcome', protocol: PROTOCOL, settings });
    if (message.kind === 'probed' || message.kind === 'target-taken') {
      const entry = tasks.get(message.id)!;
      if (message.kind === 'target-taken') entry.taken += 1;
      send({ kind: 'target', id: message.id, epoch: message.epoch, path: targetOf(message.id) });
    }
    watchers.forEach((watch) => watch(message));
  });
  const left = runWorker(worker, {
    slots: options.slots ?? 4,
    ahead: options.ahead ?? 0,
    // For ever, as far as a test goes: no slow machine makes one go back.
    aheadWaitMs: options.aheadWaitMs ?? 60_000,
    machine: 'test',
    ...(options.hashThread && { hashThread: options.hashThread }),
  });

  const until = (fits: (message: FromWorker) => boolean): Promise<FromWorker> => {
    const past = messages.find(fits);
    return past ? Promise.resolve(past) : next(fits);
  };
  const next = (fits: (message: FromWorker) => boolean): Promise<FromWorker> => {
    return new Promise((resolve) => {
      const watch = (message: FromWorker): void => {
        if (!fits(message)) return;
        watchers.delete(watch);
        resolve(message);
      };
      watchers.add(watch);
    });
  };
  const stop = async (): Promise<void> => {
    send({ kind: 'stop' });
    await left;
  };
  onTestFinished(stop);

  const lease = async (kind: 'tasks' | 'ahead', url: string, more: Partial<Task>): Promise<Outcome> => {
    const id = more.id ?? (lastId += 1);
    const task: Task = {
      id,
      epoch: 1,
      url,
      mirrors: [],
      partPath: join(dir, `file-${id}.part`),
      naming: 'open',
      notePath: join(dir, `note-${id}`),
      targetPath: join(dir, `file-${id}`),
      extents: [],
      validators: null,
      headers: {},
      checksum: null,
      hash: false,
      connections: 4,
      limitBytesPerS: null,
      ...more,
    };
    tasks.set(id, { task, taken: 0 });
    await until((message) => message.kind === 'get');
    send({ kind, tasks: [task] });
    const result = await until((m) => m.kind === 'result' && m.id === id && m.epoch === task.epoch);
    const { outcome } = result as Message<'result'>;
    if (outcome.kind === 'done') send({ kind: 'settled', ids: [id] });
    if (outcome.kind === 'failed') expectSaid(outcome.failure);
    return outcome;
  };

  return {
    dir,
    messages,
    send,
    configure: (more) => send({ kind: 'settings', settings: { ...settings, ...more } }),
    download: (url, more = {}) => lease('tasks', url, more),
    ahead: (url, more = {}) => lease('ahead', url, more),
    of: (kind, id = 1) =>
      messages.filter((m): m is Message<typeof kind> => m.kind === kind && (!('id' in m) || m.id === id)),
    events: (id = 1) => messages.flatMap((m) => (m.kind === 'event' && m.id === id ? [m.event] : [])),
    until,
    next,
    read(outcome) {
      if (outcome.kind !== 'done') throw new Error(`Not done: ${JSON.stringify(outcome)}`);
      return readFileSync(outcome.path);
    },
    stop,
  };
}
