// What a session knows of the content it fetches: what each answer is held against, and grows with the good ones.
import type { Validators } from '../../shared/download.ts';
import { fail, type Failure } from '../../shared/failure.ts';
import { hostOf } from '../../shared/url.ts';
import { because } from '../../shared/why.ts';
import { endsWithLine, isCombinable, isHtml, isHtmlInstead, validatorsOf, type Head } from './answers.ts';

/** Endings of names that a server never means to be a page. */
const NOT_A_PAGE =
  /\.(zip|gz|bz2|xz|zst|7z|rar|tar|tgz|iso|img|exe|msi|dmg|pkg|deb|rpm|apk|jar|bin|mp3|mp4|mkv|avi|mov|flac|ogg|wav|webm|pdf|epub|jpe?g|png|gif|webp)$/i;

export interface Expectations {
  url: string;
  /** What was known of the content that the server had before; null when there was none. */
  formerly: Validators | null;
  hasChecksum: boolean;
}

export class KnownContent {
  /** Null until the first good answer. */
  kept: Validators | null;
  /** The size of a body that came without a length, once it ended properly. */
  #endedAt: number | null = null;
  #endsWithLine = false;
  readonly #expected: Expectations;

  constructor(kept: Validators | null, expected: Expectations) {
    this.kept = kept;
    this.#expected = expected;
  }

  /** The size, as told or as found at the end; null while it is open. */
  get totalBytes(): number | null {
    return this.#endedAt ?? this.kept?.totalBytes ?? null;
  }

  /** Whether anything else said where the file ends than the end of the line that it came by. */
  get endTold(): boolean {
    return !this.#endsWithLine || (this.kept?.totalBytes ?? null) !== null;
  }

  /** Whether answers can say by a strong tag that they are of this content. */
  get isCombinable(): boolean {
    return this.kept !== null && isCombinable(this.kept);
  }

  /** Learns from a good answer. Returns why it is not the file that was asked for, or null. */
  learn(head: Head): Failure | null {
    const seen = validatorsOf(head, head.status === 206 ? true : null);
    this.#endsWithLine = endsWithLine(head);
    if (this.kept === null) {
      if (this.#isPageInstead(head))
        return fail('needs-new-link', because('page-instead', { host: hostOf(head.url) }), 'by-hand');
      this.kept = seen;
      return null;
    }
    const totalBytes = this.kept.totalBytes ?? seen.totalBytes;
    const { etag, lastModified, date } = this.kept.etag === null && this.kept.lastModified === null ? seen : this.kept;
    const ranges = seen.ranges ?? this.kept.ranges;
    this.kept = { ...this.kept, etag, lastModified, date, totalBytes, finalUrl: head.url, ranges };
    return null;
  }

  /** The server sent the whole where a range was asked for. */
  learnNoRanges(): void {
    if (this.kept) this.kept = { ...this.kept, ranges: false };
  }

  /** Where the file ends became clear without its being told. */
  learnTotal(totalBytes: number): void {
    this.#endedAt = totalBytes;
  }

  #isPageInstead(head: Head): boolean {
    if (!isHtml(head.headers.get('content-type')) || head.headers.has('content-disposition')) return false;
    const { url, formerly, hasChecksum } = this.#expected;
    if (hasChecksum) return true;
    return formerly === null ? NOT_A_PAGE.test(new URL(url).pathname) : isHtmlInstead(formerly, head);
  }
}
