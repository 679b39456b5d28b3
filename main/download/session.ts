// Fetches all that is missing of one content into one part file, with as many connections as it takes.
import type { Validators } from '../../shared/download.ts';
import type { Failure } from '../../shared/failure.ts';
import type { Task } from '../../shared/protocol.ts';
import { encodingOf, validatorsOf, type Head, type Verdict } from './answers.ts';
import { Attempt, isComparable, type AttemptEnd } from './attempt.ts';
import { endOf } from './extents.ts';
import { failureOf } from './failures.ts';
import { Growth } from './growth.ts';
import type { Bucket } from './limits.ts';
import type { Answer } from './lane.ts';
import type { PartFile } from './part-file.ts';
import { Refusals, type Next } from './refusals.ts';
import type { Report, World } from './report.ts';
import { RESERVED_BYTES, Segments, type Segment } from './segments.ts';

const TICK_MS = 100;

export type SessionEnd =
  | { kind: 'complete'; totalBytes: number }
  /** The server has another content than what was kept; `mixed`: bytes of it may be in the part file. */
  | { kind: 'changed'; why: string; mixed: boolean }
  | { kind: 'failed'; failure: Failure }
  | { kind: 'stopped' };

export interface SessionOptions {
  task: Task;
  world: World;
  report: Report;
  part: PartFile;
  /** What is known of the content that the part file has a piece of. */
  kept: Validators | null;
  /** What was kept of the content that the server had before, when this session starts over. */
  formerly: Validators | null;
  bucket: Bucket;
  /** The first good answer of a content that was not known before. */
  onProbed(validators: Validators, contentDisposition: string | null): void;
}

export class Session {
  kept: Validators | null;
  readonly #o: SessionOptions;
  readonly #segments: Segments;
  readonly #growth: Growth;
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
  #wake: (() => void) | null = null;
  readonly #stopped = new Promise<void>((resolve) => (this.#wake = resolve));
  #resolve: ((end: SessionEnd) => void) | null = null;
  #ticker: NodeJS.Timeout | null = null;
  #lastBytes = 0;
  #meanBytesPerS = 0;

  constructor(options: SessionOptions) {
    this.#o = options;
    this.kept = options.kept;
    this.#probed = options.kept !== null;
    this.#segments = new Segments(options.kept?.totalBytes ?? null, options.part.written);
    this.#growth = new Growth(options.task.connections);
    this.#refusals = new Refusals(options);
  }

  /** Connections that fetch now. */
  get connections(): number {
    return this.#attempts.size;
  }

