// Judges a server's answer to a request at an offset, against what was kept of the content (RFC 9110 13.1.5, 14.4, 15.3.7).
import type { Validators } from '../../shared/download.ts';
import { because, type Why } from '../../shared/why.ts';
import { digestOf } from './disk/digests.ts';

/** The head of an answer. Header names are lower case. */
export interface Head {
  status: number;
  headers: ReadonlyMap<string, string>;
  /** The URL that answered, after redirects. */
  url: string;
  redirected: boolean;
}

export type ContentRange = { start: number; end: number; totalBytes: number | null };

/** `bytes 0-99/1000` as `[start, end)`; null when the unit is not bytes or it makes no sense. */
export function parseContentRange(value: string | undefined): ContentRange | null {
  const match = /^\s*bytes[ =:]\s*(\d{1,15})\s*-\s*(\d{1,15})\s*\/\s*(\d{1,15}|\*)\s*$/i.exec(value ?? '');
  if (!match) return null;
  const [start, last] = [Number(match[1]), Number(match[2])];
  const totalBytes = match[3] === '*' ? null : Number(match[3]);
  if (last < start || (totalBytes !== null && last >= totalBytes)) return null;
  return { start, end: last + 1, totalBytes };
}

// The N of `bytes */N` in a 416; null when it is not told.
export function parseUnsatisfied(value: string | undefined): number | null {
  const match = /^\s*bytes\s+\*\/(\d{1,15})\s*$/i.exec(value ?? '');
  return match ? Number(match[1]) : null;
}

/** Retry-After, seconds or an HTTP date, as ms from `nowMs`; null when absent or unreadable. Never negative. */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | null {
  const text = value?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  if (!/[a-z]/i.test(text)) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}

/** Content-Length of a body that is the file itself; null when the length is not told or is not the file's. */
export function bodyLength(head: Head): number | null {
  if (head.headers.has('transfer-encoding') || encodingOf(head)) return null;
  const value = head.headers.get('content-length') ?? '';
  return /^\d{1,15}$/.test(value) ? Number(value) : null;
}

/**
 * Whether the body ends where the connection does (RFC 9112 6.3). Then nobody can say that it came whole: Node tells a line
 * that broke in TLS, without its close_notify, by the same `end` as a proper one.
 */
export function endsWithLine(head: Head): boolean {
  return !head.headers.has('transfer-encoding') && !head.headers.has('content-length') && encodingOf(head) === null;
}

/** The encoding a body came in although identity was asked; null when it came plain. */
export function encodingOf(head: Head): string | null {
  const value = (head.headers.get('content-encoding') ?? '').trim().toLowerCase();
  return value === '' || value === 'identity' ? null : value;
}

/** What an answer with data says of the content. `totalBytes` from Content-Range or Content-Length. */
export function validatorsOf(head: Head, ranges: boolean | null): Validators {
  const range = head.status === 206 ? parseContentRange(head.headers.get('content-range')) : null;
  // Of a body that came encoded it is the encoded one's.
  const digest = encodingOf(head) ? null : digestOf(head.headers, head.status === 200);
  return {
    etag: head.headers.get('etag') ?? null,
    lastModified: head.headers.get('last-modified') ?? null,
    date: head.headers.get('date') ?? null,
    totalBytes: head.status === 206 ? (range?.totalBytes ?? null) : bodyLength(head),
    finalUrl: head.url,
    contentType: head.headers.get('content-type') ?? null,
    ranges,
    ...(digest && { digest }),
  };
}

/**
 * What may go into If-Range: a strong ETag, or, when there is no ETag at all, a Last-Modified at least a second older
 * than its Date (RFC 9110 8.8.2.2). Null when neither is there: then only comparing bytes helps.
 */
export function strongValidator(kept: Validators): string | null {
  return kept.etag === null ? strongDate(kept) : strongTag(kept);
}

function strongTag({ etag }: Validators): string | null {
  return etag !== null && /^"[^"]*"$/.test(etag) ? etag : null;
}

function strongDate({ lastModified, date }: Validators): string | null {
  if (lastModified === null || date === null) return null;
  return Date.parse(lastModified) + 1000 <= Date.parse(date) ? lastModified : null;
}

/**
 * Whether parts of the two answers may be put together unseen: both have the same strong ETag or, where what was kept has
 * none, the same strong Last-Modified (RFC 9110 15.3.7.3).
 */
function vouches(kept: Validators, seen: Validators): boolean {
  if (strongTag(kept) !== null) return seen.etag === kept.etag;
  return strongDate(kept) !== null && seen.lastModified === kept.lastModified;
}

/** Whether what was kept has something by which parts of several answers may be put together without a common byte. */
export function isCombinable(kept: Validators): boolean {
  return vouches(kept, kept);
}

