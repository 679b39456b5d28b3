// What is found out about finished files in the background after `done`, one file at a time, over restarts: the SHA-256 of
// those that came without one, and whether those have the checksum that became known later than they.
import fs from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Checksum, DownloadId } from '../../shared/download.ts';
import { fail } from '../../shared/failure.ts';
import { maskCredentials } from '../../shared/url.ts';
import { FetchedSums } from './fetched-sums.ts';
import type { ThreadCounts } from '../../shared/traffic.ts';
import { because, type Why } from '../../shared/why.ts';
import type { Signal } from './signal.ts';
import { isStoreFull } from './store/sql.ts';
import type { Store, Stored } from './store/store.ts';

/** Computes checksums beside the loop. `close` breaks off what it is at; it may be asked again afterwards. */
export type Hasher = {
  hashFile(path: string, algorithm: Checksum['algorithm']): Promise<string>;
  close(): Promise<void>;
  /** How its threads stand. */
  state?: () => ThreadCounts;
};

/** What is known by then is written down this often, in one transaction. */
const COMMIT_MS = 500;
const BATCH = 64;
/** The clock of a file server may be a little ahead of ours. */
const CLOCKS_DIFFER_MS = 5000;
const STORE_FULL_WAIT_MS = 1000;

type Done = Extract<Signal, { event: 'done' }>;
type Options = {
  /** Whether files that finish are to get a SHA-256. */
  wanted: () => boolean;
  now: () => number;
  /** Everything about a download is known now. */
  tell: (signal: Done | Extract<Signal, { event: 'failed' }>) => void;
  /** What is shown of some has changed. */
  changed: () => void;
};
/** `hex` null: the file is gone, or is not what was downloaded any more. */
type Found = { stored: Stored; hex: string | null };

export class HashLater {
  /** Where the later checksums come from. */
  readonly sums: FetchedSums;
  readonly #store: Store;
  readonly #hasher: Hasher | undefined;
  readonly #options: Options;
  /** Done ones of which nothing was told yet, because something is still to come. */
  readonly #untold = new Map<DownloadId, Done>();
  #running: Promise<void> | null = null;
  /** The one that is being hashed. */
  #current: DownloadId | null = null;
  #wasWanted = false;
  #breaks = 0;
  #stopped = false;

  constructor(store: Store, hasher: Hasher | undefined, options: Options) {
    this.#store = store;
    this.#hasher = hasher;
    this.#options = options;
    this.sums = new FetchedSums(store, {
      now: options.now,
      given: () => {
        this.look();
        options.changed();
      },
    });
  }

  /** Whether files that finish now are hashed afterwards. */
  get wanted(): boolean {
    return this.#isAble && this.#options.wanted();
  }

