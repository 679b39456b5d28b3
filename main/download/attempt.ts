// One request for one segment: what to ask for, and the answer's way into the file.
import type { Extent, Validators } from '../../shared/download.ts';
import type { Failure } from '../../shared/failure.ts';
import { isCombinable, judge, strongValidator, type Asked, type Head, type Verdict } from './answers.ts';
import { endOf, knownAfter, knownBefore } from './extents.ts';
import { failureOf } from './failures.ts';
import type { Answer, Request } from './lanes/lane.ts';
import type { Bucket } from './limits.ts';
import type { PartFile } from './disk/part-file.ts';
import { SegmentSink } from './segment-sink.ts';
import type { Segment } from './segments.ts';

/** How much of what is there is asked for again and compared, when no strong validator vouches for the rest. */
export const OVERLAP_BYTES = 64 << 10;

export interface Ask {
  url: string;
  owner: Request['owner'];
  segment: Segment;
  /** Asks for the plain file from its start instead of a range. */
  whole: boolean;
  /** Also compares what is known around the segment when a validator vouches for it. */
  compares: boolean;
  /** Does not rely on If-Range, which was refused: compares validators and bytes. */
  careful: boolean;
  kept: Validators | null;
  part: PartFile;
  buckets: () => readonly Bucket[];
  key: number;
  isOver: () => boolean;
  ask(request: Request): Promise<Answer>;
  /** The answer is good and its body begins; false: do not take it. */
  onBody(answer: Answer, start: number): boolean;
  /** A 200 came to a range. Null: of no use now; a segment over the whole file: its body goes there. */
  onWhole(head: Head): Segment | null;
  onBytes: (start: number, byteCount: number) => void;
}

export type AttemptEnd =
  /** The body came to its end, or the segment did. */
  | { kind: 'over' }
  | { kind: 'answered'; verdict: Verdict; head: Head }
  | { kind: 'differs'; range: Extent }
  | { kind: 'failed'; failure: Failure };

export class Attempt {
  segment: Segment;
  /** How its body comes, once it does. */
  lane: Answer['lane'] | null = null;
  comparedBytes = 0;
  /** Where the answer that it reads promises to end. */
  declaredEnd = 0;
  /** Whether bytes came that were not here. */
  hasBrought = false;
  leaves = false;
  readonly #abort = new AbortController();

  constructor(segment: Segment) {
    this.segment = segment;
  }

  /** Breaks it off; what has arrived is still written. `leaves`: nobody is to go on in its place. */
  stop(leaves = false): void {
    this.leaves ||= leaves;
    this.#abort.abort();
  }

  get stopped(): boolean {
    return this.#abort.signal.aborted;
  }

  /** Runs to its end; never rejects. */
  async run(ask: Ask): Promise<AttemptEnd> {
    let answer: Answer | null = null;
    try {
      const askedEnd = ask.segment.end;
      const { offset, range, tailBytes } = rangeFor(ask);
      const isLimited = ask.buckets().some(({ bytesPerS }) => bytesPerS !== null);
      answer = await ask.ask({ url: ask.url, owner: ask.owner, range, isLimited, signal: this.#abort.signal });
      const { head, body } = answer;
      const verdict = judge({ offset, ...knownFor(ask, offset) }, head, ask.kept, Date.now());
      let taken: { start: number; end: number | null; segment: Segment } | null = null;
      if (verdict.kind === 'body') taken = { ...verdict, segment: ask.segment };
      if (verdict.kind === 'whole') {
        const segment = ask.onWhole(head);
        if (segment) taken = { start: 0, end: null, segment };
      }
      if (!taken) {
        body.skip();
        return { kind: 'answered', verdict, head };
      }
      if (!ask.onBody(answer, taken.start)) {
        body.drop();
        return { kind: 'over' };
      }
      this.segment = taken.segment;
      this.declaredEnd = taken.end ?? Infinity;
      const sink = new SegmentSink({
        ...ask,
        segment: taken.segment,
        start: taken.start,
        declaredEnd: taken.end,
        askedEnd,
        tailBytes,
        onBytes: (start, byteCount) => {
          this.hasBrought = true;
          ask.onBytes(start, byteCount);
        },
        overKnown: (ask.whole || verdict.kind === 'whole') && ask.part.written.length > 0,
      });
      const broken = await body.pump(sink).then(
        () => null,
        (error: unknown) => ({ error }),
      );
      this.comparedBytes = sink.comparedBytes;
      // Even when the line broke afterwards: what differs differs.
      if (sink.mismatch) return { kind: 'differs', range: sink.mismatch };
      if (broken) throw broken.error;
      return { kind: 'over' };
    } catch (error) {
      answer?.body.drop();
      return { kind: 'failed', failure: failureOf(error) };
    }
  }
}

/** The range to ask for: the segment's, and a bit of what is known around it when nothing else vouches for the bytes. */
function rangeFor(ask: Ask): { offset: number | null; range: Record<string, string>; tailBytes: number } {
  const { segment, kept, part } = ask;
  if (ask.whole) return { offset: null, range: {}, tailBytes: 0 };
  const strong = kept && !ask.careful ? strongValidator(kept) : null;
  const vouched = strong !== null && !ask.compares;
  const overlap = vouched ? 0 : knownBefore(part.written, segment.pos, OVERLAP_BYTES);
  const tailBytes = vouched ? 0 : knownAfter(part.written, segment.end, OVERLAP_BYTES);
  const offset = segment.pos - overlap;
  const end = segment.end + tailBytes;
  const range: Record<string, string> = { range: `bytes=${offset}-${Number.isFinite(end) ? end - 1 : ''}` };
  if (strong) range['if-range'] = strong;
  return { offset, range, tailBytes };
}

/**
 * What is here already, as far as the answer is judged by it. Only what is known before the new bytes counts: an answer may
 * end before it comes to what is known behind them.
 */
function knownFor({ segment, kept, part }: Ask, offset: number | null): Omit<Asked, 'offset'> {
  const { written } = part;
  // Where nothing can be put together, nobody else writes meanwhile.
  const isFirst = written.length === 0 && kept !== null && !isCombinable(kept);
  const compares = (offset !== null && segment.pos - offset >= OVERLAP_BYTES) || isFirst;
  return { onDiskBytes: endOf(written), compares };
}
