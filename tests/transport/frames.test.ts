// Frames survive any cutting of the stream, and nothing that is no frame gets through.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeFrame, FrameError, FrameReader } from '../../main/transport/frames.ts';

const limits = { maxJsonBytes: 1000, maxBinaryBytes: 2000 };

function collect(): { got: unknown[]; reader: FrameReader } {
  const got: unknown[] = [];
  return { got, reader: new FrameReader(limits, (message) => got.push(message)) };
}

test('gives back the same messages however the stream is cut', () => {
  const message = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  );
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      (sent, cuts) => {
        const big = { maxJsonBytes: 1e6, maxBinaryBytes: 1e6 };
        const got: unknown[] = [];
        const reader = new FrameReader(big, (value) => got.push(value));
        const stream = Buffer.concat(sent.map((value) => encodeFrame(value, big)));
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const end = at + cuts[turn % cuts.length]!;
          reader.push(stream.subarray(at, end));
          at = end;
        }
        expect(got).toEqual(sent.map((value) => (Buffer.isBuffer(value) ? value : JSON.parse(JSON.stringify(value)))));
      },
    ),
    { numRuns: 300 },
  );
});

test('delivers the good frames before a bad one', () => {
  const { got, reader } = collect();
  const bytes = Buffer.concat([encodeFrame(1), encodeFrame(2), Buffer.from('GET / HTTP/1.1\r\n\r\n')]);
  expect(() => reader.push(bytes)).toThrow(FrameError);
  expect(got).toEqual([1, 2]);
});

test.each([
  ['a JSON body over the limit', Buffer.from([0, 0, 3, 0xe9, 0x4a])],
  ['a binary body over the limit', Buffer.from([0x7f, 0xff, 0xff, 0xff, 0x42])],
  ['an unknown type', Buffer.from([0, 0, 0, 1, 0x00, 0x00])],
  ['JSON that is none', Buffer.concat([Buffer.from([0, 0, 0, 2, 0x4a]), Buffer.from('{x')])],
  ['an empty JSON body', Buffer.from([0, 0, 0, 0, 0x4a])],
])('refuses %s', (_what, bytes) => {
  expect(() => collect().reader.push(bytes)).toThrow(FrameError);
  expect(() => {
    const { reader } = collect();
    for (const byte of bytes) reader.push(Buffer.from([byte]));
  }).toThrow(FrameError);
});

test('takes bodies up to the limit and empty binary ones', () => {
  const { got, reader } = collect();
  reader.push(encodeFrame('x'.repeat(998), limits));
  reader.push(encodeFrame(new Uint8Array(0), limits));
  expect(got).toEqual(['x'.repeat(998), Buffer.alloc(0)]);
});

test('does not send what the other end would refuse', () => {
  expect(() => encodeFrame('x'.repeat(999), limits)).toThrow(RangeError);
  expect(() => encodeFrame(undefined)).toThrow(TypeError);
});
