// The forms in which lists come: how a file on the disk becomes a text, and who finds the addresses in it.
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { systemWhy } from '../../../shared/system-why.ts';
import { because, type Why } from '../../../shared/why.ts';
import { decodeFile } from './decoding.ts';
import { rejection, type Rejection } from './address.ts';
import { foundInHtml, foundInMetalink, foundInWebloc } from './markup.ts';
import { foundInTable } from './table.ts';
import { type Found, foundInText, linesOf } from './text.ts';
import { listFromJson, looksLikeListJson } from '../list-export.ts';

/** Something to understand: dropped text or a piece of a page, a file that was read, or one that could not be. */
export type ListSource =
  { text: string; fileName?: string } | { html: string; base?: string } | { fileName: string; problem: Rejection };

const MAX_FILE_MIB = 64;
const MAX_FILE_BYTES = MAX_FILE_MIB << 20;
const binary = rejection('binary', because('no-text'));
const BINARY_PLIST = 'bplist00';

/** Reads a list from a file. A file that cannot be read is a value with the problem: the others have their turn. */
export async function readList(path: string): Promise<ListSource> {
  const fileName = basename(path);
  const problem = (reason: Rejection['reason'], why: Why) => ({ fileName, problem: rejection(reason, why) });
  try {
    const found = await stat(path);
    if (found.isDirectory()) return problem('not-a-file', because('folder-no-list'));
    if (!found.isFile()) return problem('not-a-file', because('device-no-list'));
    if (found.size > MAX_FILE_BYTES) return problem('too-large', because('list-too-large', { mib: MAX_FILE_MIB }));
    const bytes = await readFile(path);
    const text = bytes.toString('latin1', 0, 8) === BINARY_PLIST ? bytes.toString('latin1') : decodeFile(bytes);
    return { text, fileName };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = because('list-not-read', { because: systemWhy(error) });
    if (code === 'ENOENT' || code === 'ENOTDIR') return problem('no-such-file', why);
    return problem(code === 'EACCES' || code === 'EPERM' ? 'no-permission' : 'unreadable', why);
  }
}

/** What stands in a source, good and bad; nothing at all only when a plain text says nothing. */
export function foundIn(source: ListSource): Iterable<Found> {
  const fileName = ('fileName' in source && source.fileName) || '';
  if ('problem' in source) return [{ line: 0, text: fileName, address: source.problem }];
  if ('html' in source) return orSilent(foundInHtml(source.html, source.base), fileName);
  const reader = readerOf(source.text, fileName);
  // As it is, without a generator around it: such lists are the long ones.
  return reader === foundInText ? foundInText(source.text) : orSilent(reader(source.text), fileName);
}

/** With a word of it when nothing is found. */
function* orSilent(all: Iterable<Found>, fileName: string): Iterable<Found> {
  let silent = true;
  for (const found of all) {
    silent = false;
    yield found;
  }
  if (silent) yield { line: 0, text: fileName, address: rejection('no-links', because('no-link-in')) };
}

/** What a text looks like counts more than what its file is called. */
function readerOf(text: string, fileName: string): (text: string) => Iterable<Found> {
  const head = text.slice(0, 4096).trimStart();
  if (head.startsWith(BINARY_PLIST)) return foundInBinaryPlist;
  if (isBinary(head)) return () => [{ line: 0, text: fileName, address: binary }];
  if (/^<(?:\?xml|!--|metalink)/i.test(head) && /<metalink[\s>]/i.test(head)) return foundInMetalink;
  if (/^<(?:\?xml|!doctype plist|plist)/i.test(head) && /<plist[\s>]/i.test(head)) return foundInWebloc;
  if (/^<(?:!doctype html|html|head|body)[\s>]/i.test(head)) return foundInHtml;
  if (looksLikeListJson(head)) return foundInListJson;
  if (/^\[(?:InternetShortcut|Desktop Entry)\]/im.test(head)) return foundInShortcut;
  switch (/\.([^.]+)$/.exec(fileName)?.[1]?.toLowerCase()) {
    case 'htm':
    case 'html':
    case 'xhtml':
      return foundInHtml;
    case 'csv':
    case 'tsv':
      return foundInTable;
    default:
      return foundInText;
  }
}

/** More than a slip: control characters, or many that could not be decoded. */
function isBinary(head: string): boolean {
  const share = (odd: RegExp) => (head.match(odd)?.length ?? 0) / head.length;
  // eslint-disable-next-line no-control-regex -- they are what makes a text binary
  return share(/[\x00-\x08\x0e-\x1f\x7f]/g) > 0.02 || share(/\ufffd/g) > 0.1;
}

/** `.url` files of Windows and link files of Linux desktops. */
function* foundInShortcut(text: string): Iterable<Found> {
  for (const [line, content] of linesOf(text)) {
    const address = /^URL\s*=\s*(.*\S)/i.exec(content)?.[1];
    if (address !== undefined) yield { line, text: address, address };
  }
}

/** Apple's binary form of a `.webloc`: the address stands in it as it is. */
function* foundInBinaryPlist(text: string): Iterable<Found> {
  for (const [address] of text.matchAll(/https?:\/\/[\x21-\x7e]+/gi)) yield { line: 1, text: address, address };
}

/** A list that Sluice wrote. */
function* foundInListJson(text: string): Iterable<Found> {
  const list = listFromJson(text);
  if (!Array.isArray(list)) {
    yield { line: 1, text: '', address: rejection('unreadable', list) };
    return;
  }
  for (const entry of list) {
    if ('why' in entry) {
      yield { line: entry.line, text: entry.text, address: rejection('unreadable', entry.why) };
      continue;
    }
    const { url, ...more } = entry.download;
    yield { line: entry.line, text: url, address: url, ...more };
  }
}
