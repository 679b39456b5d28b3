// Spreads a session's connections over the sources of its file, and finds the one that is not worth them.
import { asMirrored } from '../../shared/download.ts';
import type { Attempt } from './attempt.ts';
import type { Extents } from './extents.ts';
import { Feed } from './feed.ts';
import type { Segments } from './segments.ts';
import type { SessionOptions } from './session-contract.ts';

/** More mirrors than this at once would get too few connections each to be worth their comparing. */
const AT_ONCE = 4;
/** So much must be equal before a byte of a mirror counts. */
export const PROOF_BYTES = 64 << 10;
/** A source whose connections are this much slower than the best one's for so many looks in a row is put aside. */
const FAR_SLOWER = 1 / 5;
const SLOW_LOOKS = 20;
/** So long the first source leaves room for those that are still being compared with it. */
const ROOM_MS = 1500;

export class Feeds {
  readonly main: Feed;
  readonly all: Feed[];
  /** How many connections the download may have, and so at most at one host. */
  granted: number;
  readonly #o: SessionOptions;
  #begunAtMs = 0;

  constructor(options: SessionOptions) {
    this.#o = options;
    this.granted = options.connections;
    this.main = new Feed(options, options.sources.main, options.kept);
    this.main.phase = 'checking';
    this.all = [this.main];
  }

  /** The content is known: mirrors may join, as soon as there is something to compare with. */
  begin(nowMs: number): void {
    const { sources } = this.#o;
    this.#begunAtMs = nowMs;
    const kept = asMirrored(this.main.content.kept);
    for (const source of sources.others) this.all.push(new Feed(this.#o, source, kept));
    this.all.sort((a, b) => sources.all.indexOf(a.source) - sources.all.indexOf(b.source));
  }

  /** Those that fetch. */
  get open(): Feed[] {
    return this.all.filter(({ phase }) => phase === 'open');
  }

  /** Whether another source than this one fetches, too. */
  hasOthers(feed: Feed): boolean {
    return this.open.some((other) => other !== feed);
  }

  /** Connections that fetch or are about to. */
  get busy(): number {
    return this.all.reduce((sum, feed) => sum + feed.busy, 0);
  }

  /** Requests in flight. */
  get attempts(): number {
    return this.all.reduce((sum, { attempts }) => sum + attempts.size, 0);
  }

  /** Which source gets the next of `wanted` connections: the one with the fewest, of equal ones the preferred. */
  next(wanted: number, nowMs: number): Feed | null {
    const inUse = this.#inUse();
    const pending = inUse.some(({ phase }) => phase === 'untried' || phase === 'checking');
    const leavesRoom = pending && nowMs - this.#begunAtMs < ROOM_MS;
    const share = leavesRoom ? Math.ceil(wanted / inUse.length) : wanted;
    const isComparable = pending && proofPoint(this.#o.sources.ofMain(this.#o.part.written)) !== null;
    const fewestBytesPerS = this.#bestBytesPerS() * FAR_SLOWER;
    let best: Feed | null = null;
    for (const feed of inUse) {
      if (feed.bytesPerSEach > 0 && feed.bytesPerSEach < fewestBytesPerS) continue;
      if (feed.phase !== 'open' && (feed.phase !== 'untried' || !isComparable || feed.connections > 0)) continue;
      if (feed.connections >= share || !feed.hasRoom(nowMs) || !this.#isAllowed(feed)) continue;
      if (!best || feed.connections < best.connections) best = feed;
    }
    return best;
  }

  /**
   * The attempt to give up so that no more than `wanted` are open, or so that another source gets a connection that one
   * has too many of; null when all is well.
   */
  surplus(wanted: number, nowMs: number): Attempt | null {
    const open = this.all.filter(({ attempts, phase }) => phase === 'open' && attempts.size > 0);
    const most = open.reduce<Feed | null>((best, feed) => (best && best.busy >= feed.busy ? best : feed), null);
    if (!most) return null;
    const isOver = this.busy > wanted || this.#openAt(most.source.host) > this.granted;
    const next = this.all.length > 1 ? this.next(wanted, nowMs) : null;
    const isUneven = next !== null && this.busy >= wanted && most.busy - next.busy >= 2;
    const isWorth = next?.phase !== 'open' || next.bytesPerSEach >= most.bytesPerSEach / 2;
    if (!isOver && !(isUneven && isWorth)) return null;
    return [...most.attempts].find(({ stopped }) => !stopped) ?? null;
  }

  /** What one gave up may be right behind what an open answer of another still brings. */
  readOn(segments: Segments): void {
    for (const { attempts } of this.all) {
      for (const { segment, declaredEnd } of attempts) segments.extend(segment, declaredEnd);
    }
  }

  /** A source whose connections are far slower than another's, for long enough; null when there is none. */
  laggard(): Feed | null {
    const { open } = this;
    for (const feed of open) feed.look();
    const fewestBytesPerS = this.#bestBytesPerS() * FAR_SLOWER;
    for (const feed of open) {
      feed.slowLooks = feed.bytesPerSEach < fewestBytesPerS ? feed.slowLooks + 1 : 0;
      if (feed.slowLooks >= SLOW_LOOKS) return feed;
    }
    return null;
  }

  /** As many as are of use at once: those that were begun with, then the preferred of the others. */
  #inUse(): Feed[] {
    const left = this.all.filter(({ phase }) => phase !== 'out');
    const begun = left.filter(({ phase }) => phase !== 'untried');
    const more = left.filter(({ phase }) => phase === 'untried');
    return [...begun, ...more.slice(0, Math.max(0, AT_ONCE - begun.length))];
  }

  /** Whether the source's host may be given one more connection. */
  #isAllowed({ source }: Feed): boolean {
    const most = this.#o.task.mirrorConnections?.[source.host] ?? this.granted;
    return this.#openAt(source.host) < Math.min(most, this.granted);
  }

  #bestBytesPerS(): number {
    return Math.max(0, ...this.open.map(({ bytesPerSEach }) => bytesPerSEach));
  }

  #openAt(host: string): number {
    return this.all.reduce((sum, { source, connections }) => sum + (source.host === host ? connections : 0), 0);
  }
}

/** Behind so much known that a mirror's bytes can be compared there; as far into the file as there is. Null: nowhere yet. */
export function proofPoint(written: Extents): number | null {
  const ends = written.filter(([start, end]) => end - start >= PROOF_BYTES).map(([, end]) => end);
  return ends.length === 0 ? null : Math.max(...ends);
}
