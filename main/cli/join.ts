// `sluice worker`: this machine works for another one's engine, or for a Python program's manager.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runWorker } from '../download/run-worker.ts';
import { usableDir } from '../engine/adding.ts';
import { Engine } from '../engine/engine.ts';
import { openInstance } from '../engine/instance.ts';
import { loadAuthkey } from '../gateway/identity.ts';
import { type JoinError, stayJoined } from '../gateway/join.ts';
import { inOwnFolder } from '../gateway/own-folder.ts';
import { sendingBack } from '../gateway/sending-back.ts';
import { resultDict, resultText } from '../gateway/python-calls.ts';
import { joinPythonManager, PythonManagerError, type PythonManager } from '../gateway/python-client.ts';
import type { PythonResult } from '../gateway/python-queues.ts';
import { UsageError, type NetworkCommand } from './options.ts';
import { reportTo } from './report.ts';
import type { Surroundings } from './run.ts';
import { signalled } from './signalled.ts';

/** Takes tasks from a coordinator until a signal comes, and joins again when the line breaks. */
export async function join(
  command: Extract<NetworkCommand, { kind: 'join' }>,
  { output, hashThread, version }: Surroundings,
): Promise<number> {
  const { to, fingerprint, parallel, sendBack, run } = command;
  const dir = usableDir(run.dir ?? '.');
  const stop = new AbortController();
  void signalled().then(() => stop.abort());
  let status = 0;
  await stayJoined({
    ...to,
    ...(fingerprint === undefined ? {} : { fingerprint }),
    authkey: await keyOf(command.authkeyFile),
    id: nameFor(dir),
    signal: stop.signal,
    work: (port) => {
      output.told('joined', { host: to.host, port: to.port }, run.json);
      const own = inOwnFolder(port, dir);
      return runWorker(sendBack ? sendingBack(own) : own, {
        ...{ slots: parallel, hashThread, version, signal: stop.signal },
      });
    },
    onTrouble: (error, againMs) => {
      if (againMs === null) status = 1;
      if (run.json) output.json({ event: 'trouble', code: error.code, message: error.message, againMs });
      tellTrouble(error, againMs);
    },
  });
  return status;
}

/** Takes addresses from a Python manager's task queue and puts what became of them into its result queue. */
export async function joinPython(
  command: Extract<NetworkCommand, { kind: 'join-python' }>,
  around: Surroundings,
): Promise<number> {
  const { to, run, dict } = command;
  const { output, stdout, nativeBinding, spawnWorker, hasher, version } = around;
  const dir = usableDir(run.dir ?? '.');
  const dataDir = path.resolve(run.data ?? path.join(dir, '.sluice'));
  const authkey = await keyOf(command.authkeyFile);
  const instance = await openInstance(dataDir, nativeBinding);
  if (instance.kind === 'second') {
    instance.remote.close();
    throw new UsageError(`Another Sluice works in ${dataDir} already.`);
  }
  const stop = new AbortController();
  void signalled().then(() => stop.abort());
  const overrides = { ...run.settings, dir };
  const report = await reportTo(output, run.json, stdout);
  const engine = new Engine({ dataDir, spawnWorker, hasher, nativeBinding, overrides, version });
  try {
    await instance.listen(engine.handlers);
    engine.start();
    const manager = await joinPythonManager({ ...to, authkey, allowMd5: command.md5, signal: stop.signal });
    const work = new ManagerWork(engine, manager, { dir, dict, room: run.settings.parallel ?? 8 });
    engine.onSignal((signal) => report.tell(signal));
    await work.run(run.exit, stop.signal);
    await manager.close();
    return 0;
  } catch (error) {
    if (stop.signal.aborted) return 0;
    if (!(error instanceof PythonManagerError)) throw error;
    process.stderr.write(`sluice: ${error.message}\n`);
    return 1;
  } finally {
    await engine.close();
    report.end();
    instance.close();
  }
}

/** How long one look into the manager's task queue waits. */
const LOOK_MS = 500;
const PUT_MS = 30_000;

class ManagerWork {
  readonly #engine: Engine;
  readonly #manager: PythonManager;
  readonly #options: { dir: string; dict: boolean; room: number };
  /** The texts that were taken, by the download that came of each. */
  readonly #taken = new Map<number, string>();
  #putting: Promise<unknown> = Promise.resolve();

  constructor(engine: Engine, manager: PythonManager, options: { dir: string; dict: boolean; room: number }) {
    this.#engine = engine;
    this.#manager = manager;
    this.#options = options;
    engine.onSignal((signal) => {
      if (signal.event === 'done') {
        const { path: file, sizeBytes, sha256 } = signal;
        this.#settle(signal.id, { outcome: 'success', path: file, sizeBytes, ...(sha256 ? { sha256 } : {}) });
      }
      if (signal.event === 'failed') this.#settle(signal.id, { outcome: 'failed', why: signal.message });
    });
  }

  async run(exit: boolean, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.#taken.size >= this.#options.room) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        continue;
      }
      const got = await this.#manager.tasks.get(LOOK_MS);
      if (got.kind === 'item') await this.#take(got.value);
      else if (exit && this.#taken.size === 0) break;
    }
    await this.#putting;
  }

  async #take(value: unknown): Promise<void> {
    if (typeof value !== 'string') {
      this.#put({ url: String(value), outcome: 'failed', why: 'A task must be a URL as str.' });
      return;
    }
    const { dir } = this.#options;
    const asked = await this.#engine.adding.addOrResume([{ text: value }], { dir, producer: 'python' });
    const { ids, finished, rejected } = asked;
    const [id] = ids;
    const [had] = finished;
    if (id !== undefined) this.#taken.set(id, value);
    else if (had)
      this.#put({ url: value, outcome: 'success', path: path.join(had.dir, had.name), sizeBytes: had.sizeBytes ?? 0 });
    else this.#put({ url: value, outcome: 'failed', why: rejected[0]?.message ?? 'This is no address.' });
  }

  #settle(id: number, result: DistributiveOmit<PythonResult, 'url'>): void {
    const url = this.#taken.get(id);
    if (url === undefined) return;
    this.#taken.delete(id);
    this.#put({ ...result, url });
  }

  #put(result: PythonResult): void {
    const item = this.#options.dict ? resultDict(result) : resultText(result);
    this.#putting = this.#putting.then(() => this.#manager.results.put(item, PUT_MS));
    this.#putting.catch(() => {});
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

async function keyOf(file: string): Promise<Buffer> {
  if (!fs.existsSync(file)) throw new UsageError(`There is no authkey file ${file}. Copy it from the other machine.`);
  return loadAuthkey(file);
}

/** This machine's name for itself at a coordinator: the same for the same folder, so that it finds its files again. */
function nameFor(dir: string): string {
  const digest = createHash('sha256').update(fs.realpathSync(dir)).digest('hex').slice(0, 8);
  return `${os
    .hostname()
    .replace(/[^\w-]/g, '-')
    .slice(0, 40)}-${digest}`;
}

function tellTrouble(error: JoinError, againMs: number | null): void {
  const next = againMs === null ? '' : ` Next try in ${(againMs / 1000).toFixed(1)} s.`;
  process.stderr.write(`sluice: ${error.message}${next}\n`);
}
