// What Python programs ask for: each text that they put, until the one result that it is owed is known.
import path from 'node:path';
import { ApiError } from '../../../shared/answer.ts';
import type { DownloadId } from '../../../shared/download.ts';
import type { Engine, Signal } from '../../engine/engine.ts';
import type { Stored } from '../../engine/store/store.ts';
import type { PythonResult } from './queues.ts';

type Ended = Extract<Signal, { event: 'done' | 'failed' }>;
type Removed = Extract<Signal, { event: 'removed' }>;
/** A text, those of its downloads that have not ended, and what became of the others. */
type Asked = { text: string; left: Set<DownloadId>; results: PythonResult[] };

const REMOVED: PythonResult = { url: '', outcome: 'failed', why: 'removed: somebody took it off the list' };

export class AskedTexts {
  readonly #engine: Engine;
  readonly #give: (result: PythonResult) => void;
  readonly #open = new Map<DownloadId, Asked[]>();

  /** `give` gets the results, whose `url` is the text as it was put: a program may look for just that. */
  constructor(engine: Engine, give: (result: PythonResult) => void) {
    this.#engine = engine;
    this.#give = give;
  }

  /**
   * Adds what a text stands for, or goes on with it. Resolves to null, or to why it stands for nothing that can be downloaded;
   * what is done already has its result at once.
   */
  async add(text: string, producer: string): Promise<string | null> {
    const { adding, downloadDir: dir } = this.#engine;
    const asked: Asked = { text, left: new Set(), results: [] };
    try {
      const { ids, finished, rejected } = await adding.addOrResume([{ text }], { dir, producer });
      for (const id of ids) asked.left.add(id);
      for (const stored of finished) {
        if (this.#engine.tellsLater(stored.id)) asked.left.add(stored.id);
        else asked.results.push(resultOfStored(stored));
      }
      if (asked.left.size + asked.results.length === 0) return rejected[0]?.message ?? 'This is no address.';
    } catch (error) {
      if (error instanceof ApiError) return error.message;
      throw error;
    }
    for (const id of asked.left) this.#open.set(id, [...(this.#open.get(id) ?? []), asked]);
    this.#giveIfEnded(asked);
    return null;
  }

  /** Gives the results that a signal allows. False when nobody has asked for this download. */
  heard(signal: Ended | Removed): boolean {
    if (signal.event !== 'removed') return this.#ended(signal.id, resultOf(signal));
    for (const id of signal.ids) this.#ended(id, REMOVED);
    return true;
  }

  #ended(id: DownloadId, result: PythonResult): boolean {
    const asked = this.#open.get(id);
    this.#open.delete(id);
    for (const one of asked ?? []) {
      one.left.delete(id);
      one.results.push(result);
      this.#giveIfEnded(one);
    }
    return asked !== undefined;
  }

  /** The texts that have no result yet. They get none any more. */
  takeBack(): string[] {
    const open = new Set([...this.#open.values()].flat());
    this.#open.clear();
    return [...open].map(({ text }) => text);
  }

  #giveIfEnded({ text, left, results }: Asked): void {
    if (left.size > 0) return;
    const [first] = results;
    const failed = results.find(({ outcome }) => outcome === 'failed');
    // A text may stand for several downloads, of which no path or size is that of all.
    const told = failed ?? (results.length === 1 ? first : undefined);
    this.#give(told ? { ...told, url: text } : { url: text, outcome: 'success' });
  }
}

/** How a download ended, by its own address. */
export function resultOf(signal: Ended): PythonResult {
  const { url } = signal;
  if (signal.event === 'failed') return { url, outcome: 'failed', why: `${signal.code}: ${signal.message}` };
  const { path: file, sizeBytes, sha256 } = signal;
  return { url, outcome: 'success', path: file, sizeBytes, ...(sha256 !== null && { sha256 }) };
}

function resultOfStored({ url, dir, name, place, sizeBytes, sha256 }: Stored): PythonResult {
  return {
    url,
    outcome: 'success',
    // What another machine fetched may be called otherwise there.
    ...(place === '' && { path: path.join(dir, name) }),
    ...(sizeBytes !== null && { sizeBytes }),
    ...(sha256 !== null && { sha256 }),
  };
}
