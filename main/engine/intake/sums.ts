// Checksum files among what is dropped (SHA256SUMS, file.iso.sha256): their lines belong to the downloads of those names.
import type { Checksum, NewDownload } from '../../../shared/download.ts';
import { checksumAlgorithms } from '../../../shared/download.ts';
import { because } from '../../../shared/why.ts';
import { rejection, type Rejection } from './address.ts';
import type { ListSource } from './source.ts';
import { algorithmOfHex, checksumOf, type Found, linesOf } from './text.ts';

/** A checksum file that was read: its name says what it is, and whose value a line without a name is. */
export type SumsFile = { text: string; fileName: string };

type Named = Pick<NewDownload, 'url' | 'name'>;

/** Checksums by name, as their files have it (it may have folders in it). Null: two files differ about it. */
export type Sums = Map<string, { checksum: Checksum; line: Found } | null>;

/** `image.iso.sha256`: of one file. */
const ofOne = /^(.+)\.(?:md5|sha(?:1|256|512)?)(?:sums?)?(?:\.txt)?$/i;
/** `SHA256SUMS`, `MD5SUMS.txt`, `tool_1.2_checksums.txt`, BSD's `SHA256`. */
const ofMany =
  /^(?:(?:md5|sha-?(?:1|256|512))(?:sums?)?|(?:.*[-_.])?(?:md5|sha-?(?:1|256|512)|check)sums?)(?:\.(?:txt|asc))?$/i;
/** A list whose lines have checksums before the addresses is a list, whatever it is called. */
const listed = /^[^\S\n]*(?:[0-9a-f]{32,128}[^\S\n]+\*?)?https?:\/\//im;

const MAX_LINE_CHARS = 8192;
/** Folders of an address that a name in a checksum file may begin at. */
const MAX_FOLDERS = 32;

const noChecksum = rejection('no-checksum', because('checksum-unknown'));
const contested = rejection('unclear-checksum', because('checksum-contested'));
const ambiguous = rejection('unclear-checksum', because('checksum-ambiguous'));
const unused = rejection('no-checksum', because('checksums-unused'));

/** Whether a file has checksums in it, going by what it is called. */
export function isSumsName(fileName: string): boolean {
  return ofOne.test(fileName) || ofMany.test(fileName);
}

/** Whether a source is a checksum file. */
export function isSums(source: ListSource): source is SumsFile {
  return 'text' in source && source.fileName !== undefined && isSumsName(source.fileName) && !listed.test(source.text);
}

/** The checksums of files, the strongest for each name, and the lines that are none or contradict another. */
export function readSums(files: readonly SumsFile[]): { sums: Sums; bad: Found[] } {
  const sums: Sums = new Map();
  const bad: Found[] = [];
  const strength = ({ algorithm }: Checksum) => checksumAlgorithms.indexOf(algorithm);
  for (const { text, fileName } of files) {
    for (const { name, checksum, line } of linesIn(text, ofOne.exec(fileName)?.[1])) {
      const before = sums.get(name);
      if (!checksum) bad.push({ ...line, address: noChecksum });
      else if (before === undefined || (before && strength(checksum) > strength(before.checksum)))
        sums.set(name, { checksum, line });
      else if (!before || (strength(checksum) === strength(before.checksum) && checksum.hex !== before.checksum.hex)) {
        sums.set(name, null);
        bad.push({ ...line, address: contested });
      }
    }
  }
  return { sums, bad };
}

type SumLine = { name: string; checksum: Checksum | null; line: Found };

/** The lines of one file in the format of GNU's tools or of BSD's; `own`: whose a bare value is. */
function* linesIn(text: string, own: string | undefined): Iterable<SumLine> {
  for (const [number, raw] of linesOf(text)) {
    const shown = raw.trim();
    const line: Found = { line: number, text: shown, address: noChecksum };
    if (shown.startsWith('-----BEGIN PGP SIGNATURE')) return;
    if (shown === '' || shown.startsWith('#') || /^(?:-----BEGIN PGP|Hash: )/.test(shown)) continue;
    const found = shown.length > MAX_LINE_CHARS ? undefined : (gnu(shown, own) ?? bsd(shown));
    const checksum = found && checksumOf(found.algorithm, found.hex);
    const known = found && checksum && 'algorithm' in checksum;
    yield known ? { name: nameOf(found.name, own), checksum, line } : { name: '', checksum: null, line };
  }
}

