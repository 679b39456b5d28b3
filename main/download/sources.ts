// The URLs that have a task's file: its own, then its mirrors. One is asked at a time; one that fails is dropped.
import type { Validators } from '../../shared/download.ts';
import type { Failure, FailureCode } from '../../shared/failure.ts';
import type { Task } from '../../shared/protocol.ts';

/** What another server does not help against. */
const OURS: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'disk-full',
  'disk-error',
  'no-permission',
  'path-too-long',
  'name-taken',
  'part-file-lost',
  'too-many-open-files',
  'wrong-checksum',
  'internal',
]);

export class Sources {
  readonly #urls: string[];
  #at = 0;
  #firstFailure: Failure | null = null;

  constructor({ url, mirrors }: Task) {
    this.#urls = [url, ...mirrors.filter((mirror) => mirror !== url)];
  }

  get url(): string {
    return this.#urls[this.#at]!;
  }

  get isMirror(): boolean {
    return this.#at > 0;
  }

  /** Goes on to the next URL after `failure`. Null, or when none is left the failure to tell: that of the first URL. */
  drop(failure: Failure): Failure | null {
    this.#firstFailure ??= failure;
    if (OURS.has(failure.code)) return failure;
    if (this.#at + 1 >= this.#urls.length) return this.#firstFailure;
    this.#at += 1;
    return null;
  }
}

/** What holds for a mirror of the same content: the length. Another server's tags and dates say nothing about this one's. */
export function asMirrored(kept: Validators | null): Validators | null {
  return kept && { ...kept, etag: null, lastModified: null, date: null, ranges: null };
}