  /** Runs until all is there, or it cannot go on. Resolves when no connection is open any more. */
  run(): Promise<SessionEnd> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      if (this.#segments.finished) this.#finish({ kind: 'complete', totalBytes: this.kept?.totalBytes ?? 0 });
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
    if (this.#ticker) clearInterval(this.#ticker);
    for (const attempt of this.#attempts) attempt.stop();
    this.#o.bucket.release(this.#o.task.id);
    this.#o.world.bucket.release(this.#o.task.id);
    this.#wake?.();
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
      const takers = Math.max(1, this.#growth.wanted - segments.running.size);
      return segments.take(takers) ?? (this.#connections > 1 ? segments.steal() : null);
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
    return this.#segments.takeAll(this.kept?.totalBytes ?? null);
  }

  async #fetch(segment: Segment): Promise<Next> {
    const { task, world, part, bucket } = this.#o;
    const fresh = part.written.length === 0 && segment.start === 0 && segment.pos === 0 && !this.#confirmed;
    const url = this.#confirmed && !this.#refusals.useOriginal ? (this.kept?.finalUrl ?? task.url) : task.url;
    const host = new URL(url).host;
    const attempt = new Attempt(segment);
    if (!(await this.#enter(host))) {
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
        kept: this.kept,
        part,
        buckets: [bucket, world.bucket],
        key: task.id,
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
    const situation = { url, host, alone: this.#attempts.size === 0, confirmed: this.#confirmed };
    switch (end.kind) {
      case 'over':
        if (segment.end === Infinity) {
          // A body without a length came to its proper end: that is the file's end.
          this.#segments.limitTo(segment.pos);
          this.#unsizedTotal = segment.pos;
        }
        return { kind: 'again', afterMs: 0 };
      case 'differs':
        return {
          kind: 'end',
          end: { kind: 'changed', why: 'the bytes differ from those already here', mixed: this.#confirmed },
        };
      case 'failed':
        return this.#stepDown(this.#refusals.failed(end.failure, situation));
      case 'answered':
        return this.#stepDown(this.#decideAnswer(end.verdict, end.head, situation));
      default:
        return end satisfies never;
    }
  }

  #unsizedTotal: number | null = null;

  #totalBytes(): number {
    return this.kept?.totalBytes ?? this.#unsizedTotal ?? endOf(this.#o.part.written);
  }

  #decideAnswer(verdict: Verdict, head: Head, situation: Parameters<Refusals['answered']>[2]): Next {
    switch (verdict.kind) {
      case 'whole':
        // Seen and turned down by onWhole: the same again without If-Range, or no more than one connection.
        return this.#whole && this.#attempts.size > 0 ? { kind: 'leave' } : { kind: 'again', afterMs: 0 };
      case 'changed':
        return { kind: 'end', end: { kind: 'changed', why: verdict.why, mixed: false } };
      case 'complete':
        this.#segments.limitTo(verdict.totalBytes);
        if (this.kept) this.kept = { ...this.kept, totalBytes: verdict.totalBytes };
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
    this.#growth.stepDown(this.#attempts.size, performance.now());
    this.#readOn();
    return next;
  }

  /** What another gave up may be right behind what an open answer still brings. */
  #readOn(): void {
    for (const { segment, declaredEnd } of this.#attempts) this.#segments.extend(segment, declaredEnd);
  }

  #onBody({ head, lane }: Answer, start: number, attempt: Attempt): boolean {
    if (this.#end) return false;
    const { segment } = attempt;
    attempt.lane = lane;
    if (lane === 'direct' && this.#confirmed) this.#moveToDirect();
    const seen = validatorsOf(head, head.status === 206 ? true : null);
    if (this.kept === null) {
      const instead = this.#refusals.unexpected(head);
      if (instead) {
        this.#finish({ kind: 'failed', failure: instead });
        return false;
      }
      this.kept = seen;
    } else {
      const totalBytes = this.kept.totalBytes ?? seen.totalBytes;
      this.kept = { ...this.kept, totalBytes, finalUrl: head.url, ranges: seen.ranges ?? this.kept.ranges };
    }
    if (head.redirected && !this.#confirmed) this.#o.report.event('redirected', { to: head.url });
    if (!this.#probed) {
      this.#probed = true;
      this.#o.onProbed(this.kept, head.headers.get('content-disposition') ?? null);
    }
    if (this.kept.totalBytes !== null && encodingOf(head) === null) this.#segments.limitTo(this.kept.totalBytes);
    if (this.#confirmed) return true;
    // Others join once nothing is left to compare; what they write must belong to the same content.
    if (start === segment.start && this.#o.part.written.length === 0) this.#confirm();
    else if (start === segment.start && head.status === 206) this.#confirm();
    return true;
  }

  #onWhole(head: Head, segment: Segment): Segment | null {
    if (this.#confirmed) {
      this.#noRanges();
      this.#segments.giveBack(segment);
      this.#readOn();
      return null;
    }
    if (!this.#careful && this.kept && this.#o.part.written.length > 0) {
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
    if (this.kept) this.kept = { ...this.kept, ranges: false };
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
    const { part, task } = this.#o;
    if (part.receivedBytes > 0) this.#o.report.event('resumed', { offset: part.receivedBytes });
    const { kept } = this;
    if (this.#whole || task.connections === 1 || !kept || kept.totalBytes === null || !isComparable(kept)) return;
    if (kept.totalBytes - part.receivedBytes < 2 * RESERVED_BYTES) return;
    this.#growth.begin(performance.now());
    this.#lastBytes = part.receivedBytes;
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
    this.#fill();
  }

  #fill(): void {
    if (this.#whole || this.#end) return;
    const host = new URL(this.kept?.finalUrl ?? this.#o.task.url).host;
    while (this.#connections < this.#growth.wanted && this.#o.world.hosts.hasRoom(host)) {
      const before = this.#segments.running.size;
      this.#spawn();
      if (this.#segments.running.size === before) break;
    }
  }

  #tick(): void {
    const { receivedBytes } = this.#o.part;
    const bytesPerS = ((receivedBytes - this.#lastBytes) * 1000) / TICK_MS;
    this.#lastBytes = receivedBytes;
    const active = this.#attempts.size;
    for (const segment of this.#segments.running) this.#segments.measure(segment, TICK_MS);
    if (active === 0) return;
    this.#meanBytesPerS = Math.max(this.#meanBytesPerS * 0.98, bytesPerS / active);
    this.#growth.observe(bytesPerS, active, performance.now());
    this.#fill();
    if (this.#connections >= this.#growth.wanted || this.#growth.wanted === 1) return;
    const laggard = this.#segments.laggard(this.#meanBytesPerS);
    for (const attempt of this.#attempts) if (laggard && attempt.segment === laggard) attempt.stop();
  }

  /** Waits for a place at the host. False when the session ended meanwhile. */
  async #enter(host: string): Promise<boolean> {
    const { hosts } = this.#o.world;
    const place = hosts.enter(host);
    if (place) await Promise.race([place, this.#stopped]);
    if (!this.#end) return true;
    if (place) void place.then(() => hosts.leave(host));
    else hosts.leave(host);
    return false;
  }

  async #sleep(ms: number): Promise<void> {
    const until = Date.now() + ms;
    let timer: NodeJS.Timeout | undefined;
    if (ms >= 1000) this.#o.report.waiting(until, 'retry');
    await Promise.race([new Promise<void>((resolve) => (timer = setTimeout(resolve, ms))), this.#stopped]);
    clearTimeout(timer);
    if (ms >= 1000 && !this.#end) this.#o.report.waiting(null, 'retry');
  }
}
