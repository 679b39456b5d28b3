// Checksums of files on the disk, beside the loop that moves bytes.
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import type { Checksum } from '../../shared/download.ts';

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

/** What goes to the hashing thread and what comes back. */
export interface HashJob {
  number: number;
  path: string;
  algorithm: Algorithm;
  start: number;
  end: number;
}
export type HashResult = { number: number; hex: string } | { number: number; error: string; code: string | undefined };

/** Hashes in one thread of its own, started at the first use; `entry` is the script that runs there. */
export class HashThread {
  readonly #entry: string | URL;
  #thread: Worker | null = null;
  #count = 0;
  readonly #waiting = new Map<number, { resolve: (hex: string) => void; reject: (error: Error) => void }>();

  constructor(entry: string | URL) {
    this.#entry = entry;
  }

  readonly hashFile: HashFile = (path, algorithm, start = 0, end = Infinity) => {
    const thread = (this.#thread ??= this.#start());
    const number = (this.#count += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      thread.postMessage({ number, path, algorithm, start, end } satisfies HashJob);
    });
  };

  async close(): Promise<void> {
    await this.#thread?.terminate();
  }

  #start(): Worker {
    const thread = new Worker(this.#entry);
    thread.on('message', (result: HashResult) => {
      const asked = this.#waiting.get(result.number);
      this.#waiting.delete(result.number);
      if ('hex' in result) asked?.resolve(result.hex);
      else asked?.reject(Object.assign(new Error(result.error), { code: result.code }));
    });
    const lost = (cause: unknown): void => {
      this.#thread = null;
      const error = new Error('The hashing thread ended', { cause });
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    };
    thread.on('error', lost);
    thread.on('exit', lost);
    thread.unref();
    return thread;
  }
}
