// The SHA-256 of finished files that came without one: in the background after `done`, one file at a time, over restarts.
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { DownloadId } from '../../shared/download.ts';
import { maskCredentials } from '../../shared/url.ts';
import type { Signal } from './signal.ts';
import { isStoreFull } from './store/sql.ts';
import type { Store, Stored } from './store/store.ts';

/** Computes checksums beside the loop. `close` breaks off what it is at; it may be asked again afterwards. */
export type Hasher = {
  hashFile(path: string, algorithm: 'sha256'): Promise<string>;
  close(): Promise<void>;
};

/** What is known by then is written down this often, in one transaction. */
const COMMIT_MS = 500;
const BATCH = 64;
/** The clock of a file server may be a little ahead of ours. */
const CLOCKS_DIFFER_MS = 5000;
const STORE_FULL_WAIT_MS = 1000;

type Done = Extract<Signal, { event: 'done' }>;

export class HashLater {
  readonly #store: Store;
  readonly #hasher: Hasher | undefined;
  readonly #options: { wanted: () => boolean; now: () => number; tell: (done: Done) => void; changed: () => void };
  /** Done ones of which nothing was told yet, because their hash is still to come. */
  readonly #untold = new Map<DownloadId, Done>();
  #running: Promise<void> | null = null;
  /** The one that is being hashed. */
  #current: DownloadId | null = null;
  #breaks = 0;
  #stopped = false;

  /** `tell`: everything about a download is known now. `changed`: what is shown of some has changed. */
  constructor(
    store: Store,
    hasher: Hasher | undefined,
    options: { wanted: () => boolean; now: () => number; tell: (done: Done) => void; changed: () => void },
  ) {
    this.#store = store;
    this.#hasher = hasher;
    this.#options = options;
  }

  /** Whether files that finish now are hashed afterwards. */
  get wanted(): boolean {
    return this.#hasher !== undefined && !this.#stopped && this.#options.wanted();
  }

  /** Whether there is something left to hash that will be. */
  get busy(): boolean {
    return this.#running !== null;
  }

  /** Tells of a finished download: at once, or when its hash is known. */
  finished(done: Done, hashLeft: boolean): void {
    if (!hashLeft) return this.#options.tell(done);
    this.#untold.set(done.id, done);
    this.look();
  }

  /** Whether what came of a download is told later, with its hash. */
  tellsLater(id: DownloadId): boolean {
    return this.wanted && this.#store.hashes.isLeft(id);
  }

  /** Starts what is left to do, and breaks off what is not wanted any more. */
  look(): void {
    if (this.#current !== null && !(this.wanted && this.#store.hashes.isLeft(this.#current))) this.#breakOff();
    if (this.wanted) {
      this.#running ??= this.#run()
        .catch((error: unknown) => this.#giveUp(error))
        .finally(() => (this.#running = null));
      return;
    }
    this.#tellUntold();
  }

  /** The list could not be read or written, and not for want of room: what is left is tried again when there is more. */
  #giveUp(error: unknown): void {
    process.emitWarning(`No SHA-256 could be kept: ${error instanceof Error ? error.message : String(error)}`);
    this.#tellUntold();
    this.#options.changed();
  }

  #tellUntold(): void {
    for (const done of this.#untold.values()) this.#options.tell(done);
    this.#untold.clear();
  }

  /** Breaks off; the next start goes on. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#breakOff();
    await this.#running;
  }

  #breakOff(): void {
    this.#breaks += 1;
    void this.#hasher?.close();
  }

  async #run(): Promise<void> {
    while (this.#next().length > 0) {
      for (let batch = this.#next(); batch.length > 0; batch = this.#next()) await this.#hash(batch);
      // A thread that has nothing to do costs memory all the same.
      await this.#hasher?.close();
    }
  }

  #next(): Stored[] {
    return this.wanted ? this.#store.hashes.next(BATCH) : [];
  }

  async #hash(batch: readonly Stored[]): Promise<void> {
    const known: { stored: Stored; sha256: string | null }[] = [];
    const begunAt = performance.now();
    for (const stored of batch) {
      const hashed = await this.#hashOne(stored);
      if (hashed === 'broken-off') break;
      known.push({ stored, ...hashed });
      if (performance.now() - begunAt > COMMIT_MS) break;
    }
    await this.#keep(known);
    for (const { stored, sha256 } of known) this.#tell(stored, sha256);
    if (known.length > 0) this.#options.changed();
  }

  /** Null for a file that is gone, or is not what was downloaded any more. */
  async #hashOne({ id, dir, name, sizeBytes, finishedAt }: Stored): Promise<{ sha256: string | null } | 'broken-off'> {
    const file = path.join(dir, name);
    const breaks = this.#breaks;
    this.#current = id;
    try {
      const before = await stat(file);
      const untouched = before.mtimeMs <= (finishedAt ?? 0) + CLOCKS_DIFFER_MS;
      if (!before.isFile() || before.size !== sizeBytes || !untouched) return { sha256: null };
      const sha256 = await this.#hasher!.hashFile(file, 'sha256');
      const after = await stat(file);
      const same = after.ino === before.ino && after.size === before.size && after.mtimeMs === before.mtimeMs;
      return { sha256: same ? sha256 : null };
    } catch {
      return this.#breaks === breaks ? { sha256: null } : 'broken-off';
    } finally {
      this.#current = null;
    }
  }

  async #keep(known: readonly { stored: Stored; sha256: string | null }[]): Promise<void> {
    for (;;) {
      try {
        return this.#store.transaction(() => {
          for (const { stored, sha256 } of known) {
            if (!this.#store.hashes.keep(stored, sha256) || sha256 === null) continue;
            this.#store.events.add(stored.id, { at: this.#options.now(), kind: 'hashed', detail: { sha256 } });
          }
        });
      } catch (error) {
        if (!isStoreFull(error)) throw error;
        if (this.#stopped) return;
        await new Promise((resolve) => setTimeout(resolve, STORE_FULL_WAIT_MS));
      }
    }
  }

  #tell({ id, url, dir, name, sizeBytes }: Stored, sha256: string | null): void {
    const file = path.join(dir, name);
    const fresh: Done = { event: 'done', id, url: maskCredentials(url), path: file, sizeBytes: sizeBytes ?? 0, sha256 };
    const done = this.#untold.get(id) ?? fresh;
    this.#untold.delete(id);
    this.#options.tell({ ...done, sha256 });
  }
}
