// Checksum files that are downloads themselves: once one is here, its lines hold for the other downloads of its folder.
import path from 'node:path';
import type { DownloadId } from '../../shared/download.ts';
import { readList } from './intake/source.ts';
import { isSums, isSumsName, readSums, sumBeside, type Sums } from './intake/sums.ts';
import type { Unchecked } from './store/hash-table.ts';
import type { Prepared, Store, Stored } from './store/store.ts';

/**
 * What was added no further apart than this came by one list: another day the folder may hold other files of the same names.
 */
const ONE_LIST_MS = 3_600_000;
/** What is longer only has the name of one. */
const MAX_BYTES = 8 << 20;

type Here = { id: DownloadId; dir: string; folder: string; addedAt: number; sums: Sums };

export class FetchedSums {
  readonly #store: Store;
  readonly #options: { now: () => number; given: () => void };
  /** Those that downloads added from now on may be named in, by the folders that they come from and go to. */
  readonly #here = new Map<string, Here[]>();
  #reading = 0;
  #stopped = false;

  /** `given`: some were given a checksum, or none of a file. */
  constructor(store: Store, options: { now: () => number; given: () => void }) {
    this.#store = store;
    this.#options = options;
  }

  /** Whether one is being read. */
  get busy(): boolean {
    return this.#reading > 0;
  }

  /** Takes up those of lists that may have been cut short. */
  start(): void {
    for (const stored of this.#store.hashes.sumsSince(this.#options.now() - ONE_LIST_MS)) this.fetched(stored);
  }

  /** What is being read is left to the next start. */
  stop(): void {
    this.#stopped = true;
  }

  /** Whether a download is a checksum file, going by its address or its name. */
  static is({ url, name }: Pick<Stored, 'url' | 'name'>): boolean {
    return isSumsName(nameIn(url)) || isSumsName(name);
  }

  /** A checksum file is here. */
  fetched({ id, url, dir, name, addedAt, sizeBytes }: Stored): void {
    if (sizeBytes === null || sizeBytes > MAX_BYTES) return;
    this.#reading += 1;
    const fileName = isSumsName(nameIn(url)) ? nameIn(url) : name;
    void readList(path.join(dir, name))
      .then((source) => {
        if (this.#stopped || !('text' in source)) return;
        const file = { text: source.text, fileName };
        const { sums } = isSums(file) ? readSums([file]) : { sums: null };
        if (!sums || sums.size === 0) return;
        const here = { id, dir, folder: folderOf(url), addedAt, sums };
        this.#keep(here);
        this.#give(here, this.#store.hashes.withoutChecksum({ ...here, withinMs: ONE_LIST_MS }));
      })
      .catch((error: unknown) => this.#warn(error))
      .finally(() => {
        this.#reading -= 1;
        this.#options.given();
      });
  }

  /** More downloads: of a long list the first ones are done before the last ones are read. */
  added(tasks: readonly Prepared[], ids: readonly DownloadId[]): void {
    if (this.#here.size === 0) return;
    this.#forgetOld();
    const fresh = new Map<Here, Unchecked[]>();
    for (const [index, { download, dir }] of tasks.entries()) {
      const { url, name = null, checksum } = download;
      if (checksum) continue;
      for (let folder = folderOf(url); folder !== ''; folder = folderAbove(folder)) {
        for (const here of this.#here.get(keyOf(dir, folder)) ?? []) {
          const one = { id: ids[index]!, url, name };
          if (!fresh.get(here)?.push(one)) fresh.set(here, [one]);
        }
      }
    }
    try {
      for (const [here, downloads] of fresh) this.#give(here, downloads);
    } catch (error) {
      this.#warn(error);
    }
    if (fresh.size > 0) this.#options.given();
  }

  #keep(here: Here): void {
    const key = keyOf(here.dir, here.folder);
    this.#here.set(key, [...(this.#here.get(key) ?? []).filter(({ id }) => id !== here.id), here]);
  }

  #forgetOld(): void {
    const since = this.#options.now() - ONE_LIST_MS;
    for (const [key, all] of this.#here) {
      const left = all.filter(({ addedAt }) => addedAt >= since);
      if (left.length > 0) this.#here.set(key, left);
      else this.#here.delete(key);
    }
  }

  /** The next start tries again. */
  #warn(error: unknown): void {
    process.emitWarning(`Checksums could not be kept: ${error instanceof Error ? error.message : String(error)}`);
  }

  #give({ id: own, folder, sums }: Here, downloads: readonly Unchecked[]): void {
    this.#store.transaction(() => {
      for (const { id, url, name } of downloads) {
        const checksum = id === own ? null : sumBeside(sums, folder, { url, ...(name !== null && { name }) });
        if (checksum) this.#store.hashes.giveChecksum(id, checksum);
      }
    });
  }
}

function keyOf(dir: string, folder: string): string {
  return `${dir}\0${folder}`;
}

/** The address of the folder that a file's address is in. */
function folderOf(url: string): string {
  return url.replace(/[?#].*$/s, '').replace(/[^/]*$/, '');
}

/** The one above; empty when there is none. */
function folderAbove(folder: string): string {
  const above = folder.replace(/[^/]*\/$/, '');
  return /^\w+:\/\/[^/]+\//.test(above) ? above : '';
}

function nameIn(url: string): string {
  const name = url.replace(/[?#].*$/s, '').replace(/^.*\//s, '');
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
