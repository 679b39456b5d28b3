// Opens and gives up a session's connections: as many as help, spread over its sources, none far slower than the others.
import type { Validators } from '../../shared/download.ts';
import { because, type Why } from '../../shared/why.ts';
import { isCombinable } from './answers.ts';
import { hostOf } from './sources.ts';
import type { Feed } from './feed.ts';
import type { Feeds } from './feeds.ts';
import { RESERVED_BYTES, type Segments } from './segments.ts';
import type { SessionOptions } from './session-contract.ts';
import { Tempo } from './tempo.ts';

export interface CrewActs {
  /** Begins one more connection; synchronously as far as its first request. */
  open(feed: Feed): void;
  /** Uses a source no more. */
  putAside(feed: Feed, why: Why): void;
}

export class Crew {
  readonly #o: SessionOptions;
  readonly #feeds: Feeds;
  readonly #segments: Segments;
  readonly #acts: CrewActs;
  readonly #tempo: Tempo;
  #hasBegun = false;
  #atWork = false;

  constructor(options: SessionOptions, feeds: Feeds, segments: Segments, acts: CrewActs) {
    this.#o = options;
    this.#feeds = feeds;
    this.#segments = segments;
    this.#acts = acts;
    this.#tempo = new Tempo(options.connections, options.part, segments);
  }

  /** How many connections the download should have now. */
  get wanted(): number {
    return this.#tempo.wanted;
  }

  /** How many connections the download may have at most, from now on. */
  set granted(value: number) {
    this.#feeds.granted = value;
    this.#tempo.max = value;
    this.fill();
  }

  /** What a connection to `feed` can be expected to bring. */
  speedOf(feed: Feed): number {
    return feed.bytesPerSEach || this.#tempo.meanBytesPerS;
  }

  /** The content is known: others join the one connection that there is, when they may and there is something for them to do. */
  begin(kept: Validators | null): void {
    const { part, world } = this.#o;
    if (this.#hasBegun || this.#feeds.granted === 1 || !kept || kept.totalBytes === null || !isCombinable(kept)) return;
    if (kept.totalBytes - part.receivedBytes < 2 * RESERVED_BYTES) return;
    this.#hasBegun = this.#atWork = true;
    this.#feeds.begin(performance.now());
    this.#tempo.begin(
      () => this.#feeds.attempts,
      () => this.#look(),
    );
    this.#o.report.event('connections', { change: 'opened', count: this.wanted });
    this.#segments.makeRoom(Math.min(this.wanted - 1, world.hosts.room(hostOf(this.#feeds.main.url))));
    this.fill();
  }

  /** No connection is opened or given up any more. */
  stop(): void {
    this.#atWork = false;
    this.#tempo.stop();
  }

  /** A connection to `feed` was refused or broke: there, or in all, fewer are wanted. */
  stepDown(feed: Feed): void {
    if (this.#feeds.hasOthers(feed)) feed.stepDown(performance.now());
    else this.#tempo.stepDown(this.#feeds.attempts);
    this.#o.report.event('connections', { change: 'dropped', host: feed.source.host });
  }

  /** Opens the connections that are wanted, as far as there is something for them to do. */
  fill(): void {
    while (this.#atWork && this.#feeds.busy < this.wanted) {
      const feed = this.#feeds.next(this.wanted, performance.now());
      if (!feed) return;
      const before = this.#segments.running.size;
      const isProof = feed.phase === 'untried';
      this.#acts.open(feed);
      if (!isProof && this.#segments.running.size === before) return;
    }
  }

  #look(): void {
    this.fill();
    const feeds = this.#feeds;
    feeds.surplus(this.wanted, performance.now())?.stop(true);
    // What comes slowly because it should is no laggard.
    if (!this.#atWork || feeds.all.some(({ isLimited }) => isLimited)) return;
    const slow = feeds.laggard();
    if (slow) this.#acts.putAside(slow, because('far-slower'));
    const laggard = this.#tempo.laggard(feeds.busy < this.wanted);
    if (laggard) this.#o.report.event('connections', { change: 'replaced' });
    for (const { attempts } of feeds.all) {
      // Left to whoever is next, which may be another source.
      for (const attempt of attempts) if (attempt.segment === laggard) attempt.stop(true);
    }
  }
}
