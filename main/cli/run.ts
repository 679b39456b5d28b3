// The main command: downloads what it is given, resumes what is unfinished, and leaves with everything durable.
import path from 'node:path';
import type { DownloadId } from '../../shared/download.ts';
import { maskCredentials } from '../../shared/url.ts';
import type { BackgroundHash } from '../download/disk/hashing.ts';
import type { Ways } from '../engine/adding.ts';
import { Engine, type SpawnedWorker } from '../engine/engine.ts';
import { firstOrGiven, type Remote } from '../engine/instance.ts';
import type { ListSource } from '../engine/intake/source.ts';
import { readList } from '../engine/intake/source.ts';
import { stateDir } from '../engine/state-dir.ts';
import { UsageError, type AddedWays, type RunOptions } from './options.ts';
import type { Output } from './output.ts';
import { headersOf } from './request-options.ts';
import { reportTo, type Report } from './report.ts';
import { rejectedIn } from './rejected.ts';
import { sourcesOf, type Sources } from './sources.ts';

export type Surroundings = {
  spawnWorker: () => SpawnedWorker;
  nativeBinding: string | undefined;
  /** The script of the hashing thread, for work in this process. */
  hashThread: URL;
  /** Hashes finished files in the background. */
  hasher: BackgroundHash;
  output: Output;
  stdout: NodeJS.WriteStream;
  version: string;
};

/** Runs until there is nothing left to do (with `--exit`) or a signal comes. Resolves to the exit status. */
export async function download(inputs: readonly string[], run: RunOptions, around: Surroundings): Promise<number> {
  const { output, stdout, nativeBinding, spawnWorker, hasher, version } = around;
  const sources = await sourcesOf(inputs);
  const dataDir = stateDir(run.data);
  const dir = path.resolve(run.dir ?? '.');
  const ways = await waysOf(run.ways);
  const report = await reportTo(output, run.json, stdout);
  const instance = await firstOrGiven(dataDir, nativeBinding, (remote) => handOver(remote, sources, dir, ways, report));
  if (instance.kind === 'given') return instance.result;

  const overrides = { ...run.settings, dir };
  const engine = new Engine({ dataDir, spawnWorker, hasher, nativeBinding, overrides, version });
  const running = new Run(engine, report, run.exit);
  try {
    const listening = instance.listen(engine.handlers);
    engine.start();
    await running.ask(await listsOf(sources), dir, ways);
    await listening;
    return await running.ended;
  } finally {
    instance.leave();
    await engine.close();
    report.end();
    instance.close();
  }
}

class Run {
  readonly ended: Promise<number>;
  readonly #engine: Engine;
  readonly #report: Report;
  readonly #leave: boolean;
  readonly #failed = new Set<DownloadId>();
  readonly #done = new Set<DownloadId>();
  #wanted: readonly DownloadId[] = [];
  #end: (status: number) => void = () => {};
  #asked = false;

  constructor(engine: Engine, report: Report, leave: boolean) {
    this.#engine = engine;
    this.#report = report;
    this.#leave = leave;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    for (const [name, number] of [
      ['SIGINT', 2],
      ['SIGTERM', 15],
    ] as const) {
      process.once(name, () => this.#end(128 + number));
    }
    engine.onSignal((signal) => {
      this.#report.tell(signal);
      if (signal.event === 'failed' || signal.event === 'waiting') this.#failed.add(signal.id);
      if (signal.event === 'done') this.#done.add(signal.id);
      for (const id of signal.event === 'removed' ? signal.ids : []) this.#failed.delete(id);
      if (signal.event === 'started' || signal.event === 'done') this.#failed.delete(signal.id);
      if (signal.event !== 'progress') this.#leaveWhenIdle();
    });
    engine.onEvent(() => this.#leaveWhenIdle());
  }

  async ask(sources: readonly ListSource[], dir: string, ways: Ways): Promise<void> {
    const asked = await this.#engine.adding.addOrResumeAll(sources, { ...ways, dir, producer: 'command line' });
    const { ids, finished, rejected } = asked;
    for (const verdict of rejected) this.#report.tell({ event: 'rejected', verdict });
    for (const { id, url, dir: folder, name, sizeBytes, sha256 } of finished) {
      if (this.#done.has(id) || this.#engine.tellsLater(id)) continue;
      // It may stand in the list again, far below.
      this.#done.add(id);
      const file = path.join(folder, name);
      this.#report.tell({
        event: 'done',
        id,
        url: maskCredentials(url),
        path: file,
        sizeBytes: sizeBytes ?? 0,
        sha256,
      });
    }
    if (rejected.length > 0 && ids.length + finished.length === 0) {
      throw new UsageError('There is nothing to download among the lines given.');
    }
    this.#wanted = ids;
    this.#asked = true;
    this.#leaveWhenIdle();
  }

  #leaveWhenIdle(): void {
    if (!this.#leave || !this.#asked) return;
    // After the turn that is under way: a signal comes before its lease is forgotten.
    setImmediate(() => {
      if (!this.#engine.idle) return;
      // What somebody has paused meanwhile is not done either.
      const isLeft = this.#wanted.some((id) => !this.#done.has(id) && this.#isUnfinished(id));
      this.#end(this.#failed.size > 0 || isLeft ? 1 : 0);
    });
  }

  /** One that was taken off the list is not. */
  #isUnfinished(id: DownloadId): boolean {
    const status = this.#engine.view.detail(id)?.row.status;
    return status !== undefined && status !== 'done';
  }
}

async function handOver(
  remote: Remote,
  { text, files }: Sources,
  dir: string,
  ways: Ways,
  report: Report,
): Promise<number> {
  const preview = await remote.call('preview', files.length > 0 ? { files, links: text } : { text });
  const understood = preview.counts.url + preview.counts.known + preview.counts.duplicate;
  const rejected = await rejectedIn(remote, preview);
  const { added, resumed } = await remote.call('addBatch', { ...ways, batch: preview.batch, dir, again: true });
  for (const verdict of rejected) report.tell({ event: 'rejected', verdict });
  report.tell({ event: 'handed-over', added, resumed });
  report.end();
  if ((text || files.length > 0) && understood === 0)
    throw new UsageError('There is nothing to download among the lines given.');
  return 0;
}

/** What the options say of how to ask, with what their files hold. */
export async function waysOf({ request, limitEach, ...ways }: AddedWays): Promise<Ways> {
  return { ...ways, headers: await headersOf(request, process.env), limitBytesPerS: limitEach };
}

async function listsOf({ text, files }: Sources): Promise<ListSource[]> {
  const read = await Promise.all(files.map((file) => readList(file)));
  return text ? [{ text }, ...read] : read;
}
