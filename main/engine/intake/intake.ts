// What a person drops, pastes or opens -> downloads, with a verdict for every line of it.
import type { Verdict } from '../../../shared/api.ts';
import { type Checksum, type NewDownload } from '../../../shared/download.ts';
import { maskCredentials } from '../../../shared/url.ts';
import { because } from '../../../shared/why.ts';
import { addressOf, rejection, type Rejection } from './address.ts';
import { foundIn, type ListSource } from './source.ts';
import { isSums, readSums, type SumsFile, unusedSums, withSums } from './sums.ts';
import { checksumOf, type Found } from './text.ts';
import { safeName } from '../names.ts';
import { batchOf, type Batch } from './patterns.ts';

export interface Understood {
  /** What is new, in the order of the lines. */
  downloads: NewDownload[];
  /** What is among the downloads already, for whoever wants it once more. */
  known: NewDownload[];
  /** In the order of the lines, which are counted within each source. */
  verdicts: Verdict[];
  /** How many of the downloads got theirs from checksum files beside the list. */
  checksums: number;
}

const MAX_VERDICTS = 200_000;
const MAX_BATCH = 100_000;
const MAX_SHOWN_CHARS = 300;

/** Understands lists and checksum files beside them; `known` tells which addresses (in the form of `NewDownload.url`) are among the downloads already. */
export function understand(
  sources: ListSource | readonly ListSource[],
  { known }: { known: (url: string) => boolean },
): Understood {
  const result: Understood = { downloads: [], known: [], verdicts: [], checksums: 0 };
  const seen = new Set<string>();
  const all = [sources].flat();
  /** False when there are too many: the last verdict says so. */
  const take = (found: Found): boolean => {
    if (result.verdicts.length === MAX_VERDICTS) {
      result.verdicts.push(rejected(found, rejection('too-many', because('list-too-long'))));
      return false;
    }
    const download = downloadOf(found);
    if ('reason' in download) {
      result.verdicts.push(rejected(found, download));
      return true;
    }
    const { url, name } = download;
    const kind = seen.has(url) ? 'duplicate' : known(url) ? 'known' : 'url';
    seen.add(url);
    const verdict: Verdict = { line: found.line, text: shown(found), kind };
    if (name) verdict.name = name;
    result.verdicts.push(verdict);
    if (kind === 'url') result.downloads.push(download);
    if (kind === 'known') result.known.push(download);
    return true;
  };
  all.every((source) => isSums(source) || eachIn(source, take));
  takeSums(all.filter(isSums), result);
  return result;
}

/** Gives the downloads the checksums of the files beside the list, and says which lines of these were not taken. */
function takeSums(files: SumsFile[], result: Understood): void {
  if (files.length === 0) return;
  const { sums, bad } = readSums(files);
  const before = [...result.downloads, ...result.known];
  const { given, bad: unclear } = withSums(before, sums);
  const fresh = result.downloads.length;
  result.downloads = given.slice(0, fresh);
  result.known = given.slice(fresh);
  result.checksums = given.filter(({ checksum }, at) => checksum !== before[at]!.checksum).length;
  const all = [...bad, ...unclear, ...(result.checksums === 0 && unclear.length === 0 ? unusedSums(files) : [])];
  for (const found of all.slice(0, MAX_VERDICTS)) result.verdicts.push(rejected(found, found.address as Rejection));
}

function downloadOf(found: Found): NewDownload | Rejection {
  const address = typeof found.address === 'string' ? addressOf(found.address, found.base) : found.address;
  const { name, headers } = found;
  const checksum = found.checksum ?? checksumInFragment(found.address);
  if ('reason' in address) return address;
  if (checksum && 'reason' in checksum) return checksum;
  // Piece by piece: a list may be very long, and mostly there is nothing but the address.
  const download: NewDownload = { url: address.url };
  const mirrors = found.mirrors?.filter((mirror) => 'url' in addressOf(mirror)) ?? [];
  if (mirrors.length > 0) download.mirrors = mirrors;
  if (name) download.name = safeName(name);
  if (checksum) download.checksum = checksum;
  if (headers) download.headers = headers;
  return download;
}

/** Package indexes give checksums as `file.whl#sha256=...`. */
function checksumInFragment(address: Found['address']): Checksum | undefined {
  if (typeof address !== 'string' || !address.includes('#')) return undefined;
  const [, algorithm, hex] = /#(md5|sha\d+)=(\w+)$/i.exec(address) ?? [];
  const checksum = algorithm && hex ? checksumOf(algorithm, hex) : undefined;
  return checksum && 'hex' in checksum ? checksum : undefined;
}

/** Goes through what stands in a source for as long as `take` says true; returns its last word. */
function eachIn(source: ListSource, take: (found: Found) => boolean): boolean {
  for (const found of foundIn(source)) {
    const batch = found.patterns && typeof found.address === 'string' ? batchOf(found.address) : null;
    if (!batch) {
      if (!take(found)) return false;
      continue;
    }
    for (const one of expanded(found, batch)) if (!take(one)) return false;
  }
  return true;
}

/** An address with batch patterns as the addresses that it stands for. */
function* expanded(found: Found, batch: Batch): Iterable<Found> {
  if (batch.count === 0) {
    yield { ...found, address: rejection('empty-pattern', because('pattern-empty')) };
  } else if (batch.count > MAX_BATCH) {
    const why = because('pattern-too-much', { count: batch.count, most: MAX_BATCH });
    yield { ...found, address: rejection('too-many', why) };
  } else {
    for (const text of batch.texts()) yield { line: found.line, text, address: text };
  }
}

function rejected(found: Found, why: Rejection): Verdict {
  return { line: found.line, text: shown(found), kind: 'rejected', ...why };
}

function shown({ text }: Found): string {
  return maskCredentials(text.slice(0, MAX_SHOWN_CHARS));
}
