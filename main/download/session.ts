// Fetches all that is missing of one content into one part file, with as many connections and sources as it takes.
import type { Validators } from '../../shared/download.ts';
import { because, type Why } from '../../shared/why.ts';
import { encodingOf, isCombinable, type Head, type Verdict } from './answers.ts';
import { Attempt, OVERLAP_BYTES, type AttemptEnd } from './attempt.ts';
import { endOf } from './extents.ts';
import { failureOf, NOTHING_CAME } from './failures.ts';
import { Crew } from './crew.ts';
import type { Feed } from './feed.ts';
import { Feeds } from './feeds.ts';
import type { Answer } from './lanes/lane.ts';
import { prove } from './proof.ts';
import type { SessionEnd, SessionOptions } from './session-contract.ts';
import { changed, differs, endOfSource, type Next, type Situation } from './refusals.ts';
import { Segments, type Segment } from './segments.ts';
import { hostOf, isOurs } from './sources.ts';
import { Waits } from './waits.ts';

export class Session {
  readonly #o: SessionOptions;
  readonly #feeds: Feeds;
  readonly #segments: Segments;
  readonly #crew: Crew;
  /** A good answer has come: others may join. */
  #confirmed = false;
  /** The server takes no ranges: one stream over the whole file. */
  #whole = false;
  #careful = false;
  /** What the first answer says of itself does not say that what is here is a piece of it: only a compare does. */
  readonly #unproven: boolean;
  /** Answers do not say any more that they are of the same content: each part must begin behind bytes that tell. */
  #comparing = false;
  #probed: boolean;
  #connections = 0;
  #end: SessionEnd | null = null;
  readonly #waits = new Waits();
  #resolve: ((end: SessionEnd) => void) | null = null;

