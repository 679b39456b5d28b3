// From an understood list to entries of the download list: previews that wait for a yes, folders, names, categories.
import fs from 'node:fs';
import path from 'node:path';
import { ApiError, type Preview, type Verdict } from '../../shared/api.ts';
import { categoryOf } from '../../shared/category.ts';
import type { DownloadId, NewDownload, Status } from '../../shared/download.ts';
import { hostOf, maskCredentials } from '../../shared/url.ts';
import { understand, type Understood } from './intake.ts';
import type { ListSource } from './intake-source.ts';
import { chooseName } from './names.ts';
import type { Prepared, Store, Stored } from './store/store.ts';
import type { Tap } from './tap.ts';

/** Previews that nobody said yes or no to are forgotten beyond this many. */
const BATCHES_KEPT = 8;
const LINES_SHOWN = 200;
const ASKED_SINGLY = 2000;
const SLICE_LINES = 1000;

/** What became of a list that was asked for: ids that will run, finished ones, lines that are no download. */
export type Asked = { ids: DownloadId[]; finished: Stored[]; rejected: Verdict[] };

type AddOptions = { dir?: string | undefined; paused?: boolean; producer: string };

export class Adding {
  readonly #options: {
    store: Store;
    tap: Tap;
    now: () => number;
    dir: () => string;
    added: (rows: { id: DownloadId; url: string }[]) => void;
  };
  readonly #batches = new Map<string, Understood>();
  #lastBatch = 0;

  constructor(options: {
    store: Store;
    tap: Tap;
    now: () => number;
    /** The folder for downloads that name none. */
    dir: () => string;
    added: (rows: { id: DownloadId; url: string }[]) => void;
  }) {
    this.#options = options;
  }

  /** Understands lists and keeps what was understood until it is added or discarded. */
  preview(sources: readonly ListSource[], freeBytes: (dir: string) => number | null): Preview {
    const understood = understand(sources, { known: this.#known(null) });
    const batch = `batch-${++this.#lastBatch}`;
    this.#batches.set(batch, understood);
    for (const old of [...this.#batches.keys()].slice(0, -BATCHES_KEPT)) this.#batches.delete(old);
    const counts = { url: 0, duplicate: 0, known: 0, rejected: 0 };
    for (const { kind } of understood.verdicts) counts[kind]++;
    const dir = this.#options.dir();
    return {
      batch,
      counts,
      lines: understood.verdicts.slice(0, LINES_SHOWN),
      total: understood.verdicts.length,
      dir,
      freeBytes: freeBytes(dir),
    };
  }

  previewLines(batch: string, only: 'all' | Verdict['kind'], offset: number, limit: number) {
    const { verdicts } = this.#batch(batch);
    const chosen = only === 'all' ? verdicts : verdicts.filter(({ kind }) => kind === only);
    return { lines: chosen.slice(offset, offset + limit), total: chosen.length };
  }

  addBatch(batch: string, options: AddOptions & { known: boolean }): { added: number; firstId: number | null } {
    const { downloads, known } = this.#batch(batch);
    const ids = this.add(options.known ? [...downloads, ...known] : downloads, options);
    this.#batches.delete(batch);
    return { added: ids.length, firstId: ids[0] ?? null };
  }

  discard(batch: string): void {
    this.#batches.delete(batch);
  }

  /** Keeps new downloads; throws an ApiError that names the folder or the address when one cannot be used. */
  add(downloads: readonly NewDownload[], { dir, paused = false, producer }: AddOptions): DownloadId[] {
    if (downloads.length === 0) return [];
    const folder = usableDir(dir || this.#options.dir());
    const prepared = downloads.map((download) => prepare(download, folder, paused ? 'paused' : 'queued'));
    const { store, tap, now } = this.#options;
    const ids = store.add(prepared, producer, now());
    tap.produced(producer, ids.length);
    for (const [index, id] of ids.slice(0, 100).entries()) {
      tap.saw(
        `${producer} > task queue`,
        { kind: 'put', url: maskCredentials(downloads[index]!.url) } as { kind: string },
        id,
      );
    }
    this.#options.added(ids.map((id, index) => ({ id, url: maskCredentials(downloads[index]!.url) })));
    return ids;
  }

  /**
   * Understands lists for somebody who says the same thing twice to go on: what is new is added, what is in the list
   * already (for this folder) goes on where it was, and a finished one counts while its file is there.
   */
  addOrResume(sources: readonly ListSource[], { dir, producer }: { dir: string; producer: string }): Asked {
    const { store, added } = this.#options;
    const folder = usableDir(dir);
    const find = (url: string) => store.findUrl(keyOf(url), folder);
    const understood = understand(sources, { known: this.#known(folder) });
    const ids = this.add(understood.downloads, { dir: folder, producer });
    const finished: Stored[] = [];
    const resumed: DownloadId[] = [];
    for (const { url } of understood.known) {
      const stored = store.get(find(url)!)!;
      const there = stored.place !== '' || fs.existsSync(path.join(stored.dir, stored.name));
      if (stored.status === 'done' && there) {
        finished.push(stored);
        continue;
      }
      if (stored.status === 'done') store.forgetContent(stored.id);
      resumed.push(stored.id);
    }
    store.transaction(() => store.list.moveSelected({ ids: resumed }, ['paused', 'failed', 'done'], 'queued'));
    added([]);
    const rejected = understood.verdicts.filter(({ kind }) => kind === 'rejected');
    return { ids: [...ids, ...resumed], finished, rejected };
  }

  /** The same for long lists, a slice at a time: the first downloads start while the rest is still being read. */
  async addOrResumeAll(sources: readonly ListSource[], options: { dir: string; producer: string }): Promise<Asked> {
    const all: Asked = { ids: [], finished: [], rejected: [] };
    for (const source of sources) {
      for (const { slice, line } of slicesOf(source)) {
        const { ids, finished, rejected } = this.addOrResume([slice], options);
        all.ids.push(...ids);
        all.finished.push(...finished);
        all.rejected.push(...rejected.map((verdict) => ({ ...verdict, line: verdict.line && verdict.line + line })));
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    return all;
  }

  /** After a damaged database: adds what the journal has and the restored list has not. */
  addMissing(entries: readonly { dir: string; download: NewDownload }[]): void {
    const missing = entries.filter(({ download }) => !this.#options.store.findUrl(keyOf(download.url)));
    if (missing.length === 0) return;
    const prepared = missing.map(({ dir, download }) => prepare(download, dir, 'queued'));
    this.#options.store.add(prepared, 'journal', this.#options.now());
  }

  /** Tells which addresses the list has, in `dir` or anywhere; one by one for a few, all at once for many. */
  #known(dir: string | null): (url: string) => boolean {
    const { store } = this.#options;
    let asked = 0;
    let all: Set<string> | undefined;
    return (url) => {
      if (!all && ++asked <= ASKED_SINGLY) return store.findUrl(keyOf(url), dir) !== undefined;
      all ??= store.knownUrls(dir);
      return all.has(keyOf(url));
    };
  }

  #batch(batch: string): Understood {
    const understood = this.#batches.get(batch);
    if (!understood)
      throw new ApiError('no-such-batch', 'This list was added or discarded already. Drop it once more.');
    return understood;
  }
}

/** Plain text in slices of whole lines, each with the number of lines before it; any other list in one piece. */
function* slicesOf(source: ListSource): Iterable<{ slice: ListSource; line: number }> {
  if (
    !('text' in source) ||
    !/^(?:[^.]*|.*\.(?:txt|urls))$/i.test(source.fileName ?? '') ||
    /^\s*[<[{]/.test(source.text)
  ) {
    yield { slice: source, line: 0 };
    return;
  }
  const { text } = source;
  let line = 0;
  for (let start = 0; start < text.length;) {
    let end = start;
    let lines = 0;
    while (lines < SLICE_LINES && end < text.length) {
      const found = text.indexOf('\n', end);
      end = found < 0 ? text.length : found + 1;
      lines++;
    }
    yield { slice: { ...source, text: text.slice(start, end) }, line };
    start = end;
    line += lines;
  }
}

/** The form in which addresses are compared: the fragment never reaches a server. */
export function keyOf(url: string): string {
  return url.replace(/#.*$/s, '');
}

function prepare(download: NewDownload, dir: string, status: Status): Prepared {
  const host = hostOf(download.url);
  if (host === '') {
    throw new ApiError(
      'bad-url',
      `${maskCredentials(download.url).slice(0, 200)} is no address that can be downloaded.`,
    );
  }
  const name = chooseName({ given: download.name, finalUrl: download.url });
  return { download, urlKey: keyOf(download.url), host, dir, name, category: categoryOf(name), status };
}

/** The folder as an absolute path, made if it is missing. Throws an ApiError when it cannot be written. */
export function usableDir(dir: string): string {
  const absolute = path.resolve(dir);
  try {
    fs.mkdirSync(absolute, { recursive: true });
    fs.accessSync(absolute, fs.constants.W_OK);
    return absolute;
  } catch (error) {
    throw new ApiError('bad-folder', `${absolute} cannot be used as the download folder: ${reasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EACCES':
    case 'EPERM':
      return 'Sluice may not write there.';
    case 'EROFS':
      return 'it is on a read-only disk.';
    case 'EEXIST':
    case 'ENOTDIR':
      return 'it, or a part of its path, is a file.';
    case 'ENAMETOOLONG':
      return 'its path is longer than this system takes.';
    case 'ENOSPC':
      return 'the disk is full.';
    default:
      return (error as Error).message;
  }
}
