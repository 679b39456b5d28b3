// What to do when a request brought no bytes: try again and when, step aside, use the first URL once more, or give up.
import type { Extent } from '../../shared/download.ts';
import { fail, type Failure } from '../../shared/failure.ts';
import { hostOf } from '../../shared/url.ts';
import { because, type Why } from '../../shared/why.ts';
import type { Head, Verdict } from './answers.ts';
import type { SessionEnd, SessionOptions } from './session-contract.ts';
import type { Source, Sources } from './sources.ts';

export type Next =
  | { kind: 'again'; afterMs: number }
  /** This connection is over; the others go on. */
  | { kind: 'leave' }
  | { kind: 'end'; end: SessionEnd };

export interface Situation {
  url: string;
  host: string;
  /** No other connection to this source is open. */
  alone: boolean;
  /** Its answer brought bytes that were not here, before it broke. */
  hasBrought: boolean;
}

const BACKOFF_MS = 250;
const BACKOFF_MAX_MS = 30_000;
/** A longer wait than this is the engine's to keep; the place in the worker is given to another download. */
const WAIT_HERE_MAX_MS = 60_000;
/** Where another source has the file, one is not tried and waited for so long. */
const TRIES_WITH_OTHERS = 3;
const WAIT_WITH_OTHERS_MS = 5000;

export class Refusals {
  /** The URL that redirects led to has expired: ask the first one. */
  useOriginal = false;
  /** A good answer came in this session. */
  gives = false;
  readonly #o: SessionOptions;
  readonly #source: Source;
  #inARow = 0;
  #uselessInARow = 0;

  constructor(options: SessionOptions, source: Source) {
    this.#o = options;
    this.#source = source;
  }

  progressed(): void {
    this.#inARow = 0;
    this.#uselessInARow = 0;
  }

  /** Counts an answer that fits no rule. True when ranges had their chance with this server. */
  useless(): boolean {
    this.#uselessInARow += 1;
    return this.#uselessInARow >= 2;
  }

  failed(failure: Failure, situation: Situation): Next {
    if (failure.retry !== 'soon') return { kind: 'end', end: { kind: 'failed', failure } };
    // Some break off what is one too many.
    if (failure.code === 'reset' && this.gives && !situation.hasBrought) this.#learnCap(situation.host);
    if (!situation.alone) return { kind: 'leave' };
    return this.#retry(failure, null);
  }

