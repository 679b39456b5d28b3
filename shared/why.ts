// Why something happened to a download, as a closed list of codes: the window has words of its own for each of them.

/** Each as a plain English sentence, with the names of the values that vary in it. */
export const whysEn = {
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
  'pipe-broke': 'its pipe broke ({cause})',
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
  'not-taken-in': 'what it sent could not be taken in ({cause})',
} as const;
export type WhyCode = keyof typeof whysEn;

/** A code with its values and the English sentence: what an event's details say of a reason. */
export type Why = { why: WhyCode; message: string; [value: string]: string | number };

/** The names of the values in a sentence. */
type Named<Sentence extends string> = Sentence extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Named<Rest>
  : never;
type Values<Code extends WhyCode> = Record<Named<(typeof whysEn)[Code]>, string | number>;

/** The reason of this code; with the values that vary in it, where any do. */
export function because<Code extends WhyCode>(
  why: Code,
  ...[values]: [Named<(typeof whysEn)[Code]>] extends [never] ? [] : [Values<Code>]
): Why {
  return { ...values, why, message: filled(whysEn[why], values ?? {}) };
}

/** A sentence with its values in their places. */
export function filled(sentence: string, values: Record<string, string | number | boolean | null>): string {
  return sentence.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? '?'));
}
