// What a row says of its download: the words, the tone, how much is there.
import type { Row } from '../../../shared/download.ts';
import type { Format } from '../../../shared/format.ts';
import type { Tone } from '../../ui/progress.ts';
import type { Words } from '../../words.ts';

export type RowState = { text: string; tone: Tone | 'mute' };

/** The state of a download in a few words. `now` is in ms and only matters while it waits. */
export function stateOf(row: Row, words: Words, now: number): RowState {
  switch (row.status) {
    case 'queued':
      return row.waiting ? waiting(row.waiting, words, now) : { text: words.queued, tone: 'mute' };
    case 'running':
      if (row.waiting) return waiting(row.waiting, words, now);
      if (row.sizeBytes !== null && row.doneBytes >= row.sizeBytes) return { text: words.finishing, tone: 'accent' };
      return { text: row.connections === 0 && row.bytesPerS === 0 ? words.connecting : words.active, tone: 'accent' };
    case 'paused':
      return row.failure
        ? { text: words.failure[row.failure.code], tone: 'warn' }
        : row.waiting
          ? waiting(row.waiting, words, now)
          : { text: words.paused, tone: 'warn' };
    case 'done':
      return { text: row.verified ? words.verified : words.done, tone: 'ok' };
    case 'failed':
      return { text: row.failure ? failureText(row.failure, words) : words.failed, tone: 'bad' };
    default:
      return row.status satisfies never;
  }
}

function failureText(failure: NonNullable<Row['failure']>, words: Words): string {
  const text = words.failure[failure.code];
  return failure.code === 'http-status' && failure.httpStatus ? words.withStatus(text, failure.httpStatus) : text;
}

function waiting(wait: NonNullable<Row['waiting']>, words: Words, now: number): RowState {
  if (wait.reason === 'place') return { text: words.hosts.waitsForPlace, tone: 'warn' };
  const seconds = wait.until === null ? null : Math.max(0, Math.ceil((wait.until - now) / 1000));
  return { text: words.waiting(seconds, wait.reason), tone: 'warn' };
}

/** How much of it is there, 0 to 1; null when the size is not known. */
export function fractionOf(row: Row): number | null {
  if (row.status === 'done') return 1;
  if (row.sizeBytes === null) return null;
  return row.sizeBytes === 0 ? 0 : Math.min(1, row.doneBytes / row.sizeBytes);
}

/** The finished parts as fractions of the whole, for drawing. */
export function partsOf(row: Row): [number, number][] {
  if (row.status === 'done') return [[0, 1]];
  const size = row.sizeBytes;
  if (!size) return [];
  if (row.segments.length === 0) return row.doneBytes > 0 ? [[0, row.doneBytes / size]] : [];
  return row.segments.map(([start, end]) => [start / size, end / size]);
}

/** Time left in ms as a text; empty when nothing can be said. */
export function leftOf(row: Row, format: Format): string {
  if (row.status !== 'running' || row.sizeBytes === null || row.bytesPerS < 1) return '';
  return format.duration(((row.sizeBytes - row.doneBytes) / row.bytesPerS) * 1000);
}

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufefc]/;
/** Endings that stand at the right of any name; a number alone would belong to the letters before it. */
const LATIN_ENDING = /(\.[a-z][a-z\d]{0,8})?\.(?=\d*[a-z])[a-z\d]{1,9}$/i;

/**
 * A long name in two: the head may be shortened, the tail with the extension always stays. `fromRight`: the head reads from
 * the right, so that its end is at the left.
 */
export function splitName(name: string): { head: string; tail: string; fromRight: boolean } {
  if (RIGHT_TO_LEFT.test(name)) {
    // Cut nowhere else: parts of what reads from the right would be laid out in the wrong order.
    const tail = LATIN_ENDING.exec(name)?.[0] ?? '';
    const head = name.slice(0, name.length - tail.length);
    return { head, tail, fromRight: [...head].every((one) => RIGHT_TO_LEFT.test(one) || !/\p{L}/u.test(one)) };
  }
  if (name.length < 16) return { head: name, tail: '', fromRight: false };
  const characters = [...name];
  const long = Math.min(10, Math.max(6, name.length - name.lastIndexOf('.') + 3));
  return { head: characters.slice(0, -long).join(''), tail: characters.slice(-long).join(''), fromRight: false };
}