  constructor(options: SessionOptions) {
    this.#o = options;
    const { kept, part } = options;
    this.#feeds = new Feeds(options);
    this.#probed = kept !== null;
    this.#unproven = part.written.length > 0 && !(kept && isCombinable(kept));
    this.#segments = new Segments(kept?.totalBytes ?? null, part.written);
    this.#crew = new Crew(options, this.#feeds, this.#segments, {
      open: (feed) => this.#spawn(feed),
      putAside: (feed, why) => this.#putAside(feed, why),
    });
  }

  /** Connections that fetch now. */
  get connections(): number {
    return this.#feeds.attempts;
  }

  /** Runs until all is there, or it cannot go on. Resolves when no connection is open any more. */
  run(): Promise<SessionEnd> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#endWhenComplete();
      this.#o.part.onError = (error) => this.#finish({ kind: 'failed', failure: failureOf(error) });
      this.#spawn(this.#feeds.main);
    });
  }

  /** How many connections it may open at most, from now on. */
  set granted(value: number) {
    this.#crew.granted = value;
    if (this.#confirmed && !this.#end) this.#beginCrew(this.#feeds.main.content.kept);
  }

  stop(): void {
    this.#finish({ kind: 'stopped' });
  }

  #finish(end: SessionEnd): void {
    if (this.#end) return;
    this.#end = end;
    this.#crew.stop();
    for (const feed of this.#feeds.all) feed.stop();
    this.#o.bucket.release(this.#o.task.id);
    this.#o.world.shares.release(this.#o.task.id);
    this.#waits.stop();
  }

  #spawn(feed: Feed): void {
    this.#connections += 1;
    feed.connections += 1;
    this.#connect(feed)
      .catch((error: unknown) => this.#finish({ kind: 'failed', failure: failureOf(error) }))
      .finally(() => {
        this.#connections -= 1;
        feed.connections -= 1;
        if (this.#connections > 0) return;
        const left = this.#feeds.open[0] ?? this.#feeds.main;
        if (left.phase === 'out') this.#finish({ kind: 'failed', failure: NOTHING_CAME });
        if (this.#end) this.#resolve?.(this.#end);
        else this.#spawn(left);
      })
      .catch(() => {});
  }

  async #connect(feed: Feed): Promise<void> {
    while (!this.#end && feed.phase !== 'out') {
      let next: Next;
      if (feed.phase === 'untried') {
        next = await prove(feed, this.#o, this.#waits, () => this.#end !== null);
        this.#crew.fill();
      } else {
        const segment = this.#nextSegment(feed);
        if (!segment) return this.#endWhenComplete();
        next = await this.#fetch(feed, segment);
      }
      if (this.#end || next.kind === 'leave') return;
      if (next.kind === 'end') return this.#giveUp(feed, next.end);
      if (next.afterMs > 0) await feed.rest(next.afterMs, this.#waits, !this.#feeds.hasOthers(feed));
    }
  }

  /** Answers say by a strong tag that they are of the content that is here. */
  get #isVouched(): boolean {
    return !this.#comparing && this.#feeds.main.content.isCombinable;
  }

  #nextSegment(feed: Feed): Segment | null {
    const segments = this.#segments;
    if (this.#whole) return segments.running.size > 0 || segments.finished ? null : this.#takeAll();
    const { written } = this.#o.part;
    if (this.#isVouched && this.#confirmed) {
      const takers = Math.max(1, this.#crew.wanted - segments.running.size);
      return segments.take(takers) ?? (this.#connections > 1 ? segments.steal(this.#crew.speedOf(feed)) : null);
    }
    // Before the first good answer there is one connection, and it must be able to compare.
    const next = segments.takeNext(written, this.#isVouched ? 0 : OVERLAP_BYTES);
    return next === 'too-little' ? this.#takeAll() : next;
  }

  /** One stream over the whole file. What is known is compared on the way, so only what is known without a gap counts. */
  #takeAll(): Segment {
    const { part } = this.#o;
    const beginning = part.written.slice(0, 1).filter(([start]) => start === 0);
    if (part.written.length > beginning.length) {
      this.#o.report.event('restarted-from-zero', {});
      part.keepOnly(beginning);
    }
    return this.#segments.takeAll(this.#feeds.main.content.kept?.totalBytes ?? null);
  }

  async #fetch(feed: Feed, segment: Segment): Promise<Next> {
    const isMain = feed === this.#feeds.main;
    const fromZero = segment.start === 0 && segment.pos === 0 && !this.#isVouched;
    const attempt = new Attempt(segment);
    const { url } = feed;
    let end: AttemptEnd | null;
    try {
      end = await feed.fetch(attempt, this.#waits, {
        whole: fromZero || this.#whole,
        careful: isMain && (this.#careful || (this.#unproven && !this.#confirmed)),
        compares: !isMain || this.#comparing,
        isOver: () => this.#end !== null,
        onBody: (answer, start) => this.#onBody(answer, start, attempt, feed),
        onWhole: (head) => this.#onWhole(head, segment, feed),
        onBytes: (start, bytes) => this.#onBytes(start, bytes, feed),
      });
    } finally {
      this.#segments.giveBack(segment);
      this.#segments.giveBack(attempt.segment);
    }
    if (!end) return { kind: 'leave' };
    if (attempt.comparedBytes > 0 && end.kind !== 'failed') {
      const detail = { bytes: attempt.comparedBytes, equal: end.kind !== 'differs' };
      this.#o.report.event('overlap-compared', isMain ? detail : { ...detail, host: feed.source.host });
    }
    if (this.#end) return { kind: 'leave' };
    if (end.kind === 'differs') return differs(this.#o.sources, feed.source, end.range, this.#confirmed);
    // Taken over by a faster connection.
    if (attempt.stopped) return attempt.leaves ? { kind: 'leave' } : { kind: 'again', afterMs: 0 };
    const { hasBrought } = attempt;
    return this.#decide(end, attempt, feed, { url, host: hostOf(url), alone: feed.attempts.size === 0, hasBrought });
  }

  #decide(end: Exclude<AttemptEnd, { kind: 'differs' }>, attempt: Attempt, feed: Feed, situation: Situation): Next {
    const { segment, declaredEnd, hasBrought } = attempt;
    switch (end.kind) {
      case 'over':
        // A body without a length came to its proper end: that is the file's end. That of a part is not.
        if (segment.end === Infinity && declaredEnd === Infinity) this.#endAt(segment.pos);
        // Asking the same at once again would go on for ever.
        else if (!hasBrought && segment.pos < segment.end) {
          if (this.#givesUpRanges(feed)) return { kind: 'again', afterMs: 0 };
          return this.#stepDown(feed, feed.refusals.failed(NOTHING_CAME, situation));
        }
        return { kind: 'again', afterMs: 0 };
      case 'failed':
        return this.#stepDown(feed, feed.refusals.failed(end.failure, situation));
      case 'answered':
        return this.#stepDown(feed, this.#decideAnswer(end.verdict, end.head, feed, situation));
      default:
        return end satisfies never;
    }
  }

  #endAt(totalBytes: number): void {
    this.#segments.limitTo(totalBytes);
    this.#feeds.main.content.learnTotal(totalBytes);
  }

  #endWhenComplete(): void {
    if (!this.#segments.finished) return;
    const { totalBytes, endTold } = this.#feeds.main.content;
    this.#finish({ kind: 'complete', totalBytes: totalBytes ?? endOf(this.#o.part.written), endTold });
  }

  #decideAnswer(verdict: Verdict, head: Head, feed: Feed, situation: Situation): Next {
    switch (verdict.kind) {
      case 'whole':
        if (this.#feeds.hasOthers(feed)) return this.#putAside(feed, because('no-ranges'));
        // Seen and turned down by onWhole: the same again without If-Range, or no more than one connection.
        return this.#whole && feed.attempts.size > 0 ? { kind: 'leave' } : { kind: 'again', afterMs: 0 };
      case 'changed':
        return changed(verdict.why, false);
      case 'complete':
        this.#endAt(verdict.totalBytes);
        return { kind: 'again', afterMs: 0 };
      case 'unvouched':
        if (this.#mustCompare(feed)) return { kind: 'again', afterMs: 0 };
        return this.#decideAnswer({ kind: 'useless', why: verdict.why }, head, feed, situation);
      default:
        if (verdict.kind === 'useless' && this.#givesUpRanges(feed)) return { kind: 'again', afterMs: 0 };
        return feed.refusals.answered(verdict, head, situation);
    }
  }

  /** From now on parts of the first source are compared before they count. False when they are already. */
  #mustCompare(feed: Feed): boolean {
    if (this.#comparing || feed !== this.#feeds.main) return false;
    this.#comparing = true;
    this.#crew.stop();
    return true;
  }

  /** Another answer to a range was of no use. When ranges had their chance and nobody else fetches, the whole is asked for. */
  #givesUpRanges(feed: Feed): boolean {
    const had = feed.refusals.useless();
    if (!had || this.#whole || this.#feeds.attempts > 0 || this.#feeds.hasOthers(feed)) return false;
    this.#noRanges();
    return true;
  }

  /** Uses a source no more in this session; nothing speaks against its bytes. */
  #putAside(feed: Feed, why: Why): Next {
    this.#o.report.event('mirror-dropped', { host: feed.source.host, ...why });
    this.#retire(feed);
    return { kind: 'leave' };
  }

  #retire(feed: Feed): void {
    feed.phase = 'out';
    feed.stop();
    this.#feeds.readOn(this.#segments);
    this.#crew.fill();
  }

  /** A source came to its end: the others go on, when there are any. */
  #giveUp(feed: Feed, end: SessionEnd): void {
    const { sources } = this.#o;
    const told = endOfSource(end, feed.source, sources);
    if (told.kind !== 'failed' || isOurs(told.failure)) return this.#finish(told);
    const { failure } = told;
    sources.drop(feed.source, failure);
    if (!this.#feeds.hasOthers(feed)) return this.#finish({ kind: 'failed', failure });
    this.#retire(feed);
  }

  /** A connection that goes away for good leaves the others a smaller number to aim at. */
  #stepDown(feed: Feed, next: Next): Next {
    if (next.kind !== 'leave') return next;
    this.#crew.stepDown(feed);
    this.#feeds.readOn(this.#segments);
    return next;
  }

  #onBody({ head, lane, uncheckedHost }: Answer, start: number, attempt: Attempt, feed: Feed): boolean {
    if (this.#end) return false;
    const { segment } = attempt;
    attempt.lane = lane;
    if (lane === 'direct' && this.#confirmed) feed.moveToDirect();
    const instead = feed.content.learn(head);
    const { kept } = feed.content;
    if (instead || !kept) {
      if (instead) this.#giveUp(feed, { kind: 'failed', failure: instead });
      return false;
    }
    if (uncheckedHost && !this.#confirmed) this.#o.report.event('certificate-exception', { host: uncheckedHost });
    if (head.redirected && !this.#confirmed) this.#o.report.event('redirected', { to: head.url });
    if (!this.#probed) {
      this.#probed = true;
      this.#o.onProbed(kept, head.headers.get('content-disposition') ?? null);
    }
    if (kept.totalBytes !== null && encodingOf(head) === null) this.#segments.limitTo(kept.totalBytes);
    if (this.#confirmed) return true;
    // Others join once nothing is left to compare; what they write must belong to the same content.
    if (start === segment.start && (head.status === 206 || this.#o.part.written.length === 0)) this.#confirm(kept);
    return true;
  }

  #onWhole(head: Head, segment: Segment, feed: Feed): Segment | null {
    if (this.#feeds.hasOthers(feed)) return null;
    if (this.#confirmed) {
      this.#noRanges();
      this.#segments.giveBack(segment);
      this.#feeds.readOn(this.#segments);
      return null;
    }
    if (!this.#careful && feed.content.kept && this.#o.part.written.length > 0) {
      this.#careful = true;
      return null;
    }
    this.#noRanges();
    this.#segments.giveBack(segment);
    return encodingOf(head) === null ? this.#takeAll() : null;
  }

  #noRanges(): void {
    if (this.#whole) return;
    this.#whole = true;
    this.#crew.stop();
    this.#feeds.main.content.learnNoRanges();
    this.#o.report.event('no-ranges', {});
  }

  #onBytes(start: number, byteCount: number, { source, refusals, content }: Feed): void {
    source.brings(start, start + byteCount);
    refusals.progressed();
    if (!this.#confirmed) this.#confirm(content.kept);
  }

  /** The answer fits what was kept: from here on several connections may work. */
  #confirm(kept: Validators | null): void {
    this.#confirmed = true;
    this.#feeds.main.phase = 'open';
    const { part } = this.#o;
    if (part.receivedBytes > 0) this.#o.report.event('resumed', { offset: part.receivedBytes });
    this.#beginCrew(kept);
  }

  #beginCrew(kept: Validators | null): void {
    if (!this.#whole && !this.#comparing) this.#crew.begin(kept);
  }
}
