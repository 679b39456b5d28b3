// What the hostile origin answers to one request: the honest answer, bent by the behaviour that a test asked for.
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { bufferContent, contentBytes, seededContent, type Content } from './content.ts';

/** One request as it came. */
export interface Seen {
  method: string;
  path: string;
  target: string;
  headers: Record<string, string>;
  at: number;
  /** The how-manieth request to this path, from 1. */
  count: number;
  /** How many answers of this path were open when it came, itself included. */
  active: number;
  /** Body bytes sent so far. */
  bytesSent: number;
  open: boolean;
}

/** How a path answers. Without anything but content it is an honest file server with a strong ETag. */
export interface Behaviour {
  bytes?: Buffer;
  sizeBytes?: number;
  seed?: number;
  status?: number;
  /** Default: a strong tag made of size and seed. `null`: none. Weak ones are written `W/"x"`. */
  etag?: string | null;
  lastModified?: string | null;
  /** The Date header; default now, `null`: none. */
  date?: string | null;
  contentType?: string | null;
  /** More header lines, or others in place of the honest ones. */
  headers?: Record<string, string>;
  /** Raw lines after all others; a flood, a fold, rubbish. */
  rawHeaders?: string;
  /** `ignore`: answers 200 to every range. `blind`: answers 206 whatever If-Range says. */
  ranges?: 'yes' | 'ignore' | 'blind';
  /** Bends a 206. `short`: half of what was asked, honestly labelled. `shifted`/`early`: starts 1000 bytes after/before what was asked, labelled so. `overlong`: half, and then rubbish. `empty`: the label alone. `short-star`: half, and no total. */
  partial?:
    | 'short'
    | 'shifted'
    | 'early'
    | 'no-content-range'
    | 'bad-content-range'
    | 'wrong-unit'
    | 'multipart'
    | 'overlong'
    | 'empty'
    | 'star'
    | 'short-star';
  /** Claims another total in Content-Range. */
  claimTotal?: number;
  /** Adds this to the Content-Length it claims, without sending more or fewer bytes. */
  lieBytes?: number;
  /** `close`: no length, ended by closing. `chunked`: transfer encoding. `both`: chunked, and a wrong Content-Length. */
  framing?: 'length' | 'close' | 'chunked' | 'both';
  encoding?: 'gzip' | 'deflate' | 'br';
  /** Stops after so many body bytes of an answer, by `cut`. */
  cutAfterBytes?: number;
  cut?: 'close' | 'reset' | 'stall';
  bytesPerS?: number;
  headDelayMs?: number;
  headBytesPerS?: number;
  location?: string;
  retryAfter?: string;
  /** More open answers than this get a 503, or what `tooMany` says. */
  maxActive?: number;
  tooMany?: 'forbidden' | 'reset';
  /** So many interim answers come before the real one. */
  interims?: number;
}

type BodyPiece =
  { kind: 'text'; bytes: Buffer } | { kind: 'content'; content: Content; start: number; end: number; chunked: boolean };

export interface Plan {
  head: string;
  body: BodyPiece[];
  end: 'keep' | 'close' | 'reset' | 'stall';
  bytesPerS?: number | undefined;
  headDelayMs?: number | undefined;
  headBytesPerS?: number | undefined;
}

const encoders = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync };

/** The answer to `seen` under `behaviour`. */
export function planAnswer(seen: Seen, behaviour: Behaviour): Plan {
  const asked = behaviour;
  if (asked.maxActive !== undefined && seen.active > asked.maxActive) {
    if (asked.tooMany === 'reset') return { head: '', body: [], end: 'reset' };
    if (asked.tooMany) return planAnswer(seen, { status: 403, bytes: Buffer.from('too many') });
    return planAnswer(seen, { status: 503, retryAfter: asked.retryAfter ?? '0', bytes: Buffer.from('busy') });
  }
  const content = asked.bytes ? bufferContent(asked.bytes) : seededContent(asked.sizeBytes ?? 0, asked.seed ?? 1);
  const total = content.sizeBytes;
  const status = asked.status ?? (asked.location ? 302 : 200);
  const etag = asked.etag === undefined ? `"${total}-${asked.seed ?? 1}"` : asked.etag;
  const headers: Record<string, string> = {};
  if (asked.date !== null) headers['Date'] = asked.date ?? new Date().toUTCString();
  if (asked.contentType !== null) headers['Content-Type'] = asked.contentType ?? 'application/octet-stream';
  if (etag && status < 300) headers['ETag'] = etag;
  if (asked.lastModified) headers['Last-Modified'] = asked.lastModified;
  if (asked.location) headers['Location'] = asked.location;
  if (asked.retryAfter) headers['Retry-After'] = asked.retryAfter;
  if (asked.ranges !== 'ignore' && status < 300) headers['Accept-Ranges'] = 'bytes';

  const range = status === 200 && asked.ranges !== 'ignore' ? rangeOf(seen, asked, etag, total) : null;
  if (range === 'unsatisfiable') {
    headers['Content-Range'] = `bytes */${asked.claimTotal ?? total}`;
    return finish(416, headers, [], 0, seen, asked);
  }
  if (range) return partialAnswer(range, headers, content, seen, asked);
  if (asked.encoding) {
    const encoded = encoders[asked.encoding](contentBytes(content));
    headers['Content-Encoding'] = asked.encoding;
    return finish(
      status,
      headers,
      pieces(bufferContent(encoded), 0, encoded.length, asked),
      encoded.length,
      seen,
      asked,
    );
  }
  return finish(status, headers, pieces(content, 0, total, asked), total, seen, asked);
}

