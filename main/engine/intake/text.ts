// Finds the addresses in plain text: one a line, several in a sentence, in brackets, with a name or a checksum beside.
import { type Checksum } from '../../../shared/download.ts';
import { because } from '../../../shared/why.ts';
import { local, opaque, rejection, type Rejection, schemeless } from './address.ts';

/** Something that stands in a source: an address that is yet to be judged, or what is wrong already. */
export interface Found {
  /** Counted from 1. */
  line: number;
  /** What stands there, for people to see. */
  text: string;
  /** The address as written, or why there is none. */
  address: string | Rejection;
  base?: string | undefined;
  name?: string | undefined;
  checksum?: Checksum | Rejection | undefined;
  mirrors?: string[] | undefined;
  headers?: Record<string, string> | undefined;
  /** Batch patterns in the address are meant. */
  patterns?: boolean;
}

const MAX_LINE_CHARS = 1 << 20;
const MAX_QUOTED_CHARS = 8192;

/** The lines of a text with their numbers, one at a time: a list may be big. */
export function* linesOf(text: string): Iterable<[line: number, text: string]> {
  let [feed, back] = [text.indexOf('\n'), text.indexOf('\r')];
  let start = 0;
  for (let line = 1; ; line++) {
    if (feed >= 0 && feed < start) feed = text.indexOf('\n', start);
    if (back >= 0 && back < start) back = text.indexOf('\r', start);
    const end = feed < 0 || (back >= 0 && back < feed) ? back : feed;
    yield [line, end < 0 ? text.slice(start) : text.slice(start, end)];
    if (end < 0) return;
    start = end + (end === back && feed === back + 1 ? 2 : 1);
  }
}

/** The addresses in a text. Empty lines and comments say nothing, a line without an address is itself looked at as one. */
export function* foundInText(text: string): Iterable<Found> {
  for (const [line, raw] of linesOf(text)) {
    const trimmed = raw.trim();
    // By far the most lines of long lists are such.
    if (isAddress(trimmed)) yield { line, text: trimmed, address: trimmed, patterns: true };
    else yield* foundInLine(line, trimmed);
  }
}

/** Nothing but an address. */
function isAddress(text: string): boolean {
  return text.length <= MAX_LINE_CHARS && onlyAddress.test(text) && !text.includes('://', 8);
}

