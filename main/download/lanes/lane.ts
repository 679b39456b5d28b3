// The seam between asking and writing: what every way of transferring a body has in common.
import type { Head } from '../answers.ts';

/** Takes a body's bytes in order, and says when more of them may be read. */
export interface Sink {
  /** How many bytes to gather before a `take`; fewer under a low speed limit. */
  readonly gatherBytes: number;
  /** How many bytes to read at once, where that can be chosen. */
  readonly roomBytes: number;
  /** A speed limit is reached: before more is read, `turn` has to resolve. */
  readonly isShut: boolean;
  turn(): Promise<void>;
  /** So many bytes were read. */
  came(byteCount: number): void;
  /** Takes the next bytes. Resolves when their memory may be reused; false: it wants no more. */
  take(pieces: Uint8Array[], byteCount: number): Promise<boolean>;
}

export interface Body {
  /**
   * Hands the whole body to `sink`. Resolves with `end` after a proper end, with `enough` when the sink wanted no more.
   * Rejects with the network's or the sink's error, after all that had arrived was handed over.
   */
  pump(sink: Sink): Promise<'end' | 'enough'>;
  /** Breaks off, from any state. */
  drop(): void;
  /** Does without the body; when it is small, its connection can be used again. */
  skip(): void;
}

export interface Answer {
  head: Head;
  lane: 'fetch' | 'direct';
  body: Body;
  /** The headers that it answers, names in lower case. */
  asked: Readonly<Record<string, string>>;
  /** A host on the way whose certificate was not checked, by a person's choice. */
  uncheckedHost?: string | undefined;
}

/** One GET. */
export interface Request {
  url: string;
  /** Range and If-Range. */
  range: Record<string, string>;
  /** The download's own URL and its own headers, which go to that URL's origin and nowhere else. */
  owner: { url: string; headers: Record<string, string> };
  /** A speed limit holds: little of the body is to be read along with the head. */
  isLimited: boolean;
  signal: AbortSignal;
}
