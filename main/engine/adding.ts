// From an understood list to entries of the download list: previews that wait for a yes, folders, names, categories.
import fs from 'node:fs';
import path from 'node:path';
import { refusal } from '../../shared/answer.ts';
import type { Preview, Verdict } from '../../shared/api.ts';
import type { DownloadId, NewDownload, Status } from '../../shared/download.ts';
import { systemWhy } from '../../shared/system-why.ts';
import { hostOf, maskCredentials, splitCredentials } from '../../shared/url.ts';
import { because } from '../../shared/why.ts';
import { understand, type Understood } from './intake/intake.ts';
import type { ListSource } from './intake/source.ts';
import { isSums } from './intake/sums.ts';
import { chooseName } from './names.ts';
import type { Sorting } from './sorting.ts';
import type { JournalEntry, Prepared, Store, Stored } from './store/store.ts';
import type { TaskQueue } from './dispatch/task-queue.ts';

/** Previews that nobody said yes or no to are forgotten beyond this many. */
const BATCHES_KEPT = 8;
const LINES_SHOWN = 200;
/** So many addresses of the list are read in the time in which one is looked up. */
const READ_MEANWHILE = 50;
/** Small enough that the first downloads start at once and that what a slice leaves behind is little. */
const SLICE_LINES = 250;

/** What became of a list that was asked for: ids that will run, finished ones, lines that are no download. */
export type Asked = { ids: DownloadId[]; finished: Stored[]; rejected: Verdict[] };

type BatchAdded = { added: number; resumed: number; firstId: number | null };

/** What holds for all of a batch where they do not say so themselves. */
export type Ways = { headers?: Record<string, string>; limitBytesPerS?: number | null } & Pick<
  NewDownload,
  'category' | 'connections' | 'priority' | 'checksum'
>;

/** The folder of a download that is called so before a server has named its file. */
type FolderOf = (download: NewDownload, name: string) => string;

type AddOptions = Ways & { dir?: string | undefined; paused?: boolean; producer: string };

