// Checksums of files on the disk, beside the loop that moves bytes.
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { Checksum } from '../../../shared/download.ts';
import type { ThreadCounts } from '../../../shared/traffic.ts';
import { ThreadPool } from './thread-pool.ts';

type Algorithm = Checksum['algorithm'];

/** Hashes `[start, end)` of a file, to its end when `end` is not given; lower-case hex. Rejects with the system's error. */
export type HashFile = (path: string, algorithm: Algorithm, start?: number, end?: number) => Promise<string>;

const CHUNK_BYTES = 1 << 20;

/** Reads and hashes in chunks, on the calling thread. */
export const hashHere: HashFile = async (path, algorithm, start = 0, end = Infinity) => {
  const hash = createHash(algorithm);
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let at = start; at < end;) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(CHUNK_BYTES, end - at), at);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
  return hash.digest('hex');
};

/** What goes to a hashing thread; `background`: it gives way to everything else on the machine. */
export type HashJob = { path: string; algorithm: Algorithm; start: number; end: number; background?: boolean };

/** Hashes in threads of its own; `entry` is the script that runs there. */
export class HashThreads {
  readonly #pool: ThreadPool<HashJob, string>;

  constructor(entry: string | URL, processes?: number) {
    this.#pool = new ThreadPool(entry, processes);
  }

  readonly hashFile: HashFile = (path, algorithm, start = 0, end = Infinity) =>
    this.#pool.apply({ path, algorithm, start, end });

  readonly state = (): ThreadCounts => this.#pool.state();

  close(): Promise<void> {
    return this.#pool.terminate();
  }
}

/** Hashes one whole file at a time in a thread that gives way to everything else. */
export class BackgroundHash {
  readonly #entry: string | URL;
  #pool: ThreadPool<HashJob, string> | null = null;

  constructor(entry: string | URL) {
    this.#entry = entry;
  }

  readonly hashFile = (path: string, algorithm: Algorithm): Promise<string> => {
    this.#pool ??= new ThreadPool(this.#entry, 1);
    return this.#pool.apply({ path, algorithm, start: 0, end: Infinity, background: true });
  };

  readonly state = (): ThreadCounts => this.#pool?.state() ?? { threads: 0, busy: 0, waiting: 0 };

  /** Ends the thread and breaks off what it is at; the next file starts another. */
  async close(): Promise<void> {
    const pool = this.#pool;
    this.#pool = null;
    await pool?.terminate();
  }
}
