// File names: chosen from what the list, the server or the address says, and made safe for every system.
import { percentDecoded } from './intake/decoding.ts';
import { PART_SUFFIX, RIVAL_SUFFIX } from '../../shared/protocol.ts';
import { fileNameOf } from './content-disposition.ts';

const MAX_BYTES = 255;
const MAX_NAME_BYTES = MAX_BYTES - PART_SUFFIX.length;

export interface NameSources {
  /** What the person or the list chose. */
  given?: string | undefined;
  /** The Content-Disposition header as node:http gives it, a byte a character. */
  contentDisposition?: string | null | undefined;
  finalUrl: string;
  contentType?: string | null | undefined;
}

/** The safe name for a download: chosen, else the server's, else the last part of the address, else its host. */
export function chooseName({ given, contentDisposition, finalUrl, contentType }: NameSources): string {
  const chosen = given && clean(given);
  if (chosen) return chosen;
  const simple = contentDisposition ? undefined : endsInName.exec(finalUrl)?.[1];
  if (simple !== undefined && !device.test(simple)) return simple;
  const { pathname, hostname } = new URL(finalUrl);
  const lastPart = pathname.split('/').filter(Boolean).at(-1) ?? '';
  const name = clean(fileNameOf(contentDisposition ?? '') ?? '') || clean(percentDecoded(lastPart));
  if (name && splitName(name)[1]) return name;
  return safeName((name || hostname) + extensionFor(contentType ?? ''));
}

/** A name that is one, non-empty, on every system: no folder, no device, no hidden file, at most 255 bytes with `PART_SUFFIX`. */
export function safeName(raw: string): string {
  return clean(raw) || 'download';
}

/** `name (n).ext`, for a name that is taken. */
export function numbered(name: string, n: number): string {
  const [stem, extension] = splitName(name);
  return fitted(stem, ` (${n})${extension}`, MAX_NAME_BYTES);
}

/** Whether nothing in a name needs a look: a few ASCII letters, digits, dots, hyphens and underscores. */
export function isPlainName(name: string): boolean {
  return plain.test(name);
}

/** The form in which names are compared: two that fold alike may be the same file on some system. */
export function foldName(name: string): string {
  if (plain.test(name)) return name.toUpperCase();
  return name.normalize('NFC').toUpperCase().normalize('NFC');
}

/**
 * The name of the unfinished file of a download; no two downloads share one, and there is room behind it for `RIVAL_SUFFIX`.
 * `mark`: of its list; empty for one from before there were marks.
 */
export function partName(name: string, id: number, mark: string): string {
  const tag = mark === '' ? id : `${mark}-${id}`;
  return fitted(name, `.${tag}${PART_SUFFIX}`, MAX_BYTES - RIVAL_SUFFIX.length);
}

/** Nothing in such a name needs a look, and most names are such. */
const plain = /^\w(?:[\w.-]{0,120}\w)?$/;
/** An address that ends in such a name with an extension. */
const endsInName = /^https?:\/\/[^?#]*[^/?#]\/(\w(?:[\w.-]{0,100}\w)?\.\w{1,20})$/;

/** Safe, or empty when nothing is left. */
function clean(raw: string): string {
  if (plain.test(raw) && !device.test(raw)) return raw;
  const name = raw
    .slice(Math.max(raw.lastIndexOf('/'), raw.lastIndexOf('\\')) + 1)
    .replace(invisible, '')
    .normalize('NFC')
    .replace(/[<>:"|?*]|\p{Cs}/gu, '_')
    .replace(/^[.\s]+/, '');
  const [stem, extension] = splitName(withoutTail(name).replace(device, '_$&'));
  return fitted(stem, extension, MAX_NAME_BYTES).replace(device, '_$&');
}

// Control characters, line and paragraph separators, marks that turn the direction of writing, the byte order mark.
const invisible = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;
// Windows takes these for devices in any folder, whatever follows the first dot, spaces before it included.
const device = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?= *(?:\.|$))/i;

/** Stem and extension, the latter with its dot; `.tar.gz` counts as one. */
function splitName(name: string): [stem: string, extension: string] {
  const extension = /(?<=.)(?:\.tar)?\.[^.\s]{1,20}$/isu.exec(name)?.[0] ?? '';
  return [name.slice(0, name.length - extension.length), extension];
}

/** `stem + tail` in at most `maxBytes`, cut from the stem between characters. */
function fitted(stem: string, tail: string, maxBytes: number): string {
  // No character takes more than three bytes.
  if ((stem.length + tail.length) * 3 <= maxBytes) return stem + tail;
  const room = maxBytes - Buffer.byteLength(tail);
  const bytes = Buffer.from(stem);
  if (bytes.length <= room) return stem + tail;
  let end = room;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return withoutTail(bytes.toString('utf8', 0, end)) + tail;
}

function withoutTail(name: string): string {
  let end = name.length;
  while (end > 0 && /[.\s]/.test(name.charAt(end - 1))) end--;
  return name.slice(0, end);
}

const extensionOfType = new Map(
  Object.entries({
    'application/gzip': '.gz',
    'application/json': '.json',
    'application/pdf': '.pdf',
    'application/x-7z-compressed': '.7z',
    'application/x-bzip2': '.bz2',
    'application/x-tar': '.tar',
    'application/x-xz': '.xz',
    'application/xhtml+xml': '.html',
    'application/xml': '.xml',
    'application/zip': '.zip',
    'audio/flac': '.flac',
    'audio/mpeg': '.mp3',
    'audio/ogg': '.ogg',
    'image/avif': '.avif',
    'image/gif': '.gif',
    'image/jpeg': '.jpg',
    'image/png': '.png',
    'image/svg+xml': '.svg',
    'image/webp': '.webp',
    'text/css': '.css',
    'text/csv': '.csv',
    'text/html': '.html',
    'text/plain': '.txt',
    'text/xml': '.xml',
    'video/mp4': '.mp4',
    'video/webm': '.webm',
  }),
);

function extensionFor(contentType: string): string {
  return extensionOfType.get(contentType.replace(/;.*/s, '').trim().toLowerCase()) ?? '';
}
