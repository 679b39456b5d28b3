// A list of downloads to keep or to hand on: as plain text that any program reads, or as JSON that says everything.
import * as v from 'valibot';
import { NewDownload } from '../../shared/download.ts';
import { because, type Why } from '../../shared/why.ts';
import { read, wrongIn } from '../../shared/schema.ts';

// What a reader would take for a batch pattern, for the end of the address or for the punctuation of a sentence.
const ambiguous = /\[(?=\w+-\w+[\]:])|[{|`<>"]|[,;](?=https?:)|[^\w/]$/g;

const ListFile = v.object({ sluice: v.literal('list'), version: v.literal(1), downloads: v.array(v.unknown()) });
const HEAD = '{"sluice":"list","version":1,"downloads":[';
/** Of what is said of a damaged list. */
const MAX_MESSAGE_CHARS = 300;
const secretHeader = /^(?:cookie|.*(?:auth|token|key|secret|session).*)$/i;

/**
 * One line each: address, name, checksum. Mirrors and headers have no place in it.
 */
export function listAsText(downloads: Iterable<NewDownload>): string {
  let text = '';
  for (const { url, name, checksum } of downloads) {
    text +=
      [url.replace(ambiguous, percentEncoded), name, checksum?.hex && `${checksum.algorithm}=${checksum.hex}`]
        .filter(Boolean)
        .join('\t') + '\n';
  }
  return text;
}

/** Everything, a line for each download. */
export function listAsJson(downloads: Iterable<NewDownload>): string {
  const lines = Array.from(downloads, (download) => JSON.stringify(download));
  return `${HEAD}\n${lines.join(',\n')}\n]}\n`;
}

/** Whether a text begins like what `listAsJson` writes. */
export function looksLikeListJson(text: string): boolean {
  return /^\s*\{\s*"sluice"\s*:/.test(text);
}

/** A download without what only its owner should have: names and passwords in addresses, headers that prove who asks. */
export function withoutSecrets(download: NewDownload): NewDownload {
  const { url, mirrors, headers } = download;
  const open = Object.entries(headers ?? {}).filter(([name]) => !secretHeader.test(name));
  return {
    ...download,
    url: withoutLogin(url),
    ...(mirrors && { mirrors: mirrors.map(withoutLogin) }),
    ...(headers && { headers: Object.fromEntries(open) }),
  };
}

/** With name and password of an Authorization header (RFC 7617) in the address again, for lists that have no place for headers. */
export function withLogin(download: NewDownload): NewDownload {
  const header = Object.entries(download.headers ?? {}).find(([name]) => /^authorization$/i.test(name));
  const [, basic] = /^basic +(\S+)$/i.exec(header?.[1] ?? '') ?? [];
  if (basic === undefined) return download;
  const [, user, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(basic, 'base64').toString()) ?? [];
  if (user === undefined) return download;
  const address = new URL(download.url);
  address.username = encodeURIComponent(user);
  address.password = encodeURIComponent(password!);
  return { ...download, url: address.href };
}

/** An address without name and password; a text that is no address stays as it is. */
export function withoutLogin(url: string): string {
  try {
    const address = new URL(url);
    if (address.username === '' && address.password === '') return url;
    address.username = '';
    address.password = '';
    return address.href;
  } catch {
    return url;
  }
}

/** An entry of a list with the line that it stands in; `why` when it is none. */
export type Entry = { line: number; download: NewDownload } | { line: number; text: string; why: Why };

/** The entries of what `listAsJson` wrote, each by itself: a bad one costs no other. Why not when it is something else. */
export function listFromJson(text: string): Entry[] | Why {
  const lines = text.trim().split(/\r?\n/);
  if (lines[0]?.trim() === HEAD) {
    const whole = lines.at(-1)?.trim() === ']}';
    const entries = lines
      .slice(1, whole ? -1 : undefined)
      .map((entry, index) => entryOf(entry.trim().replace(/,$/, ''), index + 2));
    if (!whole) entries.push({ line: lines.length, text: '', why: because('list-cut-off') });
    return entries;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return damaged('list-broken', String(error));
  }
  const parsed = read(ListFile, value);
  if (!parsed.success) return damaged('list-broken', wrongIn(parsed.issues));
  return parsed.output.downloads.map((one, index) => entryOf(JSON.stringify(one), index + 2));
}

function entryOf(content: string, line: number): Entry {
  // What is shown of a bad one: no secret of its headers.
  const text = content.replace(/"headers".*$/s, '"headers"…');
  try {
    const parsed = read(NewDownload, JSON.parse(content));
    if (parsed.success) return { line, download: parsed.output };
    return { line, text, why: damaged('entry-broken', wrongIn(parsed.issues)) };
  } catch (error) {
    return { line, text, why: damaged('entry-broken', (error as Error).message) };
  }
}

/** In English with what the library says, which has no other language. */
function damaged(code: 'list-broken' | 'entry-broken', english: string): Why {
  const why = because(code);
  return { ...why, message: `${why.message.slice(0, -1)}: ${english}`.slice(0, MAX_MESSAGE_CHARS) };
}

function percentEncoded(sign: string): string {
  return `%${sign.charCodeAt(0).toString(16).toUpperCase()}`;
}