export class Adding {
  readonly #options: {
    store: Store;
    queue: Pick<TaskQueue, 'put'>;
    now: () => number;
    dir: () => string;
    sorting: Sorting;
    listChanged: () => void;
  };
  readonly #batches = new Map<string, Understood>();
  /** What is being put, by address and folder, until it is written down. */
  readonly #underWay = new Map<string, Promise<void>>();
  #lastBatch = 0;

  constructor(options: {
    store: Store;
    queue: Pick<TaskQueue, 'put'>;
    now: () => number;
    /** The folder for downloads that name none and whose category has none. */
    dir: () => string;
    sorting: Sorting;
    listChanged: () => void;
  }) {
    this.#options = options;
  }

  /** Understands lists and keeps what was understood until it is added or discarded. */
  preview(sources: readonly ListSource[], freeBytes: (dir: string) => number | null): Preview {
    const understood = understand(sources, { known: this.#known() });
    const batch = `batch-${++this.#lastBatch}`;
    this.#batches.set(batch, understood);
    for (const old of [...this.#batches.keys()].slice(0, -BATCHES_KEPT)) this.#batches.delete(old);
    const counts = { url: 0, duplicate: 0, known: 0, rejected: 0 };
    for (const { kind } of understood.verdicts) counts[kind]++;
    const { dir: downloadDir, sorting } = this.#options;
    const dir = downloadDir();
    return {
      batch,
      counts,
      lines: understood.verdicts.slice(0, LINES_SHOWN),
      total: understood.verdicts.length,
      checksums: understood.checksums,
      dir,
      freeBytes: freeBytes(dir),
      folders: sorting.foldersOf(understood.downloads, understood.known, freeBytes),
    };
  }

  previewLines(batch: string, only: 'all' | Verdict['kind'], offset: number, limit: number) {
    const { verdicts } = this.#batch(batch);
    const chosen = only === 'all' ? verdicts : verdicts.filter(({ kind }) => kind === only);
    return { lines: chosen.slice(offset, offset + limit), total: chosen.length };
  }

  async addBatch(batch: string, options: AddOptions & { known: boolean; again: boolean }): Promise<BatchAdded> {
    const understood = this.#batch(batch);
    const { downloads, known } = understood;
    // Said twice in a row it is added once; where that fails it can be tried again.
    this.#batches.delete(batch);
    try {
      const { known: alsoKnown, again, ...ways } = options;
      if (again) {
        const dir = usableDir(ways.dir ?? this.#options.dir());
        const { added, resumed } = await this.#addOrGoOn([...downloads, ...known], { ...ways, dir });
        return { added: added.length, resumed: resumed.length, firstId: added[0] ?? null };
      }
      const ids = await this.add(alsoKnown ? [...downloads, ...known] : downloads, ways);
      return { added: ids.length, resumed: 0, firstId: ids[0] ?? null };
    } catch (error) {
      this.#batches.set(batch, understood);
      throw error;
    }
  }

  discard(batch: string): void {
    this.#batches.delete(batch);
  }

  /** Keeps new downloads; throws an ApiError that names the folder or the address when one cannot be used. */
  async add(
    downloads: readonly NewDownload[],
    { dir, paused = false, producer, ...ways }: AddOptions,
  ): Promise<DownloadId[]> {
    if (downloads.length === 0) return [];
    if (ways.checksum && downloads.length > 1) {
      throw refusal('one-checksum', because('one-checksum'));
    }
    const folderOf = this.#folderOf(dir);
    const prepared = downloads.map((download) => {
      return prepare(withWays(download, ways), folderOf, paused ? 'paused' : 'queued', producer);
    });
    return this.#options.queue.put(prepared);
  }

  /**
   * Understands lists for somebody who says the same thing twice to go on: what is new is added, what is in the list
   * already (for this folder) goes on where it was, and a finished one counts while its file is there.
   */
  async addOrResume(sources: readonly ListSource[], options: Ways & { dir: string; producer: string }): Promise<Asked> {
    const { downloads, verdicts } = understand(sources, { known: () => false });
    const { added, resumed, finished } = await this.#addOrGoOn(downloads, { ...options, dir: usableDir(options.dir) });
    const rejected = verdicts.filter(({ kind }) => kind === 'rejected');
    return { ids: [...added, ...resumed], finished, rejected };
  }

  /** The same for what is understood already; `dir` is usable. */
  async #addOrGoOn(
    downloads: readonly NewDownload[],
    { dir, producer, ...ways }: Ways & { dir: string; producer: string },
  ): Promise<{ added: DownloadId[]; resumed: DownloadId[]; finished: Stored[] }> {
    const { store, listChanged } = this.#options;
    // All at once: to look each up by itself would take longer than to understand it.
    const there = store.knownAmong(
      downloads.map(({ url }) => keyOf(url)),
      dir,
    );
    const isKnown = ({ url }: NewDownload) => there.has(keyOf(url)) || this.#underWay.has(placeOf(url, dir));
    const known = downloads.filter(isKnown);
    const fresh = known.length === 0 ? downloads : downloads.filter((download) => !isKnown(download));
    const added = await this.#addOnce(fresh, dir, producer, ways);
    const finished: Stored[] = [];
    const resumed: DownloadId[] = [];
    for (const again of known) {
      const { url } = again;
      // Somebody else put it a moment ago, and it is being written down.
      await this.#underWay.get(placeOf(url, dir));
      const stored = this.#storedAs(url, dir);
      if (!stored) continue;
      if (stored.status === 'done' && isThere(stored)) {
        finished.push(stored);
        continue;
      }
      if (stored.status === 'done') store.forgetContent(stored.id);
      const { headers } = withoutCredentials(withWays(again, ways));
      // Who says it once more may have another login by now.
      if (headers) store.setHeaders(stored.id, headers);
      if (ways.limitBytesPerS != null) store.setLimit(stored.id, ways.limitBytesPerS);
      resumed.push(stored.id);
    }
    if (resumed.length > 0) {
      store.transaction(() => {
        store.list.moveSelected({ ids: resumed }, ['paused', 'failed', 'done'], 'queued');
        if (ways.priority) store.list.setPriority({ ids: resumed }, ways.priority);
      });
      listChanged();
    }
    return { added, resumed, finished };
  }

  /**
   * The same for long lists, a slice at a time: the first downloads start while the rest is still being read. Not with
   * checksum files beside them: whose a name is can only be said when all downloads are known.
   */
  async addOrResumeAll(
    sources: readonly ListSource[],
    options: Ways & { dir: string; producer: string },
  ): Promise<Asked> {
    if (sources.some(isSums)) return this.addOrResume(sources, options);
    const all: Asked = { ids: [], finished: [], rejected: [] };
    for (const source of sources) {
      for (const { slice, line } of slicesOf(source)) {
        const { ids, finished, rejected } = await this.addOrResume([slice], options);
        all.ids.push(...ids);
        all.finished.push(...finished);
        all.rejected.push(...rejected.map((verdict) => ({ ...verdict, line: verdict.line && verdict.line + line })));
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    return all;
  }

  /** After a damaged database: adds what the journal has and the restored list has not, each with the id and the mark that it had. */
  addMissing(entries: readonly JournalEntry[]): void {
    const missing = entries.filter(({ dir, download }) => !this.#options.store.findUrl(keyOf(download.url), dir));
    if (missing.length === 0) return;
    const prepared = missing.map(({ id, mark, dir, download }) => ({
      ...prepare(download, () => dir, 'queued', 'journal'),
      before: id === undefined ? undefined : { id, mark },
    }));
    this.#options.store.add(prepared, this.#options.now());
  }

  /** Tells which addresses the list has; one by one for a few, all at once for many. */
  #known(): (url: string) => boolean {
    const { store } = this.#options;
    const few = store.list.counts().all / READ_MEANWHILE;
    let asked = 0;
    let all: Set<string> | undefined;
    return (url) => {
      if (!all && ++asked <= few) return store.findUrl(keyOf(url)) !== undefined;
      all ??= store.knownUrls();
      return all.has(keyOf(url));
    };
  }

  /** Adds what others, who come before it is written down, are to find in the list already. */
  async #addOnce(downloads: readonly NewDownload[], dir: string, producer: string, ways: Ways): Promise<DownloadId[]> {
    const places = downloads.map(({ url }) => placeOf(url, dir));
    const adding = this.add(downloads, { ...ways, dir, producer });
    const written = adding.then(noop, noop);
    for (const place of places) this.#underWay.set(place, written);
    try {
      return await adding;
    } finally {
      for (const place of places) this.#underWay.delete(place);
    }
  }

  /** The chosen folder for all, else that of each one's category; each is made when it is first needed. */
  #folderOf(chosen: string | undefined): FolderOf {
    const { sorting } = this.#options;
    const usable = new Map<string, string>();
    return (download, name) => {
      const category = chosen ? '' : (download.category ?? sorting.categoryOf(name));
      const folder = usable.get(category) ?? usableDir(chosen || sorting.dirOf(category));
      usable.set(category, folder);
      return folder;
    };
  }

  #storedAs(url: string, dir: string): Stored | undefined {
    const id = this.#options.store.findUrl(keyOf(url), dir);
    return id === undefined ? undefined : this.#options.store.get(id);
  }

  #batch(batch: string): Understood {
    const understood = this.#batches.get(batch);
    if (!understood) throw refusal('no-such-batch', because('list-over'));
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

/** The form in which addresses are compared: the fragment never reaches a server, and who asks does not make another file. */
export function keyOf(url: string): string {
  const bare = splitCredentials(url)?.url ?? url;
  const fragment = bare.indexOf('#');
  return fragment < 0 ? bare : bare.slice(0, fragment);
}

/** With the credentials of its address as a header: addresses are shown, copied and handed on, headers are not. */
function withoutCredentials(download: NewDownload): NewDownload {
  const split = splitCredentials(download.url);
  return split
    ? { ...download, url: split.url, headers: { authorization: split.authorization, ...download.headers } }
    : download;
}

function withWays(download: NewDownload, ways: Ways): NewDownload {
  const { headers = {}, limitBytesPerS, category, connections, priority, checksum } = ways;
  // A list may be very long, and mostly there is nothing to say for all of it.
  const headed = Object.keys(headers).length > 0;
  if (limitBytesPerS == null && !category && !connections && !priority && !checksum && !headed) return download;
  return {
    ...(limitBytesPerS != null && { limitBytesPerS }),
    ...(category !== undefined && { category }),
    ...(connections !== undefined && { connections }),
    ...(priority !== undefined && { priority }),
    ...download,
    ...(checksum && { checksum }),
    ...(headed && { headers: { ...headers, ...download.headers } }),
  };
}

function placeOf(url: string, dir: string): string {
  return `${dir}\0${keyOf(url)}`;
}

function noop(): void {}

/** Whether a finished file still stands where it was kept; one of another size is another file. */
function isThere({ place, dir, name, sizeBytes }: Stored): boolean {
  return place !== '' || fs.statSync(path.join(dir, name), { throwIfNoEntry: false })?.size === sizeBytes;
}

function prepare(asked: NewDownload, folderOf: FolderOf, status: Status, producer: string): Prepared {
  const download = withoutCredentials(asked);
  const host = hostOf(download.url);
  if (host === '') {
    throw refusal('bad-url', because('not-downloadable', { url: maskCredentials(download.url).slice(0, 200) }));
  }
  const name = chooseName({ given: download.name, finalUrl: download.url });
  return { download, urlKey: keyOf(download.url), host, dir: folderOf(download, name), name, status, producer };
}

/** The folder as an absolute path, made if it is missing. Throws an ApiError when it cannot be written. */
export function usableDir(dir: string): string {
  const absolute = path.resolve(dir);
  try {
    fs.mkdirSync(absolute, { recursive: true });
    fs.accessSync(absolute, fs.constants.W_OK);
    return absolute;
  } catch (error) {
    throw refusal('bad-folder', because('dir-unusable', { dir: absolute, because: systemWhy(error) }));
  }
}
