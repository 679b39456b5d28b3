// Why something happened or was not done, as a closed list of codes: the window has words of its own for each of them.
import * as v from 'valibot';
import { number, text } from './schema.ts';
import { failureWhysEn } from './failure-whys.ts';
import { toldWhysEn } from './told-whys.ts';

/** Each as a plain English sentence, with the names of the values that vary in it. */
export const whysEn = {
  ...failureWhysEn,
  ...toldWhysEn,
  // A file, and the sources that have it.
  'no-ranges': 'it takes no ranges',
  'far-slower': 'it is far slower than the others',
  'nothing-tells': 'it has nothing that surely tells one content from another',
  'its-bytes-differ': 'its bytes differ',
  'bytes-differ': 'the bytes differ from those already here',
  'ends-at': 'it ends at {bytes}',
  'size-now': 'the file has {bytes} bytes now',
  'length-changed': 'the length was {was} and is {is}',
  'checksum-changed': 'the {algorithm} was {was} and is {is}',
  'etag-changed': 'the ETag was {was} and is {is}',
  'date-changed': 'Last-Modified was {was} and is {is}',
  // A worker that was lost.
  'ended-itself': 'it ended unexpectedly',
  'pipe-broke': 'its pipe broke, since {since}',
  'no-sense': 'it sent a message that makes no sense',
  'no-hello': 'it spoke before its hello',
  'hello-twice': 'it said hello twice',
  'other-protocol': 'it speaks protocol {its}, this engine {ours}',
  'program-gone': 'the connection of the Python program ended',
  // A worker that sent back what it may not.
  'offer-no-sense': 'it made an offer that makes no sense',
  'offer-twice': 'it offered a file twice',
  'offers-too-many': 'it offered too many files at once',
  'offer-other-length': 'it offered {offered} bytes of a file of {bytes}',
  'offer-other-sum': 'it offered a file with another SHA-256',
  'piece-no-sense': 'it sent a piece that is none',
  'piece-out-of-turn': 'it sent bytes {start} to {end} out of turn',
  'other-than-offered': 'it sent other bytes than it offered',
  'not-taken-in': 'what it sent could not be taken in, since {since}',
} as const;
export type WhyCode = keyof typeof whysEn;

/** Values that are themselves the code of a reason; the values of that one stand beside it. */
const nested = ['because', 'since', 'first', 'told'] as const;
/** In characters; what is longer is cut. */
export const SAID_MAX = 1000;

type Value = string | number | boolean | null | undefined;
/** A code with its values. One that comes from elsewhere may be unknown here. */
export const Said = v.objectWithRest({ why: text(SAID_MAX) }, v.union([text(SAID_MAX), number()]));
export type Said = v.InferOutput<typeof Said>;
/** The same with the English sentence: what an event's details say of a reason. */
export type Why = Said & { why: WhyCode; message: string };

/** The names of the values in a sentence. */
type Named<Sentence extends string> = Sentence extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Named<Rest>
  : never;
/** Those that name nothing but what the system or a library calls it. */
export type CausedCode = {
  [Code in WhyCode]: [Named<(typeof whysEn)[Code]>] extends [never]
    ? never
    : [Named<(typeof whysEn)[Code]>] extends ['cause']
      ? Code
      : never;
}[WhyCode];
type Values<Code extends WhyCode> = {
  [Name in Named<(typeof whysEn)[Code]>]: Name extends (typeof nested)[number] ? Said : string | number;
};

/** The reason of this code; with the values that vary in it, where any do. */
export function because<Code extends WhyCode>(
  why: Code,
  ...[values]: [Named<(typeof whysEn)[Code]>] extends [never] ? [] : [Values<Code>]
): Why {
  const said: Said = { why };
  const add = (name: string, value: string | number): void => {
    said[name] = typeof value === 'string' ? value.slice(0, SAID_MAX) : value;
  };
  for (const [name, value] of Object.entries<string | number | Said>(values ?? {})) {
    if (typeof value !== 'object') add(name, value);
    else
      for (const [key, inner] of Object.entries(value)) if (key !== 'message') add(key === 'why' ? name : key, inner);
  }
  return { ...said, why, message: sentence(whysEn, why, said)! };
}

/** A rule of a schema: `wrong` says why a value does not keep it, or null. */
export function rule<T>(wrong: (value: T) => Why | null): v.RawCheckAction<T> {
  return v.rawCheck(({ dataset, addIssue }) => {
    const why = dataset.typed ? wrong(dataset.value) : null;
    if (!why) return;
    const { message, ...said } = why;
    addIssue({ message });
    reasons.set(dataset.issues!.at(-1)!, said);
  });
}
const reasons = new WeakMap<object, Said>();

/** What a rule said of a value that does not keep it; null when it was no rule of ours that does not hold. */
export const reasonOf = (issue: v.BaseIssue<unknown>): Said | null => reasons.get(issue) ?? null;

/**
 * The sentence of this code in the language of `words`, with its values in their places; null when it has none there, or
 * when one of its values is missing, as in what another version wrote.
 */
export function sentence(words: Record<string, string>, why: string, values: Record<string, Value>): string | null {
  if (!Object.hasOwn(words, why)) return null;
  let missing = false;
  const text = words[why]!.replace(/\{(\w+)\}/g, (_, name: string) => {
    missing ||= (values[name] ?? null) === null;
    const value = String(values[name]);
    if (!isNested(name) || !Object.hasOwn(words, value)) return value;
    // None is within itself, whoever sent it.
    const inner = sentence(words, value, { ...values, [name]: null });
    missing ||= inner === null;
    return inner ?? '';
  });
  return missing ? null : text;
}

const isNested = (name: string): boolean => nested.some((each) => each === name);
