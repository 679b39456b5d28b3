// Fetches all that is missing of one content into one part file, with as many connections as it takes.
import type { Validators } from '../../shared/download.ts';
import { encodingOf, type Head, type Verdict } from './answers.ts';
import { Attempt, isComparable, type AttemptEnd } from './attempt.ts';
import { endOf } from './extents.ts';
import { fail, failureOf } from './failures.ts';
import { KnownContent } from './known-content.ts';
import type { Answer } from './lane.ts';
import type { SessionEnd, SessionOptions } from './session-contract.ts';
import { Refusals, type Next, type Situation } from './refusals.ts';
import { RESERVED_BYTES, Segments, type Segment } from './segments.ts';
import { Tempo } from './tempo.ts';
import { Waits } from './waits.ts';

const NOTHING_CAME = fail('bad-response', 'The answer brought nothing of what was asked for', 'soon');
/** Shorter waits are not worth telling. */
const TELL_WAIT_MS = 1000;

export class Session {
  readonly #o: SessionOptions;
  readonly #content: KnownContent;
  readonly #segments: Segments;
  readonly #tempo: Tempo;
  readonly #refusals: Refusals;
  readonly #attempts = new Set<Attempt>();
  /** A good answer has come: others may join. */
  #confirmed = false;
  /** The server takes no ranges: one stream over the whole file. */
  #whole = false;
  #careful = false;
  #probed: boolean;
  #connections = 0;
  #end: SessionEnd | null = null;
  readonly #waits = new Waits();
  #resolve: ((end: SessionEnd) => void) | null = null;

  constructor(options: SessionOptions) {
    this.#o = options;
    const { task, kept, part, formerly } = options;
    this.#content = new KnownContent(kept, { url: options.url, formerly, hasChecksum: task.checksum !== null });
    this.#probed = kept !== null;
    this.#segments = new Segments(kept?.totalBytes ?? null, part.written);
    this.#tempo = new Tempo(options.connections, part, this.#segments);
    this.#refusals = new Refusals(options);
  }

  /** What is known of the content by now. */
  get kept(): Validators | null {
    return this.#content.kept;
  }

  /** Connections that fetch now. */
  get connections(): number {
    return this.#attempts.size;
  }

