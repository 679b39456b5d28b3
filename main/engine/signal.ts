// What happens to downloads, as it happens, for faces that tell it line by line.
import type { DownloadId } from '../../shared/download.ts';
import type { FailureCode } from '../../shared/failure.ts';

/** Addresses have their credentials masked; sizes in bytes. */
export type Signal =
  | { event: 'added'; id: DownloadId; url: string }
  | { event: 'started'; id: DownloadId; url: string }
  | {
      event: 'progress';
      id: DownloadId;
      url: string;
      name: string;
      doneBytes: number;
      sizeBytes: number | null;
      bytesPerS: number;
    }
  /** Told once everything about it is known: with its SHA-256, when that is wanted and could be computed. */
  | { event: 'done'; id: DownloadId; url: string; path: string; sizeBytes: number; sha256: string | null }
  | { event: 'failed'; id: DownloadId; url: string; code: FailureCode; message: string }
  /** It cannot go on now but will by itself: no room on the disk, or its server said when to ask again. */
  | { event: 'waiting'; id: DownloadId; url: string; code: FailureCode; message: string }
  /** A person took them off the list before they were done. */
  | { event: 'removed'; ids: DownloadId[] };

/** A listener list: `tell` calls each, `on` returns how to leave. */
export class Listeners<T> {
  readonly #all = new Set<(value: T) => void>();

  get size(): number {
    return this.#all.size;
  }

  on(listener: (value: T) => void): () => void {
    this.#all.add(listener);
    return () => this.#all.delete(listener);
  }

  tell(value: T): void {
    for (const listener of [...this.#all]) listener(value);
  }
}