function rangeOf(
  seen: Seen,
  asked: Behaviour,
  etag: string | null,
  total: number,
): { start: number; end: number } | 'unsatisfiable' | null {
  const match = /^bytes=(\d+)-(\d*)$/.exec(seen.headers['range'] ?? '');
  if (!match) return null;
  const ifRange = seen.headers['if-range'];
  const strong = etag && !etag.startsWith('W/') ? etag : null;
  if (ifRange && asked.ranges !== 'blind' && ifRange !== strong && ifRange !== asked.lastModified) return null;
  const start = Number(match[1]);
  if (start >= total) return 'unsatisfiable';
  return { start, end: match[2] ? Math.min(Number(match[2]) + 1, total) : total };
}

function partialAnswer(
  range: { start: number; end: number },
  headers: Record<string, string>,
  content: Content,
  seen: Seen,
  asked: Behaviour,
): Plan {
  let { start, end } = range;
  const total = asked.claimTotal ?? content.sizeBytes;
  if (asked.partial === 'short' || asked.partial === 'short-star') end = start + Math.ceil((end - start) / 2);
  if (asked.partial === 'shifted') start = Math.min(start + 1000, end - 1);
  if (asked.partial === 'early') start = Math.max(0, start - 1000);
  const label = `bytes ${start}-${end - 1}/${asked.partial?.endsWith('star') ? '*' : total}`;
  if (asked.partial === 'multipart') {
    const part = `--b\r\nContent-Type: application/octet-stream\r\nContent-Range: ${label}\r\n\r\n`;
    const bytes = Buffer.concat([Buffer.from(part), contentBytes(content, start, end), Buffer.from('\r\n--b--\r\n')]);
    headers['Content-Type'] = 'multipart/byteranges; boundary=b';
    return finish(206, headers, pieces(bufferContent(bytes), 0, bytes.length, asked), bytes.length, seen, asked);
  }
  if (asked.partial === 'overlong') {
    const half = start + Math.ceil((end - start) / 2);
    headers['Content-Range'] = `bytes ${start}-${half - 1}/${total}`;
    const bytes = Buffer.concat([contentBytes(content, start, half), Buffer.alloc(5000, 'x')]);
    return finish(206, headers, pieces(bufferContent(bytes), 0, bytes.length, asked), bytes.length, seen, asked);
  }
  if (asked.partial === 'empty') {
    headers['Content-Range'] = label;
    return finish(206, headers, [], 0, seen, asked);
  }
  if (asked.partial === 'bad-content-range') headers['Content-Range'] = 'bytes of the file';
  else if (asked.partial === 'wrong-unit') headers['Content-Range'] = label.replace('bytes', 'lines');
  else if (asked.partial !== 'no-content-range') headers['Content-Range'] = label;
  return finish(206, headers, pieces(content, start, end, asked), end - start, seen, asked);
}

function pieces(content: Content, start: number, end: number, asked: Behaviour): BodyPiece[] {
  const chunked = asked.framing === 'chunked' || asked.framing === 'both';
  const stop = asked.cutAfterBytes === undefined ? end : Math.min(end, start + asked.cutAfterBytes);
  const body: BodyPiece[] = [{ kind: 'content', content, start, end: stop, chunked }];
  if (chunked && stop === end) body.push({ kind: 'text', bytes: Buffer.from('0\r\n\r\n') });
  return body;
}

function finish(
  status: number,
  headers: Record<string, string>,
  body: BodyPiece[],
  lengthBytes: number,
  seen: Seen,
  asked: Behaviour,
): Plan {
  const framing = asked.framing ?? 'length';
  if (framing === 'chunked' || framing === 'both') headers['Transfer-Encoding'] = 'chunked';
  if (framing === 'length' || framing === 'both') {
    headers['Content-Length'] = String(lengthBytes + (asked.lieBytes ?? (framing === 'both' ? 7 : 0)));
  }
  const cut = asked.cutAfterBytes !== undefined && asked.cutAfterBytes < lengthBytes;
  const end = cut ? (asked.cut ?? 'close') : framing === 'close' || asked.lieBytes ? 'close' : 'keep';
  if (end === 'close' || seen.headers['connection'] === 'close') headers['Connection'] = 'close';
  const lines = Object.entries({ ...headers, ...asked.headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return {
    head: `${'HTTP/1.1 100 Continue\r\n\r\n'.repeat(asked.interims ?? 0)}HTTP/1.1 ${status} Status\r\n${lines.join('')}${asked.rawHeaders ?? ''}\r\n`,
    body: seen.method === 'HEAD' ? [] : body,
    end,
    bytesPerS: asked.bytesPerS,
    headDelayMs: asked.headDelayMs,
    headBytesPerS: asked.headBytesPerS,
  };
}