  /** Runs until all is there, or it cannot go on. Resolves when no connection is open any more. */
  run(): Promise<SessionEnd> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      if (this.#segments.finished) this.#finish({ kind: 'complete', totalBytes: this.#totalBytes() });
      this.#o.part.onError = (error) => this.#finish({ kind: 'failed', failure: failureOf(error) });
      this.#spawn();
    });
  }

  stop(): void {
    this.#finish({ kind: 'stopped' });
  }

  #finish(end: SessionEnd): void {
    if (this.#end) return;
    this.#end = end;
    this.#tempo.stop();
    for (const attempt of this.#attempts) attempt.stop();
    this.#o.bucket.release(this.#o.task.id);
    this.#o.world.shares.release(this.#o.task.id);
    this.#waits.stop();
  }

  #spawn(): void {
    this.#connections += 1;
    this.#connect()
      .catch((error: unknown) => this.#finish({ kind: 'failed', failure: failureOf(error) }))
      .finally(() => {
        this.#connections -= 1;
        if (this.#connections > 0) return;
        if (this.#end) this.#resolve?.(this.#end);
        else this.#spawn();
      })
      .catch(() => {});
  }

  async #connect(): Promise<void> {
    while (!this.#end) {
      const segment = this.#nextSegment();
      if (!segment) {
        if (this.#segments.finished) this.#finish({ kind: 'complete', totalBytes: this.#totalBytes() });
        return;
      }
      const next = await this.#fetch(segment);
      if (this.#end || next.kind === 'leave') return;
      if (next.kind === 'end') return this.#finish(next.end);
      if (next.afterMs > 0) await this.#sleep(next.afterMs);
    }
  }

  #nextSegment(): Segment | null {
    const segments = this.#segments;
    if (this.#whole) {
      if (segments.running.size > 0 || segments.finished) return null;
      return this.#takeAll();
    }
    if (this.#confirmed) {
      const takers = Math.max(1, this.#tempo.wanted - segments.running.size);
      return segments.take(takers) ?? (this.#connections > 1 ? segments.steal(this.#tempo.meanBytesPerS) : null);
    }
    // Before the first good answer there is one connection, and it must be able to compare.
    const known = this.#o.part.written;
    if (known.length === 0) return segments.take();
    return segments.takeBehind(known) ?? segments.take();
  }

  /** One stream over the whole file. What is known is compared on the way, so only what is known without a gap counts. */
  #takeAll(): Segment {
    const { part } = this.#o;
    const first = part.written[0];
    if (part.written.length > 1 || (first && first[0] > 0)) part.keepOnly(first && first[0] === 0 ? [first] : []);
    return this.#segments.takeAll(this.#content.kept?.totalBytes ?? null);
  }

  async #fetch(segment: Segment): Promise<Next> {
    const { task, world, part } = this.#o;
    const fresh = part.written.length === 0 && segment.start === 0 && segment.pos === 0 && !this.#confirmed;
    const url =
      this.#confirmed && !this.#refusals.useOriginal ? (this.#content.kept?.finalUrl ?? this.#o.url) : this.#o.url;
    const host = new URL(url).host;
    const attempt = new Attempt(segment);
    if (!(await this.#waits.enter(world.hosts, host))) {
      this.#segments.giveBack(segment);
      return { kind: 'leave' };
    }
    this.#attempts.add(attempt);
    let end: AttemptEnd;
    try {
      end = await attempt.run({
        url,
        owner: { url: task.url, headers: task.headers },
        segment,
        whole: fresh || this.#whole,
        careful: this.#careful,
        kept: this.#content.kept,
        part,
        buckets: () => this.#buckets,
        key: task.id,
        isOver: () => this.#end !== null,
        ask: (request) => world.ask(request),
        onBody: (answer, start) => this.#onBody(answer, start, attempt),
        onWhole: (head) => this.#onWhole(head, segment),
        onBytes: () => this.#onBytes(),
      });
    } finally {
      this.#attempts.delete(attempt);
      world.hosts.leave(host);
      this.#segments.giveBack(segment);
      this.#segments.giveBack(attempt.segment);
    }
    if (attempt.comparedBytes > 0 && end.kind !== 'failed') {
      this.#o.report.event('overlap-compared', { bytes: attempt.comparedBytes, equal: end.kind !== 'differs' });
    }
    if (this.#end) return { kind: 'leave' };
    // Taken over by a faster connection.
    if (attempt.stopped) return { kind: 'again', afterMs: 0 };
    return this.#decide(end, attempt.segment, url, host);
  }

  #decide(end: AttemptEnd, segment: Segment, url: string, host: string): Next {
    const situation = { url, host, alone: this.#attempts.size === 0 };
    switch (end.kind) {
      case 'over':
        // A body without a length came to its proper end: that is the file's end.
        if (segment.end === Infinity) this.#endAt(segment.pos);
        // Asking the same at once again would go on for ever.
        else if (segment.pos === segment.start && segment.pos < segment.end) {
          return this.#stepDown(this.#refusals.failed(NOTHING_CAME, situation));
        }
        return { kind: 'again', afterMs: 0 };
      case 'differs':
        return changed('the bytes differ from those already here', this.#confirmed);
      case 'failed':
        return this.#stepDown(this.#refusals.failed(end.failure, situation));
      case 'answered':
        return this.#stepDown(this.#decideAnswer(end.verdict, end.head, situation));
      default:
        return end satisfies never;
    }
  }

  #endAt(totalBytes: number): void {
    this.#segments.limitTo(totalBytes);
    this.#content.learnTotal(totalBytes);
  }

  #totalBytes(): number {
    return this.#content.totalBytes ?? endOf(this.#o.part.written);
  }

  #decideAnswer(verdict: Verdict, head: Head, situation: Situation): Next {
    switch (verdict.kind) {
      case 'whole':
        // Seen and turned down by onWhole: the same again without If-Range, or no more than one connection.
        return this.#whole && this.#attempts.size > 0 ? { kind: 'leave' } : { kind: 'again', afterMs: 0 };
      case 'changed':
        return changed(verdict.why, false);
      case 'complete':
        this.#endAt(verdict.totalBytes);
        return { kind: 'again', afterMs: 0 };
      case 'useless':
        if (!this.#whole && this.#refusals.useless() && this.#attempts.size === 0) this.#noRanges();
        return this.#refusals.answered(verdict, head, situation);
      default:
        return this.#refusals.answered(verdict, head, situation);
    }
  }

  /** A connection that goes away for good leaves the others a smaller number to aim at. */
  #stepDown(next: Next): Next {
    if (next.kind !== 'leave') return next;
    this.#tempo.stepDown(this.#attempts.size);
    this.#readOn();
    return next;
  }

  /** What another gave up may be right behind what an open answer still brings. */
  #readOn(): void {
    for (const { segment, declaredEnd } of this.#attempts) this.#segments.extend(segment, declaredEnd);
  }

  #onBody({ head, lane, uncheckedHost }: Answer, start: number, attempt: Attempt): boolean {
    if (this.#end) return false;
    const { segment } = attempt;
    attempt.lane = lane;
    if (lane === 'direct' && this.#confirmed) this.#moveToDirect();
    const instead = this.#content.learn(head);
    const { kept } = this.#content;
    if (instead || !kept) {
      if (instead) this.#finish({ kind: 'failed', failure: instead });
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
    const nothingHere = this.#o.part.written.length === 0;
    if (start === segment.start && (nothingHere || head.status === 206)) this.#confirm();
    return true;
  }

  #onWhole(head: Head, segment: Segment): Segment | null {
    if (this.#confirmed) {
      this.#noRanges();
      this.#segments.giveBack(segment);
      this.#readOn();
      return null;
    }
    if (!this.#careful && this.#content.kept && this.#o.part.written.length > 0) {
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
    this.#content.learnNoRanges();
    this.#o.report.event('no-ranges', {});
  }

  #onBytes(): void {
    this.#refusals.progressed();
    if (!this.#confirmed) this.#confirm();
  }

  /** Ranges work on the direct lane: what still comes the slow way is fetched by it, too. */
  #moveToDirect(): void {
    for (const attempt of this.#attempts) {
      if (attempt.lane === 'fetch' && attempt.segment.end - attempt.segment.pos > 2 * RESERVED_BYTES) attempt.stop();
    }
  }

  /** The answer fits what was kept: from here on several connections may work. */
  #confirm(): void {
    this.#confirmed = true;
    const { part, connections } = this.#o;
    if (part.receivedBytes > 0) this.#o.report.event('resumed', { offset: part.receivedBytes });
    const { kept } = this.#content;
    if (this.#whole || connections === 1 || !kept || kept.totalBytes === null || !isComparable(kept)) return;
    if (kept.totalBytes - part.receivedBytes < 2 * RESERVED_BYTES) return;
    this.#tempo.begin(
      () => this.#attempts.size,
      () => this.#onTick(),
    );
    this.#segments.makeRoom(Math.min(this.#tempo.wanted - 1, this.#o.world.hosts.room(this.#host)));
    this.#fill();
  }

  /** The limits that hold for this source: the download's own, its host's, everybody's. */
  get #buckets() {
    return [this.#o.bucket, ...this.#o.world.shares.of(this.#o.url)];
  }

  /** Where further connections go. */
  get #host(): string {
    return new URL(this.#content.kept?.finalUrl ?? this.#o.url).host;
  }

  /** Opens the connections that are wanted, as far as there is something for them to do. */
  #fill(): void {
    if (this.#whole || this.#end) return;
    while (this.#connections < this.#tempo.wanted && this.#o.world.hosts.hasRoom(this.#host)) {
      const before = this.#segments.running.size;
      this.#spawn();
      if (this.#segments.running.size === before) break;
    }
  }

  #onTick(): void {
    this.#fill();
    // What comes slowly because it should is no laggard.
    if (this.#buckets.some(({ bytesPerS }) => bytesPerS !== null)) return;
    const laggard = this.#tempo.laggard(this.#connections < this.#tempo.wanted);
    for (const attempt of this.#attempts) if (attempt.segment === laggard) attempt.stop();
  }

  async #sleep(ms: number): Promise<void> {
    const tells = ms >= TELL_WAIT_MS;
    if (tells) this.#o.report.waiting(Date.now() + ms, 'retry');
    await this.#waits.sleep(ms);
    if (tells && !this.#end) this.#o.report.waiting(null, 'retry');
  }
}

function changed(why: string, mixed: boolean): Next {
  return { kind: 'end', end: { kind: 'changed', why, mixed } };
}