function gnu(line: string, own: string | undefined) {
  const [, escape, hex = '', written] = /^(\\?)([0-9a-f]{32,128})(?:\s+\*?(\S.*))?$/i.exec(line) ?? [];
  const algorithm = algorithmOfHex(hex);
  const name = escape
    ? written?.replace(/\\([\\nr])/g, (_, c) => (c === '\\' ? '\\' : c === 'n' ? '\n' : '\r'))
    : written;
  return algorithm && (name ?? own) ? { algorithm, hex, name: name ?? own! } : undefined;
}

/** Also OpenSSL's: `SHA2-256(name)= hex`. */
function bsd(line: string) {
  const [, label, name, hex] = /^(\w[\w-]*) ?\((.+)\) ?= ?([0-9a-f]{32,128})$/i.exec(line) ?? [];
  return label && name && hex ? { algorithm: label.replace(/^sha2-/i, 'sha'), hex, name } : undefined;
}

/** The file beside `own.sha256` is meant however its maker's folders were called, and when it came through a pipe. */
function nameOf(name: string, own: string | undefined): string {
  if (own !== undefined && (name === '-' || name.replace(/^.*[/\\]/s, '') === own)) return own;
  return name.replace(/^(?:\.\/)+/, '');
}

/**
 * Gives each download without a checksum that of its name. A name that downloads of several folders have says nothing:
 * it may be any of theirs. `bad`: such lines, and files of which nothing was taken.
 */
export function withSums(downloads: readonly NewDownload[], sums: Sums): { given: NewDownload[]; bad: Found[] } {
  if (sums.size === 0) return { given: [...downloads], bad: [] };
  const places = downloads.map((download) => placeIn(sums, download));
  const folders = new Map<string, string>();
  const unclear = new Set<string>();
  for (const place of places) {
    if (place && (folders.get(place.name) ?? place.folder) !== place.folder) unclear.add(place.name);
    if (place) folders.set(place.name, place.folder);
  }
  const given = downloads.map((download, at) => {
    const name = places[at]?.name;
    const sum = name !== undefined && !unclear.has(name) ? sums.get(name) : null;
    return download.checksum || !sum ? download : { ...download, checksum: sum.checksum };
  });
  return { given, bad: [...unclear].flatMap((name) => withAddress(sums.get(name)?.line, ambiguous)) };
}

function withAddress(line: Found | undefined, address: Rejection): Found[] {
  return line ? [{ ...line, address }] : [];
}

/** What is said of checksum files when nothing at all was taken from them. */
export function unusedSums(files: readonly SumsFile[]): Found[] {
  return files.map(({ fileName }) => ({ line: 0, text: fileName, address: unused }));
}

/**
 * Which of the names is a download's, and whose name it is: the longest that its address ends with, else its own. `folder`:
 * the address of the folder that the checksum file stands in, from which a name must lead to the download.
 */
function placeIn(sums: Sums, { url, name }: Named, folder?: string): { name: string; folder: string } | null {
  const { origin, pathname } = new URL(url);
  const parts = decoded(pathname).split('/').slice(1);
  const last = folder === undefined ? parts.length - 1 : decoded(new URL(folder).pathname).split('/').length - 2;
  for (let at = Math.max(0, parts.length - MAX_FOLDERS); at <= last; at++) {
    const end = parts.slice(at).join('/');
    if (sums.has(end)) return { name: end, folder: `${origin}/${parts.slice(0, at).join('/')}` };
  }
  return name !== undefined && sums.has(name) && last === parts.length - 1 ? { name, folder: url } : null;
}

/** The checksum of a download beside a checksum file at `folder`, or below; null when it has none for it. */
export function sumBeside(sums: Sums, folder: string, download: Named): Checksum | null {
  const place = placeIn(sums, download, folder);
  return (place && sums.get(place.name)?.checksum) ?? null;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