  answered(verdict: Verdict, head: Head, situation: Situation): Next {
    const { status } = head;
    const failure = fail('http-status', statusMeans(head.url, status), 'soon', { httpStatus: status });
    switch (verdict.kind) {
      case 'busy':
        return this.#busy(failure, verdict.retryAfterMs, situation);
      case 'trouble':
        return situation.alone ? this.#retry(failure, null) : { kind: 'leave' };
      case 'useless':
        return situation.alone
          ? this.#retry(
              fail('bad-response', because('cannot-be-used', { host: situation.host, because: verdict.why }), 'soon'),
              null,
            )
          : { kind: 'leave' };
      case 'gone':
        return this.#gone(head, situation);
      case 'html':
        if (!situation.alone) return { kind: 'leave' };
        return this.#end(fail('needs-new-link', because('page-instead', { host: hostOf(head.url) }), 'by-hand'));
      default:
        return this.#end({ ...failure, retry: 'by-hand' });
    }
  }

  #busy(failure: Failure, retryAfterMs: number | null, situation: Situation): Next {
    const cap = this.#learnCap(situation.host);
    if (!situation.alone) return { kind: 'leave' };
    // Other downloads hold this host's places: the next one that is free is waited for.
    if (cap !== null && !this.#o.world.hosts.hasRoom(situation.host)) return { kind: 'again', afterMs: 0 };
    return this.#retry(failure, retryAfterMs);
  }

  /** It would not have one more connection than are open. Null when that is no news. */
  #learnCap(host: string): number | null {
    const cap = this.#o.world.hosts.refused(host);
    if (cap !== null) this.#o.report.hostCap(host, cap);
    return cap;
  }

  #gone(head: Head, situation: Situation): Next {
    const { part } = this.#o;
    const { status } = head;
    if ((head.redirected || situation.url !== this.#source.url) && !this.useOriginal) {
      this.useOriginal = true;
      this.#o.report.event('link-expired', { status });
      return { kind: 'again', afterMs: 0 };
    }
    const more = { httpStatus: status };
    const isOver = fail('needs-new-link', because('link-is-over', { host: hostOf(head.url), status }), 'by-hand', more);
    // It was good a moment ago: some say so to one connection too many.
    if (status === 403 && this.gives) return this.#busy(isOver, null, situation);
    if (!situation.alone) return { kind: 'leave' };
    if (part.receivedBytes > 0) return this.#end(isOver);
    const code = status === 401 ? 'needs-login' : status === 403 ? 'http-status' : 'not-found';
    return this.#end(fail(code, statusMeans(head.url, status), 'by-hand', more));
  }

  #retry(failure: Failure, retryAfterMs: number | null): Next {
    this.#inARow += 1;
    const { sources, world } = this.#o;
    const hasOthers = sources.all.some((source) => source !== this.#source && !source.dropped);
    const tries = Math.min(world.settings.maxRetries, hasOthers ? TRIES_WITH_OTHERS : Infinity);
    const waitMaxMs = hasOthers ? WAIT_WITH_OTHERS_MS : WAIT_HERE_MAX_MS;
    if (this.#inARow > tries) return this.#end(failure);
    if (retryAfterMs !== null && retryAfterMs > waitMaxMs) return this.#end({ ...failure, retryAfterMs });
    const backoffMs = Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** (this.#inARow - 1)) * (0.5 + Math.random());
    const jitterMs = Math.random() * 100;
    const afterMs = Math.round(retryAfterMs === null ? backoffMs : retryAfterMs + jitterMs);
    const { code, message, said, httpStatus: status = null } = failure;
    this.#o.report.event('retrying', { ...said, code, message, status, afterMs });
    return { kind: 'again', afterMs };
  }

  #end(failure: Failure): Next {
    return { kind: 'end', end: { kind: 'failed', failure } };
  }
}

/** The session ends because the content is another one; `mixed`: bytes of it may have been written. */
export function changed(why: Why, mixed: boolean): Next {
  return { kind: 'end', end: { kind: 'changed', why, mixed } };
}

/** What it means that `source` has other bytes than those that are here in `range`. */
export function differs(sources: Sources, source: Source, range: Extent, mixed: boolean): Next {
  const why = because('bytes-differ');
  const distrusted = sources.distrusted(source, range);
  if (distrusted.size === 0) return changed(why, mixed);
  return { kind: 'end', end: { kind: 'distrusted', sources: distrusted, why } };
}

/** What it means that one source came to an end: `failed`, when that is its own affair and others may go on. */
export function endOfSource(end: SessionEnd, source: Source, sources: Sources): SessionEnd {
  if (end.kind !== 'changed') return end;
  const isMain = source === sources.main;
  // What it brought before may have been of that, too.
  if (!isMain && source.brought.length > 0) return { kind: 'distrusted', sources: new Set([source]), why: end.why };
  if (isMain && (!sources.isStranger || end.mixed)) return end;
  // A mirror that never had what is kept: that is no news of the file.
  return {
    kind: 'failed',
    failure: fail('changed-on-server', because('mirror-differs', { because: end.why }), 'soon'),
  };
}

/** What it means that an answer brings no file. */
function statusMeans(url: string, status: number): Why {
  const host = hostOf(url);
  switch (status) {
    case 401:
      return because('wants-login', { host });
    case 403:
      return because('forbids', { host });
    case 404:
    case 410:
      return because('has-not', { host, status });
    case 407:
      return because('proxy-wants-login', { host });
    case 429:
    case 503:
      return because('busy', { host, status });
    default:
      return status === 408 || status === 425 || status >= 500
        ? because('has-trouble', { host, status })
        : because('answered-otherwise', { host, status });
  }
}
