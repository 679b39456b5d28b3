// One source as a session uses it: what is known of its content, what it refused, and the connections it has.
import type { Validators } from '../../shared/download.ts';
import type { Ask, Attempt, AttemptEnd } from './attempt.ts';
import { exchangeOf } from './exchange.ts';
import { KnownContent } from './known-content.ts';
import { Refusals } from './refusals.ts';
import type { Bucket } from './limits.ts';
import type { SessionOptions } from './session-contract.ts';
import { RESERVED_BYTES, type Segment } from './segments.ts';
import { hostOf, type Source } from './sources.ts';
import { TELL_WAIT_MS, type Waits } from './waits.ts';

/** After a connection too many was refused or broke, so long passes before this source gets another; longer each time. */
const FULL_MS = 4000;

export class Feed {
  readonly source: Source;
  readonly content: KnownContent;
  readonly refusals: Refusals;
  /** Requests in flight. */
  readonly attempts = new Set<Attempt>();
  /** `untried`: none of its bytes was compared yet. `checking`: that is under way. `open`: it may fetch. `out`: it does not any more. */
  phase: 'untried' | 'checking' | 'open' | 'out' = 'untried';
  /** Connections that it has, those included that wait after a refusal. */
  connections = 0;
  /** Of those, how many wait. */
  resting = 0;
  /** For how many looks in a row it was far slower than another. */
  slowLooks = 0;
  /** What each of its connections brought lately, on average; 0 when that is not known. */
  bytesPerSEach = 0;
  readonly #o: SessionOptions;
  /** Of its last answer. */
  #status = 0;
  #fullUntil = 0;
  #fullMs = FULL_MS;
  #shares: readonly Bucket[] | null = null;
  #passed: readonly Bucket[] = [];

  constructor(options: SessionOptions, source: Source, kept: Validators | null) {
    this.#o = options;
    this.source = source;
    const { task, formerly } = options;
    this.content = new KnownContent(kept, { url: source.url, formerly, hasChecksum: task.checksum !== null });
    this.refusals = new Refusals(options, source);
  }

  /** Connections that fetch or are about to. */
  get busy(): number {
    let leaving = 0;
    for (const attempt of this.attempts) if (attempt.leaves) leaving += 1;
    return this.phase === 'checking' || this.phase === 'untried' ? 0 : this.connections - this.resting - leaving;
  }

  /** Where it is asked: where redirects led to, once an answer from there was good. */
  get url(): string {
    const { kept } = this.content;
    return this.phase === 'open' && !this.refusals.useOriginal && kept ? kept.finalUrl : this.source.url;
  }

  /** Takes the speed of its connections now into the mean. */
  look(): void {
    if (this.attempts.size === 0 || this.phase !== 'open') return;
    let sum = 0;
    for (const { segment } of this.attempts) sum += segment.bytesPerS;
    const now = sum / this.attempts.size;
    this.bytesPerSEach = this.bytesPerSEach === 0 ? now : this.bytesPerSEach * 0.8 + now * 0.2;
  }

  /** The limits that hold for it: the download's own, its host's, everybody's. */
  get #buckets(): readonly Bucket[] {
    const shares = this.#o.world.shares.of(this.source.url);
    // Asked for at each read: made anew only where the shares are others.
    if (shares !== this.#shares) {
      this.#shares = shares;
      this.#passed = [this.#o.bucket, ...shares];
    }
    return this.#passed;
  }

  /** Whether it comes slowly because it should. */
  get isLimited(): boolean {
    return this.#buckets.some(({ bytesPerS }) => bytesPerS !== null);
  }

  /** Whether it may be given one more connection, as far as it was seen. */
  hasRoom(nowMs: number): boolean {
    return this.resting === 0 && nowMs >= this.#fullUntil && this.#o.world.hosts.hasRoom(hostOf(this.url));
  }

  /** One of its connections was turned away or broke: no further one soon. */
  stepDown(nowMs: number): void {
    this.#fullUntil = nowMs + this.#fullMs;
    this.#fullMs *= 2;
  }

  /** Waits before one of its connections asks again; says so when no other source fetches and the wait is long. */
  async rest(ms: number, waits: Waits, isAlone: boolean): Promise<void> {
    const tells = isAlone && ms >= TELL_WAIT_MS;
    if (tells) this.#o.report.waiting({ until: Date.now() + ms, reason: 'retry' });
    this.resting += 1;
    await waits.sleep(ms);
    this.resting -= 1;
    if (tells) this.#o.report.waiting(null);
  }

  /** Ranges work on the direct lane: what still comes from here the slow way is fetched by it, too. */
  moveToDirect(): void {
    for (const attempt of this.attempts) {
      if (attempt.lane === 'fetch' && attempt.segment.end - attempt.segment.pos > 2 * RESERVED_BYTES) attempt.stop();
    }
  }

  /** Breaks off what it fetches; what has arrived is written. */
  stop(): void {
    for (const attempt of this.attempts) attempt.stop();
  }

  /** Waits for a place at the host; says so when it has no other connection and the wait is long. */
  async #enter(waits: Waits, host: string): Promise<boolean> {
    const { world, report } = this.#o;
    if (this.attempts.size > 0 || world.hosts.hasRoom(host)) return waits.enter(world.hosts, host);
    let told = false;
    const timer = setTimeout(() => {
      told = true;
      report.waiting({ until: null, reason: 'place' });
    }, TELL_WAIT_MS);
    const entered = await waits.enter(world.hosts, host);
    clearTimeout(timer);
    if (told) report.waiting(null);
    return entered;
  }

  /** Asks for a segment and takes what comes. Null when the session ended before its turn came. */
  async fetch(
    attempt: Attempt,
    waits: Waits,
    ask: Omit<Ask, 'url' | 'owner' | 'segment' | 'kept' | 'part' | 'buckets' | 'key' | 'ask'>,
  ): Promise<AttemptEnd | null> {
    const { task, world, part } = this.#o;
    const { url } = this;
    const host = hostOf(url);
    if (!(await this.#enter(waits, host))) return null;
    this.attempts.add(attempt);
    try {
      return await attempt.run({
        ...ask,
        url,
        owner: { url: task.url, headers: task.headers },
        segment: attempt.segment,
        kept: this.content.kept,
        part,
        buckets: () => this.#buckets,
        key: task.id,
        onBody: (answer, start) => {
          const isGood = ask.onBody(answer, start);
          this.refusals.gives ||= isGood;
          return isGood;
        },
        ask: async (request) => {
          const answer = await world.ask(request);
          if (answer.head.status !== this.#status) this.#o.report.exchange(exchangeOf(answer));
          this.#status = answer.head.status;
          return answer;
        },
      });
    } finally {
      this.attempts.delete(attempt);
      world.hosts.leave(host);
    }
  }
}

/** A segment of nothing behind known bytes: asking for it brings only bytes to compare. */
export function emptySegment(at: number): Segment {
  return { start: at, pos: at, end: at, bytesPerS: 0 };
}
