// What the hostile server does in each case of the matrix. The file is what the server has when the tool is run the last time.

/** @typedef {import('../../tests/support/origin.ts').Behaviour} Behaviour */
/** @typedef {import('../../tests/support/origin.ts').Seen} Seen */

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {Behaviour} [first] how it answers until the tool is interrupted in the middle; without it there is one run only
 * @property {Behaviour | ((seen: Seen) => Behaviour)} then how it answers afterwards
 * @property {(count: number) => Behaviour | ((seen: Seen) => Behaviour)} [link] instead: each request is sent on to a link of its own, which answers so
 * @property {number} [interruptAfterBytes] when it is interrupted, if not somewhere in the middle
 * @property {{ sizeBytes: number, seed: number } | null} file what is right; null: there is nothing to be had, only a failure
 * @property {number} [limitMs] more time than usual, for those who try again and again, slower each time
 */

export const SIZE = 4_000_000;
const OLD_DATE = 'Mon, 03 Feb 2020 10:00:00 GMT';
const NEW_DATE = 'Tue, 04 Feb 2020 10:00:00 GMT';
const old = { sizeBytes: SIZE, seed: 1 };
const slow = { ...old, bytesPerS: 1_000_000 };
const fresh = { sizeBytes: SIZE, seed: 2 };
const HTML = Buffer.from(`<html><body>Please log in.${' '.repeat(3000)}</body></html>`);

/** @param {Behaviour['partial']} partial @returns {Behaviour} */
const bent = (partial) => ({ ...old, partial });