const onlyAddress = /^https?:\/\/[^\s<>"'`|]*[\w/]$/i;

/** The same for one trimmed line. */
export function* foundInLine(line: number, text: string): Iterable<Found> {
  if (text === '' || text.startsWith('#')) return;
  if (text.length > MAX_LINE_CHARS) {
    yield { line, text, address: rejection('too-long', because('line-too-long')) };
  } else if (isAddress(text)) {
    yield { line, text, address: text, patterns: true };
    // eslint-disable-next-line no-control-regex -- they are what makes a line binary
  } else if (/[\x00-\x08\x0e-\x1f\x7f]/.test(text)) {
    yield { line, text, address: rejection('binary', because('no-text')) };
  } else {
    yield* foundInSentence(line, text.replace(/[\u00ad\u200b\u2060\ufeff]/g, ''));
  }
}

function* foundInSentence(line: number, text: string): Iterable<Found> {
  const spans = opaque.test(text) ? [] : spansIn(text);
  const seen = new Set<string>();
  for (const [i, [start, end]] of spans.entries()) {
    const address = trimmed(text.slice(start, end));
    if (seen.has(address)) continue;
    seen.add(address);
    const after = text.slice(end, spans[i + 1]?.[0]);
    const name = start === 0 ? /^ *[\t|]\s*([^\t|]*[^\s|])/.exec(after)?.[1] : undefined;
    const checksum = checksumIn(after) ?? (i === 0 ? checksumIn(text.slice(0, start)) : undefined);
    const shown = spans.length === 1 ? text : address;
    yield { line, text: shown, address, checksum, name: name && !checksumIn(name) ? name : undefined, patterns: true };
  }
  if (spans.length === 0) yield { line, text, address: trimmed(text.replace(/^[<"'`([]+/, '')) };
}

/** Where addresses stand in a line, `[start, end)`. */
function spansIn(text: string): [start: number, end: number][] {
  const spans: [number, number][] = [];
  const scheme =
    /https?:[/\\]{1,2}(?=[^\s/\\])|[a-z][a-z0-9+.-]{1,20}:[/\\]{2}|(?<![\p{L}\p{N}.@/-])www\.(?=[\p{L}\p{N}])/giu;
  for (let found; (found = scheme.exec(text));) {
    const end = endOfAddress(text, found.index);
    spans.push([found.index, end]);
    scheme.lastIndex = Math.max(end, scheme.lastIndex);
  }
  if (spans.length === 0 && (local.test(text) || schemeless.test(text))) spans.push([0, endOfAddress(text, 0)]);
  const only = spans.length === 1 ? spans[0] : undefined;
  if (only?.[0] === 0 && hasSpaces(text, only[1])) only[1] = text.length;
  return spans;
}

/** Whether a line that begins with an address is all address: `https://example.org/my file.zip`. */
function hasSpaces(text: string, end: number): boolean {
  const first = text.slice(0, end);
  const isFile = /\.[a-z0-9]{2,5}$/i.test(first) && first.lastIndexOf('/') > first.indexOf('//') + 1;
  return !isFile && /\.[a-z0-9]{0,4}[a-z][a-z0-9]{0,4}$/i.test(text) && /^ [^\t|<>"]*$/.test(text.slice(end));
}

/** What closes a bracket or a quote. */
const closers: Record<string, string> = {
  '<': '>', '"': '"', "'": "'", '`': '`', '(': ')', '[': ']', '{': '}', '“': '”', '‘': '’', '«': '»', '「': '」', '『': '』',
  '《': '》', '（': '）', '【': '】',
}; // prettier-ignore

/** An address ends where the bracket or quote around it closes, else at white space or at the next address. */
function endOfAddress(text: string, start: number): number {
  const opener = text.charAt(start - 1);
  const closer = closers[opener];
  if (closer !== undefined) {
    const close =
      opener === '(' || opener === '[' || opener === '{'
        ? balanced(text, start, opener, closer)
        : text.slice(start, start + MAX_QUOTED_CHARS).indexOf(closer);
    if (close >= 0) return start + close;
  }
  const stop =
    start === 0 ? /[\s<>"`|]|[,;](?=https?:\/\/)/gi : /[\s<>"`|，。；、！？）】》」』”’»]|[,;](?=https?:\/\/)/gi;
  stop.lastIndex = start;
  return stop.exec(text)?.index ?? text.length;
}

/** After how many characters the bracket before `start` closes, -1 when white space comes first. */
function balanced(text: string, start: number, opener: string, closer: string): number {
  for (let at = start, depth = 1; at < text.length; at++) {
    const char = text.charAt(at);
    if (/\s/.test(char)) break;
    if (char === opener) depth++;
    if (char === closer && --depth === 0) return at - start;
  }
  return -1;
}

const openers = Object.fromEntries(
  Object.entries(closers).flatMap(([opener, closer]) => (opener === closer ? [] : [[closer, opener]])),
) as Record<string, string>;

/** Without the punctuation of the sentence at its end; a closing bracket stays when it was opened within. */
function trimmed(address: string): string {
  let end = address.length;
  for (; end > 0; end--) {
    const last = address.charAt(end - 1);
    const opener = openers[last];
    if (opener ? address.lastIndexOf(opener, end - 1) >= 0 : !/[\s.,;:!?'"`*<，。；：！？、]/.test(last)) break;
  }
  return address.slice(0, end);
}

const hexLengths = { md5: 32, sha1: 40, sha256: 64, sha512: 128 } as const;
const algorithms = Object.keys(hexLengths) as (keyof typeof hexLengths)[];
const badChecksum = rejection('bad-checksum', because('checksum-wrong'));

/** A checksum from its parts; undefined when Sluice does not know the algorithm. */
export function checksumOf(algorithm: string, hex: string): Checksum | Rejection | undefined {
  const known = algorithms.find((name) => name === algorithm.toLowerCase().replace(/[-_]/g, ''));
  if (!known) return undefined;
  return hex.length === hexLengths[known] && /^[0-9a-f]*$/i.test(hex)
    ? { algorithm: known, hex: hex.toLowerCase() }
    : badChecksum;
}

/** `sha256=...`, `md5: ...`, or a bare value as `sha256sum` prints it before the name. */
function checksumIn(text: string): Checksum | Rejection | undefined {
  const [, algorithm, hex] = /\b(md5|sha-?(?:1|256|512))\s*[=:]\s*(\w+)\b(?![.-]*\w)/i.exec(text) ?? [];
  if (algorithm !== undefined && hex !== undefined) return checksumOf(algorithm, hex);
  const bare = /^([0-9a-f]{32,128}) +\*?$/i.exec(text)?.[1];
  const fitting = bare && algorithmOfHex(bare);
  return fitting ? checksumOf(fitting, bare) : undefined;
}

/** The algorithm whose values are that long. */
export function algorithmOfHex(hex: string): Checksum['algorithm'] | undefined {
  return algorithms.find((name) => hexLengths[name] === hex.length);
}
