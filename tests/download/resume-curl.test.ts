// The resume cases of curl's test suite as data: where it asks from, what its server answers, and what a careful client ends with.
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lanes } from '../support/lanes.ts';
import { startBench } from '../support/lease.ts';
import type { Behaviour } from '../support/origin.ts';
import { originForTest } from '../support/start.ts';

interface Case {
  /** The number in curl's suite, and what it is about. */
  name: string;
  /** What is here already; a number: so many zeros. Asked for is what follows it. */
  here: string | number;
  /** The server's file; null: there is none, every request gets the answer. */
  file: string | null;
  /** What curl's server answers to the request at that offset; to any other it is honest. */
  answer: Behaviour;
}

const HUNDRED = '012345678\n'.repeat(10);
const PICTURE = 'GIF89a'.padEnd(87, '.');
const answered416 = (contentRange: string | null, body = ''): Behaviour => ({
  status: 416,
  bytes: Buffer.from(body),
  headers: contentRange === null ? {} : { 'Content-Range': contentRange },
});
const whole = (body: string, more: Behaviour = {}): Behaviour => ({
  bytes: Buffer.from(body),
  ranges: 'ignore',
  etag: null,
  ...more,
});
const NO_RANGES = 'todelooooo lalalala yada yada, we know nothing about ranges ;-)\n';

const cases: Case[] = [
  {
    name: '38: a server that knows no ranges, over what is something else',
    here: 'This text is here to simulate a partly downloaded file to resume\ndownload on.\n',
    file: NO_RANGES,
    answer: whole(NO_RANGES, { framing: 'close' }),
  },
  {
    name: '92: all is here, 416 with its length',
    here: PICTURE,
    file: PICTURE,
    answer: { ...answered416('bytes */87'), contentType: 'image/gif' },
  },
  {
    name: '99: far behind 4 GiB, 404',
    here: 9_999_999_999,
    file: null,
    answer: { status: 404, bytes: Buffer.from('0123456789123') },
  },
  {
    name: '188: redirected, then 200 with half a Content-Range',
    here: 'x'.repeat(50),
    file: 'Actual content\n',
    answer: whole('Actual content\n', { headers: { 'Content-Range': 'bytes 50-' } }),
  },
  {
    name: '194: all is here, 416 with its length and a body',
    here: PICTURE,
    file: PICTURE,
    answer: answered416('bytes */87', 'bad\n'),
  },
  { name: '1040: all is here, 416 without a length', here: HUNDRED, file: HUNDRED, answer: answered416(null) },
  { name: '1042: more is here than there is, 200', here: HUNDRED + HUNDRED, file: HUNDRED, answer: whole(HUNDRED) },
  {
    name: '1043: 206 with the rest',
    here: HUNDRED.slice(0, 40),
    file: HUNDRED,
    answer: { status: 206, bytes: Buffer.from(HUNDRED.slice(40)), headers: { 'Content-Range': 'bytes 40-99/100' } },
  },
  { name: '1156: 200', here: 'bod', file: 'body\n', answer: whole('body\n') },
  {
    name: '1156: 200 with an odd Content-Range',
    here: 'bod',
    file: 'body\n',
    answer: whole('body\n', { headers: { 'Content-Range': 'bytes 3/7' } }),
  },
  { name: '1156: 416 without a length', here: 'bod', file: 'body\n', answer: answered416(null, 'body\n') },
  { name: '1156: 416 of a shorter file', here: 'bod', file: 'no', answer: answered416('bytes */2', 'body\n') },
];

describe.each(lanes)('on the %s lane', (lane) => {
  describe.each([
    ['with a strong ETag kept', '"kept"'],
    ['with nothing kept', null],
  ])('%s', (_, etag) => {
    test.each(cases)('$name', async ({ name, here, file, answer }) => {
      const offset = typeof here === 'number' ? here : here.length;
      const origin = await originForTest();
      origin.serve('/f', (seen) => {
        if (name.startsWith('188') && seen.count === 1) return { location: '/f' };
        const asked = /^bytes=(\d+)-/.exec(seen.headers['range'] ?? '')?.[1];
        if (file === null || asked === String(offset)) return { etag, ...answer };
        return { bytes: Buffer.from(file), etag };
      });
      const bench = startBench({ settings: { lane, maxRetries: 2 } });
      const partPath = join(bench.dir, 'part');
      writeFileSync(partPath, typeof here === 'number' ? '' : here);
      truncateSync(partPath, offset);
      const outcome = await bench.download(origin.url('/f'), {
        partPath,
        extents: [[0, offset]],
        validators: {
          etag,
          lastModified: null,
          date: null,
          totalBytes: null,
          finalUrl: origin.url('/f'),
          contentType: 'application/octet-stream',
          ranges: null,
        },
      });
      if (etag !== null) expect(origin.requests('/f')[0]?.headers['range']).toBe(`bytes=${offset}-`);
      if (file !== null) expect(bench.read(outcome).toString()).toBe(file);
      else
        expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'needs-new-link' }, extents: [[0, offset]] });
    });
  });
});
