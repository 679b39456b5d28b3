// A finished file that a worker elsewhere sends back: written in order, found again after a crash, held against its hash, named.
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as v from 'valibot';
import { number } from '../../shared/schema.ts';
import type { Checksum } from '../../shared/download.ts';
import type { Failure } from '../../shared/failure.ts';
import { endOf } from './extents.ts';
import { failureOf, PART_CHANGED } from './failures.ts';
import type { HashFile } from './disk/hashing.ts';
import { PartFile } from './disk/part-file.ts';
import { DirectorySyncs, place } from './disk/placing.ts';
import { verify } from './disk/verify.ts';

/** What comes: where it is gathered, where what is durable of it is noted, and what it has to be. */
export interface ReceivedContent {
  partPath: string;
  notePath: string;
  sizeBytes: number;
  sha256: string;
}

/** How much of which content the file `file` durably holds from its beginning. */
const Note = v.object({ file: v.string(), sha256: v.string(), sizeBytes: number(), durableBytes: number() });

/** Opens what was received before of the same content, or begins anew. A failure is the disk's. */
export function receiver(hashFile: HashFile) {
  const directories = new DirectorySyncs();
  return async (content: ReceivedContent): Promise<Received | { failure: Failure }> => {
    try {
      return await Received.open(content, hashFile, directories);
    } catch (error) {
      return { failure: failureOf(error) };
    }
  };
}

class Received {
  readonly #content: ReceivedContent;
  readonly #part: PartFile;
  readonly #hashFile: HashFile;
  readonly #directories: DirectorySyncs;
  #at: number;
  #note: number | null = null;

  private constructor(content: ReceivedContent, part: PartFile, hashFile: HashFile, directories: DirectorySyncs) {
    this.#content = content;
    this.#part = part;
    this.#hashFile = hashFile;
    this.#directories = directories;
    this.#at = endOf(part.written);
    let fd: number | null = null;
    part.onWritten = (_, partFd) => (fd = partFd);
    part.onDurable = (extents) => {
      if (fd !== null) this.#remember(fd, endOf(extents));
    };
  }

  static async open(content: ReceivedContent, hashFile: HashFile, directories: DirectorySyncs): Promise<Received> {
    const { partPath } = content;
    const before = await PartFile.open(partPath, [], (fd) => noted(fd, content));
    if (before && endOf(before.written) > 0) return new Received(content, before, hashFile, directories);
    await before?.close();
    return new Received(content, (await PartFile.create(partPath, true))!, hashFile, directories);
  }

  /** How many bytes from the beginning are here. */
  get at(): number {
    return this.#at;
  }

  /** Takes the next bytes. */
  async write(bytes: Uint8Array): Promise<Failure | null> {
    try {
      await this.#part.write([bytes], bytes.length, this.#at);
      this.#at += bytes.length;
      return null;
    } catch (error) {
      return failureOf(error);
    }
  }

  /**
   * Makes all of it durable and holds it against its hash and the download's own checksum. `wrong`: it is something else;
   * `stopped`: the signal fired, and nothing writes to it any more.
   */
  async complete(checksum: Checksum | null, signal: AbortSignal): Promise<Failure | 'wrong' | 'stopped' | null> {
    try {
      if (!(await this.#part.seal(this.#content.sizeBytes)) || !(await this.#part.isInPlace())) return PART_CHANGED;
      if (signal.aborted) return 'stopped';
      // To read a big file takes long, and those who wait for its end need not wait for that.
      const stopped = new Promise<'stopped'>((resolve) => {
        signal.addEventListener('abort', () => resolve('stopped'), { once: true });
      });
      return await Promise.race([this.#compare(checksum), stopped]);
    } catch (error) {
      return failureOf(error);
    }
  }

  async #compare(checksum: Checksum | null): Promise<'wrong' | null> {
    const { sizeBytes, sha256, partPath } = this.#content;
    if ((await this.#hashFile(partPath, 'sha256')) !== sha256) return 'wrong';
    // One that was compared already need not be again.
    const own = checksum?.algorithm === 'sha256' && checksum.hex === sha256 ? null : checksum;
    return (await verify(partPath, sizeBytes, own, this.#hashFile)) ? 'wrong' : null;
  }

  /** Gives it its name, durably; `taken` when another file has it. */
  async place(targetPath: string): Promise<'placed' | 'taken' | Failure> {
    try {
      const placed = await place(this.#content.partPath, targetPath, this.#part.folder);
      if (placed === 'placed') await this.#directories.sync(dirname(targetPath));
      return placed;
    } catch (error) {
      return failureOf(error);
    }
  }

  /** Keeps what is here for the next time. */
  async close(): Promise<void> {
    await this.#part.settle();
    await this.#part.flush().catch(() => {});
    await this.#part.close();
    if (this.#note !== null) closeSync(this.#note);
    this.#note = null;
  }

  /** Takes the part file's own name away, and the note: it has its final name, or it was wrong. */
  async remove(): Promise<void> {
    await this.close();
    const { partPath, notePath } = this.#content;
    for (const file of [partPath, notePath]) await unlink(file).catch(() => {});
  }

  /** Only ever a help: where it cannot be written, the next time begins at zero. */
  #remember(fd: number, durableBytes: number): void {
    const { notePath, sha256, sizeBytes } = this.#content;
    try {
      if (this.#note === null) {
        mkdirSync(dirname(notePath), { recursive: true });
        this.#note = openSync(notePath, 'w', 0o600);
      }
      // Numbers only grow, so that no rest of an earlier note follows; one call in one page is whole or not there.
      writeSync(this.#note, JSON.stringify({ file: fileOf(fd), sha256, sizeBytes, durableBytes }), 0);
    } catch {
      // As above.
    }
  }
}

function noted(fd: number, { notePath, sha256, sizeBytes }: ReceivedContent): [number, number][] {
  try {
    const note = v.parse(Note, JSON.parse(readFileSync(notePath, 'utf8')));
    const same = note.file === fileOf(fd) && note.sha256 === sha256 && note.sizeBytes === sizeBytes;
    if (same && note.durableBytes > 0 && note.durableBytes <= sizeBytes) return [[0, note.durableBytes]];
  } catch {
    // None, or one of something else.
  }
  // It would not fit what comes now.
  try {
    unlinkSync(notePath);
  } catch {
    // There was none.
  }
  return [];
}

function fileOf(fd: number): string {
  const { dev, ino } = fstatSync(fd, { bigint: true });
  return `${dev}:${ino}`;
}
