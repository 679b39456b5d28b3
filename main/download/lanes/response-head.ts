// Parses the head of a response for the direct lane.
import { HTTPParser } from 'http-parser-js';

export interface ResponseHead {
  status: number;
  headers: Map<string, string>;
  /** Nothing about it needs a full HTTP client: HTTP/1.1, one Content-Length, no coding. */
  plain: boolean;
  contentLength: number;
  keepAlive: boolean;
}

/** A head longer than this is a flood. */
export const HEAD_MAX_BYTES = 64 << 10;

/**
 * Where in `bytes` the head of the real answer is, interim ones before it passed over (RFC 9110 15.2), the empty line
 * included; null when it is not all there.
 */
export function findHead(bytes: Buffer): { start: number; end: number } | null {
  for (let start = 0; ;) {
    const end = bytes.indexOf('\r\n\r\n', start) + 4;
    if (end < 4) return null;
    if (!/^HTTP\/1\.\d 1(?!01)\d\d/.test(bytes.toString('latin1', start, start + 12))) return { start, end };
    start = end;
  }
}

/** Parses a whole head. Null when it is not one. The first of several headers of a name counts. */
export function parseHead(bytes: Buffer): ResponseHead | null {
  const parser = new HTTPParser('RESPONSE');
  let parsed: ResponseHead | null = null;
  parser[HTTPParser.kOnHeadersComplete] = (info) => {
    parsed = headOf(info.statusCode, info.versionMajor * 10 + info.versionMinor, info.headers, info.shouldKeepAlive);
  };
  // It throws on what it does not understand, or returns the error.
  try {
    parser.execute(bytes);
  } catch {
    return null;
  }
  return parsed;
}

function headOf(status: number, version: number, raw: string[], keepAlive: boolean): ResponseHead {
  const headers = new Map<string, string>();
  let lengths = 0;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    if (name === 'content-length') lengths += 1;
    if (!headers.has(name)) headers.set(name, raw[i + 1]!);
  }
  const length = headers.get('content-length') ?? '';
  const coding = headers.get('content-encoding') ?? 'identity';
  const empty = status === 204 || status === 304;
  const plain =
    version === 11 &&
    !headers.has('transfer-encoding') &&
    coding.trim().toLowerCase() === 'identity' &&
    (empty || (lengths === 1 && /^\d{1,15}$/.test(length)));
  return { status, headers, plain, contentLength: empty || !plain ? 0 : Number(length), keepAlive };
}
