// The file name in a Content-Disposition header (RFC 6266, RFC 8187), taken from whatever servers really send.
import { decodeAs, decodeName, percentDecoded } from './intake/decoding.ts';

/** The name that the header gives, not yet safe to use; null when it gives none. The header is as node:http has it, a byte a character. */
export function fileNameOf(header: string): string | null {
  const parameters = parametersOf(header);
  const extended = parameters.get('filename*');
  const plain = parameters.get('filename');
  return (
    (extended === undefined ? null : extendedValue(extended)) ??
    (plain === undefined ? continued(parameters) : plainValue(plain))
  );
}

/** Parameters by lower-case name. The first of a name wins; a missing type and empty parameters do no harm. */
function parametersOf(header: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const [piece] of header.matchAll(/(?:"(?:[^"\\]|\\.)*(?:"|$)|[^;"]|"(?=[^"]*\\$))+/gs)) {
    const [, name, value] = /^(?:[^"=]*[\s:])?([^\s"=:]+)\s*=\s*(.*)$/s.exec(piece) ?? [];
    if (name === undefined || value === undefined || parameters.has(name.toLowerCase())) continue;
    parameters.set(name.toLowerCase(), unquoted(value.trim()));
  }
  return parameters;
}

function unquoted(value: string): string {
  const quoted = /^"((?:[^"\\]|\\.)*)/s.exec(value)?.[1];
  // Two headers arrive joined by a comma; the first is meant.
  if (quoted === undefined) return value.replace(/,\s*(?:attachment|inline|filename\*?\s*=).*$/is, '');
  // A path from Windows has its backslashes bare.
  return /^[a-z]:\\/i.test(quoted) ? quoted : quoted.replace(/\\(.)/gs, '$1');
}

/** `charset'language'percent-encoded`; null when it is not valid, so that a plain name has its turn. */
function extendedValue(value: string): string | null {
  if (!value.includes("'")) return plainValue(value);
  const [, charset, encoded] = /^([^']*)'[^']*'(.*)$/s.exec(value) ?? [];
  if (charset === undefined || encoded === undefined || /%(?![0-9a-f]{2})/i.test(encoded)) return null;
  return decodeAs(charset || 'utf-8', bytesOfEscapes(encoded));
}

/** A plain name, in which servers put raw UTF-8, RFC 2047 words and percent escapes, although they should not. */
function plainValue(value: string): string {
  // eslint-disable-next-line no-control-regex -- characters above one byte cannot come from a header: decoded already
  const text = /^[\x00-\xff]*$/.test(value) ? decodeName(Buffer.from(value, 'latin1')) : value;
  const words = text.replace(/(=\?[^?\s]+\?[bq]\?[^?\s]*\?=)\s+(?==\?)/gi, '$1');
  const decoded = words.replace(/=\?([^?\s*]+)[^?\s]*\?([bq])\?([^?\s]*)\?=/gi, encodedWord);
  return decoded === text ? percentDecoded(text) : decoded;
}

function encodedWord(word: string, charset: string, encoding: string, text: string): string {
  const bytes =
    encoding.toLowerCase() === 'b'
      ? Buffer.from(text, 'base64')
      : bytesOfEscapes(
          text
            .replaceAll('%', '%25')
            .replaceAll('_', ' ')
            .replace(/=([0-9a-f]{2})/gi, '%$1'),
        );
  return decodeAs(charset, bytes) ?? word;
}

/** `filename*0="a"; filename*1*=%62`, as mail programs cut long names (RFC 2231). */
function continued(parameters: ReadonlyMap<string, string>): string | null {
  let joined = '';
  for (let n = 0; ; n++) {
    const plain = parameters.get(`filename*${n}`);
    const piece = parameters.get(`filename*${n}*`) ?? plain?.replaceAll('%', '%25');
    if (piece === undefined) break;
    joined += piece;
  }
  return joined ? (extendedValue(joined) ?? null) : null;
}

function bytesOfEscapes(text: string): Buffer {
  return Buffer.from(
    text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  );
}
