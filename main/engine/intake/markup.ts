// Addresses in markup: the links and images of a page, Metalink files (RFC 5854 and version 3), Apple's .webloc.
import { Parser } from 'htmlparser2';
import { checksumAlgorithms } from '../../../shared/download.ts';
import { because } from '../../../shared/why.ts';
import { addressOf, rejection } from './address.ts';
import { checksumOf, type Found } from './text.ts';

const linkTags = new Set(['a', 'area']);
const mediaTags = new Set(['audio', 'embed', 'img', 'source', 'video']);
const MAX_MIRRORS = 100;
const MAX_DEPTH = 2000;
const noAddress = rejection('no-links', because('no-address-in'));
const relative = rejection('not-a-url', because('link-relative'));
const tooDeep = rejection('too-many', because('too-deep'));

/** Links and images of a page or a piece of one. */
export function foundInHtml(html: string, base?: string): Found[] {
  const found: Found[] = [];
  const left = read(html, {
    onStart(tag, { href, src, download }, line) {
      if (tag === 'base' && href) {
        const resolved = addressOf(href, base);
        if ('url' in resolved) base = resolved.url;
      }
      const address = (linkTags.has(tag) ? href : mediaTags.has(tag) ? src : undefined)?.trim();
      if (!address || address.startsWith('#')) return;
      const lost = base === undefined && !/^(?:[a-z][a-z0-9+.-]*:|\/\/)/i.test(address);
      found.push({ line, text: address, address: lost ? relative : address, base, name: download || undefined });
    },
  });
  return [...found, ...left];
}

/** The addresses in a property list: a `.webloc` holds one. */
export function foundInWebloc(xml: string): Found[] {
  const found: Found[] = [];
  const left = read(xml, {
    xmlMode: true,
    onEnd(tag, address, _, line) {
      if (tag === 'string' && address.includes(':')) found.push({ line, text: address, address });
    },
  });
  return [...found, ...left];
}

/** A file that a Metalink describes, while it is read. */
interface MetalinkFile {
  line: number;
  name: string | undefined;
  urls: { address: string; rank: number }[];
  checksums: Found['checksum'][];
  pieces: { algorithm: string; pieceBytes: number; hex: string[] } | undefined;
}

/** The files of a Metalink, each with its mirrors in their order, the strongest checksum and the pieces' ones. */
export function foundInMetalink(xml: string): Found[] {
  const files: MetalinkFile[] = [];
  let inPieces = false;
  const left = read(xml, {
    xmlMode: true,
    onStart(tag, attributes, line) {
      if (tag === 'file') files.push({ line, name: attributes['name'], urls: [], checksums: [], pieces: undefined });
      const file = files.at(-1);
      if (tag !== 'pieces' || !file) return;
      inPieces = true;
      file.pieces = { algorithm: attributes['type'] ?? '', pieceBytes: Number(attributes['length']), hex: [] };
    },
    onEnd(tag, text, attributes) {
      const file = files.at(-1);
      if (tag === 'pieces') inPieces = false;
      if (!file || text === '') return;
      if (tag === 'hash' && inPieces) file.pieces?.hex.push(text.toLowerCase());
      else if (tag === 'hash') file.checksums.push(checksumOf(attributes['type'] ?? '', text));
      else if (tag === 'url' && attributes['type'] !== 'bittorrent') {
        // Version 4 counts priorities up from the best, version 3 preferences down from it.
        const rank = Number(attributes['priority'] ?? -Number(attributes['preference'] ?? -999_999));
        file.urls.push({ address: text, rank });
      }
    },
  });
  return [...files.map(foundInFile), ...left];
}

function foundInFile({ line, name, urls, checksums, pieces }: MetalinkFile): Found {
  const addresses = urls.sort((a, b) => a.rank - b.rank).map(({ address }) => address);
  const [first, ...mirrors] = new Set(
    addresses.map((address) => addressOf(address)).flatMap((a) => ('url' in a ? [a.url] : [])),
  );
  const address = first ?? addresses[0] ?? noAddress;
  const text = typeof address === 'string' ? address : (name ?? '');
  return { line, text, address, name, mirrors: mirrors.slice(0, MAX_MIRRORS), checksum: strongest(checksums, pieces) };
}

/** The checksum that is hardest to forge, with those of the pieces; what is wrong when none is right. */
function strongest(checksums: MetalinkFile['checksums'], pieces: MetalinkFile['pieces']): Found['checksum'] {
  const strength = (checksum: Found['checksum']) =>
    checksum && 'algorithm' in checksum ? checksumAlgorithms.indexOf(checksum.algorithm) : -1;
  const best = checksums.sort((a, b) => strength(b) - strength(a)).find(Boolean);
  if ((best && 'reason' in best) || !pieces || !Number.isSafeInteger(pieces.pieceBytes) || pieces.pieceBytes <= 0)
    return best;
  const checked = pieces.hex.map((hex) => checksumOf(pieces.algorithm, hex));
  const [first] = checked;
  if (!first || checked.some((piece) => !piece || 'reason' in piece) || 'reason' in first) return best;
  return { ...(best ?? { algorithm: first.algorithm }), pieces: { ...pieces, algorithm: first.algorithm } };
}

type Attributes = Record<string, string>;

interface Reader {
  xmlMode?: boolean;
  onStart?: (tag: string, attributes: Attributes, line: number) => void;
  /** With the text between the last tag and this one, and what the last start had. */
  onEnd?: (tag: string, text: string, attributes: Attributes, line: number) => void;
}

/** Tells the elements of a text, names without prefixes. Returns what is to be said of the part that was not read. */
function read(markup: string, { xmlMode = false, onStart, onEnd }: Reader): Found[] {
  const lineAt = lineCounter(markup);
  let text = '';
  let open: Attributes = {};
  let line = 1;
  let depth = 0;
  const parser = new Parser(
    {
      onopentag(tag, attributes) {
        text = '';
        open = attributes;
        line = lineAt(parser.startIndex);
        onStart?.(local(tag), attributes, line);
        // Every open element makes the parser slower.
        if (++depth > MAX_DEPTH) parser.pause();
      },
      ontext(piece) {
        if (onEnd) text += piece;
      },
      onclosetag(tag) {
        depth--;
        onEnd?.(local(tag), text.trim(), open, line);
        text = '';
      },
    },
    { xmlMode },
  );
  parser.end(markup);
  return depth > MAX_DEPTH ? [{ line, text: '', address: tooDeep }] : [];
}

function local(tag: string): string {
  return tag.slice(tag.indexOf(':') + 1).toLowerCase();
}

/** Line numbers of places that are asked for in rising order. */
function lineCounter(text: string): (index: number) => number {
  const breaks = /\n|$/g;
  let line = 1;
  let end = breaks.exec(text)?.index ?? 0;
  return (index) => {
    for (; end < index && end < text.length; line++) end = breaks.exec(text)?.index ?? text.length;
    return line;
  };
}