/** @type {Case[]} */
export const cases = [
  { name: 'replaced while paused, same length: strong ETag', first: slow, then: fresh, file: fresh },
  {
    name: 'replaced while paused, same length: weak ETag',
    first: { ...slow, etag: 'W/"1"' },
    then: { ...fresh, etag: 'W/"2"' },
    file: fresh,
  },
  {
    name: 'replaced while paused, same length: Last-Modified only',
    first: { ...slow, etag: null, lastModified: OLD_DATE },
    then: { ...fresh, etag: null, lastModified: NEW_DATE },
    file: fresh,
  },
  {
    name: 'replaced while paused, same length: no validator',
    first: { ...slow, etag: null },
    then: { ...fresh, etag: null },
    file: fresh,
  },
  {
    name: 'replaced, and the server ignores If-Range',
    first: slow,
    then: { ...fresh, ranges: 'blind' },
    file: fresh,
  },
  {
    name: 'replaced, and the server ignores If-Range and sends no ETag any more',
    first: slow,
    then: { ...fresh, ranges: 'blind', etag: null },
    file: fresh,
  },
  {
    name: 'replaced by a shorter file while paused',
    first: slow,
    then: { sizeBytes: 100_000, seed: 2 },
    file: { sizeBytes: 100_000, seed: 2 },
  },
  { name: 'resume: Range is ignored, 200', first: slow, then: { ...old, ranges: 'ignore' }, file: old },
  { name: 'resume: 206 starts too late', first: slow, then: bent('shifted'), file: old },
  { name: 'resume: 206 starts earlier than asked', first: slow, then: bent('early'), file: old },
  { name: 'resume: 206 shorter than asked', first: slow, then: bent('short'), file: old },
  { name: 'resume: 206 with rubbish behind its range', first: slow, then: bent('overlong'), file: old },
  { name: 'resume: 206 without Content-Range', first: slow, then: bent('no-content-range'), file: old },
  { name: 'resume: 206 with an unreadable Content-Range', first: slow, then: bent('bad-content-range'), file: old },
  {
    name: 'resume: 206 with another total in its Content-Range',
    first: slow,
    then: { ...old, claimTotal: SIZE + 1 },
    file: old,
  },
  { name: 'resume: 206 as multipart/byteranges', first: slow, then: bent('multipart'), file: old },
  {
    name: 'resume: 206 shorter than asked, of a length that was never told',
    first: { ...slow, framing: 'chunked' },
    then: bent('short-star'),
    file: old,
  },
  { name: 'resume: 416 although there is more', first: slow, then: always416(SIZE), file: old },
  {
    name: 'resume: nothing is missing, 416 with the right length',
    first: { ...old, sizeBytes: SIZE + 1, etag: '"1"', framing: 'chunked', cutAfterBytes: SIZE, cut: 'stall' },
    interruptAfterBytes: SIZE,
    then: { ...old, etag: '"1"' },
    file: old,
  },
  { name: 'resume: an error page with status 200', first: slow, then: htmlInstead(), file: null },
  {
    name: 'closes before its Content-Length is reached, always',
    then: { ...old, ranges: 'ignore', lieBytes: 5000 },
    file: null,
    limitMs: 90_000,
  },
  {
    name: 'sends more than its Content-Length, which counts',
    then: { ...old, ranges: 'ignore', lieBytes: -5000 },
    file: { sizeBytes: SIZE - 5000, seed: 1 },
  },
  {
    name: 'closes cleanly in the middle, once',
    then: ({ count }) => (count === 1 ? { ...old, cutAfterBytes: 1_500_000, cut: 'close' } : old),
    file: old,
  },
  {
    name: 'resets in the middle, once',
    then: ({ count }) => (count === 1 ? { ...old, cutAfterBytes: 1_500_000, cut: 'reset' } : old),
    file: old,
  },
  {
    name: 'stalls in the middle, once',
    then: ({ count }) => (count === 1 ? { ...old, cutAfterBytes: 1_500_000, cut: 'stall' } : old),
    file: old,
  },
  {
    name: 'chunked, closes before the last chunk, once',
    then: ({ count }) =>
      count === 1
        ? { ...old, framing: 'chunked', cutAfterBytes: 1_500_000, cut: 'close' }
        : { ...old, framing: 'chunked' },
    file: old,
  },
  { name: 'gzip although identity was asked', then: { ...old, encoding: 'gzip' }, file: old },
  { name: 'a web page instead of the file', then: { bytes: HTML, contentType: 'text/html' }, file: null },
  { name: 'one connection only, else 503', then: { ...old, bytesPerS: 4_000_000, maxActive: 1 }, file: old },
  {
    name: '429 with Retry-After, once',
    then: ({ count }) => (count === 1 ? { status: 429, retryAfter: '1', bytes: HTML, contentType: 'text/html' } : old),
    file: old,
  },
  {
    name: '503 with Retry-After, once',
    then: ({ count }) => (count === 1 ? { status: 503, retryAfter: '1', bytes: HTML, contentType: 'text/html' } : old),
    file: old,
  },
  { name: 'redirected to a link that expires in the middle', then: old, link: expiring, file: old },
  {
    name: 'a one-time link: 403 the second time',
    first: slow,
    then: { status: 403, bytes: HTML, contentType: 'text/html' },
    file: null,
  },
];

/** @param {number} total @returns {(seen: Seen) => Behaviour} */
function always416(total) {
  return ({ headers }) =>
    headers['range'] && !headers['range'].startsWith('bytes=0-')
      ? { status: 416, bytes: Buffer.alloc(0), headers: { 'Content-Range': `bytes */${total}` } }
      : old;
}

/** The first link breaks off after a second, and is good for half a second only. @param {number} count @returns {Behaviour | ((seen: Seen) => Behaviour)} */
function expiring(count) {
  if (count > 1) return old;
  let until = 0;
  return ({ at }) => {
    until ||= at + 500;
    if (at >= until) return { status: 403, bytes: HTML, contentType: 'text/html' };
    return { ...old, bytesPerS: 400_000, cutAfterBytes: 400_000, cut: 'close' };
  };
}

/** @returns {Behaviour} */
function htmlInstead() {
  return { bytes: Buffer.concat([HTML, Buffer.alloc(SIZE - HTML.length, ' ')]), contentType: 'text/html', etag: null };
}