/** Why `seen` cannot be the content that was kept; null when nothing speaks against it. */
export function contradiction(kept: Validators, seen: Validators): Why | null {
  if (kept.totalBytes !== null && seen.totalBytes !== null && kept.totalBytes !== seen.totalBytes) {
    return because('length-changed', { was: kept.totalBytes, is: seen.totalBytes });
  }
  if (kept.digest && kept.digest.algorithm === seen.digest?.algorithm && kept.digest.hex !== seen.digest.hex) {
    const { algorithm, hex: was = '' } = kept.digest;
    return because('checksum-changed', { algorithm, was, is: seen.digest.hex ?? '' });
  }
  if (kept.etag !== null && seen.etag !== null) {
    return kept.etag === seen.etag ? null : because('etag-changed', { was: kept.etag, is: seen.etag });
  }
  if (kept.lastModified !== null && seen.lastModified !== null && kept.lastModified !== seen.lastModified) {
    return because('date-changed', { was: kept.lastModified, is: seen.lastModified });
  }
  return null;
}

/** Whether an HTML page came where another kind of content was kept. */
export function isHtmlInstead(kept: Validators, head: Head): boolean {
  return (
    isHtml(head.headers.get('content-type')) && !isHtml(kept.contentType ?? undefined) && kept.contentType !== null
  );
}

export function isHtml(contentType: string | undefined): boolean {
  return /^\s*(text\/html|application\/xhtml\+xml)\b/i.test(contentType ?? '');
}

export type Verdict =
  /** The body's first byte belongs at `start`; it promises to go up to `end` (null: unknown). */
  | { kind: 'body'; start: number; end: number | null }
  /** The whole file from 0: it takes no ranges. */
  | { kind: 'whole' }
  | { kind: 'changed'; why: Why }
  /** It may be of another content: only bytes that are here already can tell. */
  | { kind: 'unvouched'; why: Why }
  /** 416, and the file ends exactly at `totalBytes`. */
  | { kind: 'complete'; totalBytes: number }
  /** The answer is of no use; a fresh request may be. */
  | { kind: 'useless'; why: Why }
  | { kind: 'gone' }
  | { kind: 'busy'; retryAfterMs: number | null }
  | { kind: 'trouble' }
  | { kind: 'html' }
  | { kind: 'refused' };

/**
 * What was asked: a range from `offset`, or (null) the plain file; `onDiskBytes` is where the known part of the file ends.
 * `compares`: some of what was asked for is here already, or nothing is that it could be mixed with.
 */
export interface Asked {
  offset: number | null;
  onDiskBytes: number;
  compares: boolean;
}

/** The table of answers. `kept` is null for the first answer ever. */
export function judge(asked: Asked, head: Head, kept: Validators | null, nowMs: number): Verdict {
  const { status } = head;
  if (status === 206 || status === 200) {
    if (kept && isHtmlInstead(kept, head)) return { kind: 'html' };
    if (status === 206) return judgePartial(asked, head, kept);
    const why = kept && contradiction(kept, validatorsOf(head, false));
    if (why) return { kind: 'changed', why };
    return asked.offset === null ? { kind: 'body', start: 0, end: bodyLength(head) } : { kind: 'whole' };
  }
  if (status === 416) return judgeUnsatisfied(asked, head, kept);
  if (status === 429 || status === 503) {
    // A date is by the server's clock: ours may be wrong.
    const serverMs = Date.parse(head.headers.get('date') ?? '');
    const retryAfterMs = parseRetryAfter(head.headers.get('retry-after'), Number.isNaN(serverMs) ? nowMs : serverMs);
    return { kind: 'busy', retryAfterMs };
  }
  if (status === 408 || status === 425 || status >= 500) return { kind: 'trouble' };
  if (status === 401 || status === 403 || status === 404 || status === 410) return { kind: 'gone' };
  return { kind: 'refused' };
}

const UNVOUCHED: Verdict = { kind: 'unvouched', why: because('part-unvouched') };

function judgePartial(asked: Asked, head: Head, kept: Validators | null): Verdict {
  const range = parseContentRange(head.headers.get('content-range'));
  if (asked.offset === null) return { kind: 'useless', why: because('part-for-whole') };
  if (!range) return { kind: 'useless', why: because('part-unlabelled') };
  if (encodingOf(head)) return { kind: 'useless', why: because('part-encoded') };
  const seen = validatorsOf(head, true);
  const why = kept && contradiction(kept, seen);
  if (why) return { kind: 'changed', why };
  if (range.start > asked.offset)
    return { kind: 'useless', why: because('part-starts-late', { late: range.start - asked.offset }) };
  if (kept && !asked.compares && !vouches(kept, seen)) return UNVOUCHED;
  const length = bodyLength(head);
  const end = length === null ? range.end : Math.min(range.end, range.start + length);
  return { kind: 'body', start: range.start, end };
}

function judgeUnsatisfied(asked: Asked, head: Head, kept: Validators | null): Verdict {
  const totalBytes = parseUnsatisfied(head.headers.get('content-range'));
  if (asked.offset === null || totalBytes === null) return { kind: 'useless', why: because('range-refused') };
  const seen = { ...validatorsOf(head, true), totalBytes };
  const why = kept && contradiction(kept, seen);
  if (why) return { kind: 'changed', why };
  if (totalBytes === asked.onDiskBytes && asked.offset === totalBytes) {
    return kept && !vouches(kept, seen) ? UNVOUCHED : { kind: 'complete', totalBytes };
  }
  return { kind: 'changed', why: because('size-now', { bytes: totalBytes }) };
}
