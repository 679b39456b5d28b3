// The unfinished file: writes at offsets, flushes in time, knows which bytes are durable.
import {
  close,
  closeSync,
  constants,
  fdatasync,
  fstat,
  fstatSync,
  fsync,
  ftruncate,
  lstatSync,
  open,
  openSync,
} from 'node:fs';
import { lstat, mkdir, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { Extent } from '../../../shared/download.ts';
import { readAll, writeAll } from './at-offset.ts';
import { addExtent, bytesIn, endOf, without, type Extents } from '../extents.ts';
import { folderOf, mustBeIn, NO_FOLLOW } from './folder.ts';
import { quickly } from './in-place.ts';

/** No more than this is ever written but not yet durable and claimed. */
const UNCLAIMED_MAX_BYTES = 32 << 20;
/** A little less than the second that is promised, because the flush itself takes time. */
const UNCLAIMED_MAX_MS = 800;
/** Where flushes are quick they come often, so that a crash costs little; they take a twentieth of the time at most. */
const UNCLAIMED_MIN_MS = 50;
const FLUSH_SHARE = 20;

const openFile = promisify(open);
const statFile = promisify(fstat);
const syncData = promisify(fdatasync);
const syncAll = promisify(fsync);
const truncate = promisify(ftruncate);
const closeFile = promisify(close);

const EXACT = { bigint: true } as const;

export class PartFile {
  /** Called with all that is written, durable or not: after each write, of which the first is `anew`, and when some of it was dropped. */
  onWritten: ((extents: Extents, fd: number, anew: boolean) => void) | null = null;
  /** Called after each flush with all that is durable. */
  onDurable: ((extents: Extent[]) => void) | null = null;
  /** Called when a write or flush failed; nothing more is written then. */
  onError: ((error: unknown) => void) | null = null;
  /** Called when a flush failed: what is not durable by then may be lost, whatever the system says of it afterwards. */
  onLost: (() => void) | null = null;
  /** Where its folder really is. */
  readonly folder: string;
  #path: string;
  readonly #fd: number;
  #written: Extent[];
  #durable: Extent[];
  #receivedBytes: number;
  /** Not durable yet: about to be written, written, and being flushed. */
  #writingBytes = 0;
  #unclaimedBytes = 0;
  #flushingBytes = 0;
  /** Why nothing more is written or claimed: a later flush would succeed all the same, and make nothing durable. */
  #broken: { error: unknown } | null = null;
  #writesRunning = 0;
  #isWritten = false;
  /** How often something was dropped. */
  #drops = 0;
  #idle: (() => void)[] = [];
  #waitingForWrite: (() => void)[] = [];
  #flush: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #flushDelayMs = UNCLAIMED_MIN_MS;
  #closed = false;

  private constructor(path: string, folder: string, fd: number, extents: Extents) {
    this.#path = path;
    this.folder = folder;
    this.#fd = fd;
    this.#written = [...extents];
    this.#durable = [...extents];
    this.#receivedBytes = bytesIn(extents);
  }

  /**
   * Makes an empty part file. Where something has the name already: null, or with `replace` it is put in its place.
   * Rejects with the system's error.
   */
  static async create(path: string, replace: boolean): Promise<PartFile | null> {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | NO_FOLLOW;
    for (let tries = 0; ; tries += 1) {
      try {
        const folder = await folderOf(path);
        const open = (): number => openSync(path, flags, 0o666);
        return new PartFile(path, folder, await quickly(open, () => openFile(path, flags, 0o666)), []);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EEXIST' && !replace) return null;
        if (tries > 1) throw error;
        // Removing the name is right for a link, too: what it points to stays as it is.
        if (code === 'EEXIST') await unlink(path);
        else if (code === 'ENOENT') await mkdir(dirname(path), { recursive: true });
        else throw error;
      }
    }
  }

  /**
   * Opens a part file that should hold `extents`; null when it is missing, shorter, or something else stands there.
   * `noted` tells what else was written to it, though perhaps not durably; null: this file is not the one it was written to.
   */
  static async open(path: string, extents: Extents, noted?: (fd: number) => Extents | null): Promise<PartFile | null> {
    let folder: string;
    let fd: number;
    try {
      folder = await folderOf(path);
      fd = await openFile(path, constants.O_RDWR | NO_FOLLOW);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ELOOP' || code === 'EISDIR' || code === 'ENOTDIR') return null;
      throw error;
    }
    const stats = await statFile(fd);
    const more = noted ? noted(fd) : [];
    if (stats.isFile() && stats.size >= endOf(extents) && more) {
      const part = new PartFile(path, folder, fd, extents);
      for (const [start, end] of more) if (end <= stats.size) part.#found(start, end);
      return part;
    }
    await closeFile(fd);
    return null;
  }

  /** Bytes that are there but not claimed yet; the next flush does that. */
  #found(start: number, end: number): void {
    const before = bytesIn(this.#written);
    this.#written = addExtent(this.#written, start, end);
    this.#unclaimedBytes += bytesIn(this.#written) - before;
    this.#receivedBytes = bytesIn(this.#written);
    if (this.#unclaimedBytes > 0) this.#flushSoon(UNCLAIMED_MIN_MS);
  }

  get path(): string {
    return this.#path;
  }

  get written(): Extents {
    return this.#written;
  }

  get durable(): Extent[] {
    return this.#durable;
  }

  /** Bytes of the file that have arrived, written or about to be. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Writes `pieces`, together `byteCount`, at `position`. Resolves when the pieces may be reused. */
  async write(pieces: readonly Uint8Array[], byteCount: number, position: number): Promise<void> {
    this.#throwIfBroken();
    this.#receivedBytes += byteCount;
    this.#writesRunning += 1;
    let writingBytes = 0;
    try {
      while (!this.#hasRoomFor(byteCount)) await this.#oneLess();
      writingBytes = byteCount;
      this.#writingBytes += byteCount;
      await writeAll(this.#fd, pieces, byteCount, position);
      this.#throwIfBroken();
      this.#written = addExtent(this.#written, position, position + byteCount);
      this.#unclaimedBytes += byteCount;
      this.onWritten?.(this.#written, this.#fd, !this.#isWritten);
      this.#isWritten = true;
      // Begun half-way, so that writing need not wait where flushing keeps up.
      if (this.#unclaimedBytes >= UNCLAIMED_MAX_BYTES / 2 && !this.#flush) this.#flushSoon(0);
      else if (!this.#timer) this.#flushSoon(this.#flushDelayMs);
    } catch (error) {
      this.onError?.(error);
      throw error;
    } finally {
      this.#writingBytes -= writingBytes;
      this.#writesRunning -= 1;
      this.#waitingForWrite.splice(0).forEach((resolve) => resolve());
      if (this.#writesRunning === 0) this.#idle.splice(0).forEach((resolve) => resolve());
    }
  }

  /** One write alone may be as large as it likes. */
  #hasRoomFor(byteCount: number): boolean {
    const notDurable = this.#writingBytes + this.#unclaimedBytes + this.#flushingBytes;
    return notDurable === 0 || notDurable + byteCount <= UNCLAIMED_MAX_BYTES || this.#closed;
  }

  /** Resolves when something more is durable, or one of the writes under way is done. */
  #oneLess(): Promise<void> {
    if (this.#unclaimedBytes > 0 || this.#flush) return this.flush();
    return new Promise((resolve) => this.#waitingForWrite.push(resolve));
  }

  #throwIfBroken(): void {
    if (this.#broken) throw this.#broken.error;
  }

  /** Counts nothing any more but what is durable. */
  #break(error: unknown): void {
    this.#broken = { error };
    this.#written = [...this.#durable];
    this.#receivedBytes = bytesIn(this.#durable);
    this.#unclaimedBytes = 0;
    this.onLost?.();
  }

  /** Reads into `buffer` from `position`. Returns how many bytes were there. */
  read(buffer: Uint8Array, position: number): Promise<number> {
    return readAll(this.#fd, buffer, position);
  }

  /** Resolves when no write is running. */
  settle(): Promise<void> {
    return this.#writesRunning === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Makes durable what is written by now, then says so through `onDurable`. */
  async flush(): Promise<void> {
    while (this.#flush) await this.#flush;
    this.#throwIfBroken();
    if (this.#unclaimedBytes === 0 || this.#closed) return;
    this.#flush = this.#flushOnce().finally(() => (this.#flush = null));
    await this.#flush;
  }

  async #flushOnce(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    // Taken before the call: a write that ends while it runs may have missed it.
    const written = this.#written;
    const drops = this.#drops;
    this.#flushingBytes = this.#unclaimedBytes;
    this.#unclaimedBytes = 0;
    const begunMs = performance.now();
    try {
      await syncData(this.#fd);
    } catch (error) {
      this.#break(error);
      throw error;
    } finally {
      this.#flushingBytes = 0;
    }
    const tookMs = performance.now() - begunMs;
    this.#flushDelayMs = Math.min(Math.max(tookMs * FLUSH_SHARE, UNCLAIMED_MIN_MS), UNCLAIMED_MAX_MS);
    // What was dropped meanwhile may stand there anew by now, and not durably: the next flush tells of the rest.
    if (drops !== this.#drops) return;
    this.#durable = written;
    this.onDurable?.(written);
  }

  #flushSoon(delayMs: number): void {
    if (this.#timer) {
      if (delayMs > 0) return;
      clearTimeout(this.#timer);
    }
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.flush().catch((error: unknown) => this.onError?.(error));
    }, delayMs);
  }

  /** Makes the finished file durable, all `sizeBytes` of it. False when the file on the disk is shorter. */
  async seal(sizeBytes: number): Promise<boolean> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    while (this.#flush) await this.#flush;
    this.#throwIfBroken();
    const { size } = await quickly(
      () => fstatSync(this.#fd),
      () => statFile(this.#fd),
    );
    if (size < sizeBytes) return false;
    if (size > sizeBytes) await truncate(this.#fd, sizeBytes);
    try {
      await syncAll(this.#fd);
    } catch (error) {
      this.#break(error);
      throw error;
    }
    this.#unclaimedBytes = 0;
    this.#durable = this.#written;
    return true;
  }

  /** Whether its name still leads to what was written, and not to what another program put there. Rejects like `mustBeIn`. */
  async isInPlace(): Promise<boolean> {
    const here = fstatSync(this.#fd, EXACT);
    const there = await quickly(
      () => lstatSync(this.#path, EXACT),
      () => lstat(this.#path, EXACT),
    ).catch(() => null);
    if (there?.dev === here.dev && there.ino === here.ino) return true;
    await mustBeIn(this.folder, this.#path);
    return false;
  }

  /** Counts nothing but `extents` of what is written any more, and says what of that is durable. */
  keepOnly(extents: Extents): void {
    this.#drops += 1;
    this.#written = [...extents];
    this.#durable = without(this.#durable, without(this.#durable, extents));
    this.#receivedBytes = bytesIn(extents);
    this.#unclaimedBytes = this.#receivedBytes - bytesIn(this.#durable);
    if (this.#unclaimedBytes > 0) this.#flushSoon(this.#flushDelayMs);
    this.onWritten?.(this.#written, this.#fd, true);
    this.onDurable?.(this.#durable);
  }

  /** Takes the place of the file at `path`, at once and without a moment in which neither is there. */
  async moveTo(path: string): Promise<void> {
    await rename(this.#path, path);
    this.#path = path;
  }

  /** Closes it after the last write; flushes nothing. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    await this.settle();
    await this.#flush?.catch(() => {});
    await quickly(
      () => closeSync(this.#fd),
      () => closeFile(this.#fd),
    );
  }
}