  get #isAble(): boolean {
    return this.#hasher !== undefined && !this.#stopped;
  }

  /** Whether there is something left to hash that will be. */
  get busy(): boolean {
    return this.#running !== null || this.sums.busy;
  }

  /** Goes on with what an earlier start left. */
  start(): void {
    this.sums.start();
    this.look();
  }

  /** Tells of a finished download: at once, or when what is `left` to be found out is known. */
  finished(done: Done, left: boolean): void {
    if (!left || !this.#isLeft(done.id)) return this.#options.tell(done);
    this.#untold.set(done.id, done);
    this.look();
  }

  /** Whether what came of a download is told later, with its hash; then it will be. */
  tellsLater(id: DownloadId): boolean {
    const stored = this.#isLeft(id) ? this.#store.get(id) : undefined;
    if (stored && !this.#untold.has(id)) this.#untold.set(id, doneOf(stored));
    return stored !== undefined;
  }

  /** Starts what is left to do, and breaks off what is not wanted any more. */
  look(): void {
    const { wanted } = this;
    if (this.#current !== null && !this.#isLeft(this.#current)) this.#breakOff();
    if (this.#wasWanted && !wanted) this.#tellUntold((id) => !this.#isLeft(id));
    this.#wasWanted = wanted;
    if (this.#running || this.#next(1).length === 0) return;
    this.#running = this.#run()
      .catch((error: unknown) => this.#giveUp(error))
      .finally(() => {
        this.#running = null;
        // Whoever waits until nothing is left hears of it: the thread's end took its time after the last file was told of.
        this.#options.changed();
      });
  }

  /** Breaks off; the next start goes on. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.sums.stop();
    this.#breakOff();
    await this.#running;
  }

  /** Whether something of it is still to be found out, and will be. */
  #isLeft(id: DownloadId): boolean {
    const left = this.#isAble ? this.#store.hashes.leftOf(id) : null;
    return left === 'check' || (left === 'hash' && this.wanted);
  }

  /** The list could not be read or written, and not for want of room: what is left is tried again when there is more. */
  #giveUp(error: unknown): void {
    process.emitWarning(`No SHA-256 could be kept: ${error instanceof Error ? error.message : String(error)}`);
    this.#tellUntold(() => true);
    this.#options.changed();
  }

  #tellUntold(which: (id: DownloadId) => boolean): void {
    for (const [id, done] of this.#untold) {
      if (!which(id)) continue;
      this.#untold.delete(id);
      this.#options.tell(done);
    }
  }

  #breakOff(): void {
    this.#breaks += 1;
    void this.#hasher?.close();
  }

  async #run(): Promise<void> {
    while (this.#next(1).length > 0) {
      for (let batch = this.#next(BATCH); batch.length > 0; batch = this.#next(BATCH)) await this.#hash(batch);
      // A thread that has nothing to do costs memory all the same.
      await this.#hasher?.close();
    }
  }

  /** Those first that may turn out to be wrong. */
  #next(limit: number): Stored[] {
    const { hashes } = this.#store;
    const checks = this.#isAble ? hashes.nextChecks(limit) : [];
    return checks.length === 0 && this.wanted ? hashes.next(limit) : checks;
  }

  async #hash(batch: readonly Stored[]): Promise<void> {
    const known: Found[] = [];
    const begunAt = performance.now();
    for (const stored of batch) {
      const hashed = await this.#hashOne(stored);
      if (hashed === 'broken-off') break;
      known.push({ stored, ...hashed });
      if (performance.now() - begunAt > COMMIT_MS) break;
    }
    for (const tell of await this.#keep(known)) tell();
    if (known.length > 0) this.#options.changed();
  }

  async #hashOne(stored: Stored): Promise<{ hex: string | null } | 'broken-off'> {
    const { id, dir, name, place, sizeBytes, finishedAt, checkLeft, checksum, sha256: known } = stored;
    const algorithm = (checkLeft && checksum?.algorithm) || 'sha256';
    const alreadyHex = algorithm === 'sha256' ? known : null;
    // What another machine has is not here to be read.
    if (place !== '') return { hex: alreadyHex };
    const file = path.join(dir, name);
    const breaks = this.#breaks;
    this.#current = id;
    try {
      const before = await stat(file);
      const untouched = before.mtimeMs <= (finishedAt ?? 0) + CLOCKS_DIFFER_MS;
      if (!before.isFile() || before.size !== sizeBytes || !untouched) return { hex: null };
      const hex = alreadyHex ?? (await this.#hasher!.hashFile(file, algorithm));
      const after = await stat(file);
      const same = after.ino === before.ino && after.size === before.size && after.mtimeMs === before.mtimeMs;
      return { hex: same ? hex : null };
    } catch {
      return this.#breaks === breaks ? { hex: null } : 'broken-off';
    } finally {
      this.#current = null;
    }
  }

  /** Writes it down. Returns how to tell of it. */
  async #keep(known: readonly Found[]): Promise<(() => void)[]> {
    for (;;) {
      try {
        return this.#store.transaction(() =>
          known.map((found) => (found.stored.checkLeft ? this.#keepCheck(found) : this.#keepHash(found))),
        );
      } catch (error) {
        if (!isStoreFull(error)) throw error;
        if (this.#stopped) return [];
        await new Promise((resolve) => setTimeout(resolve, STORE_FULL_WAIT_MS));
      }
    }
  }

  #keepHash({ stored, hex: sha256 }: Found): () => void {
    if (this.#store.hashes.keep(stored, sha256) && sha256 !== null) this.#note(stored, 'hashed', { sha256 });
    return () => this.#tell(stored, sha256);
  }

  #keepCheck({ stored, hex }: Found): () => void {
    const { hashes } = this.#store;
    const { id, place, checksum } = stored;
    const { algorithm, hex: wanted } = checksum!;
    if (hex !== null && wanted !== undefined && hex !== wanted)
      return this.#keepWrong(stored, because('sum-differs', { algorithm, is: hex, should: wanted }));
    const sha256 = algorithm === 'sha256' ? (hex ?? stored.sha256) : stored.sha256;
    const hashLeft = sha256 === null && place === '' && this.wanted;
    const kept = hashes.keepCheck(stored, { verified: hex !== null || stored.verified, sha256, hashLeft });
    if (kept && hex !== null) this.#note(stored, 'verified', { algorithm, hex });
    // It was done before there was anything to compare, and that was told then.
    return () => !hashLeft && this.#untold.has(id) && this.#tell(stored, sha256);
  }

  /** As if that had been found out before it got its name: it fails, and what is here of it is an unfinished file again. */
  #keepWrong(stored: Stored, why: Why): () => void {
    const { id, dir, name, partName, place } = stored;
    const failure = fail('wrong-checksum', why, 'by-hand');
    const { code, message } = failure;
    if (!this.#store.hashes.keepCheck(stored, { verified: false, sha256: null, hashLeft: false })) return () => {};
    this.#store.forgetContent(id);
    this.#store.setStatus(id, 'failed', failure);
    this.#note(stored, 'failed', { ...why, code });
    return () => {
      this.#untold.delete(id);
      if (place === '') rename(path.join(dir, name), path.join(dir, partName));
      this.#options.tell({ event: 'failed', id, url: maskCredentials(stored.url), code, message });
    };
  }

  #note({ id }: Stored, kind: 'hashed' | 'verified' | 'failed', detail: Record<string, string | number>): void {
    this.#store.events.add(id, { at: this.#options.now(), kind, detail });
  }

  #tell(stored: Stored, sha256: string | null): void {
    const done = this.#untold.get(stored.id) ?? doneOf(stored);
    this.#untold.delete(stored.id);
    this.#options.tell({ ...done, sha256 });
  }
}

function doneOf({ id, url, dir, name, sizeBytes, sha256 }: Stored): Done {
  return {
    event: 'done',
    id,
    url: maskCredentials(url),
    path: path.join(dir, name),
    sizeBytes: sizeBytes ?? 0,
    sha256,
  };
}

function rename(from: string, to: string): void {
  try {
    // Two names of one file would both stay.
    fs.rmSync(to, { force: true });
    fs.renameSync(from, to);
  } catch {
    // It is gone, or may not be moved; what is said of it holds all the same.
  }
}
