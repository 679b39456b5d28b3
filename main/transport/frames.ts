// Frames on a byte stream: 4 bytes of body length (big-endian), 1 byte of type (`J` JSON, `B` binary), the body.
import { WhyError } from '../../shared/system-why.ts';
import { because } from '../../shared/why.ts';
import { Cutter } from './cutter.ts';

const HEAD_BYTES = 5;
const JSON_TYPE = 0x4a;
const BINARY_TYPE = 0x42;

/** The largest bodies that are sent or taken, in bytes. */
export interface FrameLimits {
  maxJsonBytes: number;
  maxBinaryBytes: number;
}

export const defaultFrameLimits: Readonly<FrameLimits> = {
  maxJsonBytes: 16 * 1024 * 1024,
  maxBinaryBytes: 16 * 1024 * 1024,
};

/** The other end sent something that is no frame, or one that is too big. */
export class FrameError extends WhyError {}

/** One message as bytes: a Uint8Array becomes a binary frame, all else JSON. Throws a RangeError over the limit. */
export function encodeFrame(message: unknown, limits: FrameLimits = defaultFrameLimits): Buffer {
  if (message instanceof Uint8Array) return frame(BINARY_TYPE, message, limits.maxBinaryBytes);
  const text = JSON.stringify(message) as string | undefined;
  if (text === undefined) throw new TypeError('A message must be a JSON value or bytes.');
  return frame(JSON_TYPE, text, limits.maxJsonBytes);
}

function frame(type: number, body: string | Uint8Array, maxBytes: number): Buffer {
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  if (length > maxBytes) throw new RangeError(`A message of ${length} bytes is over the limit of ${maxBytes}.`);
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + length);
  bytes.writeUInt32BE(length, 0);
  bytes[4] = type;
  if (typeof body === 'string') bytes.write(body, HEAD_BYTES, 'utf8');
  else bytes.set(body, HEAD_BYTES);
  return bytes;
}

/** Cuts a byte stream into messages. */
export class FrameReader {
  readonly #cutter: Cutter;

  /** `limits` is read at each frame, so that its owner may change it in between. */
  constructor(limits: FrameLimits, onMessage: (message: unknown, sizeBytes: number) => void) {
    this.#cutter = new Cutter(
      (bytes, at, available) => (available < HEAD_BYTES ? HEAD_BYTES : HEAD_BYTES + bodyLength(bytes, at, limits)),
      (bytes, at, end) => {
        const start = at + HEAD_BYTES;
        const binary = bytes[at + 4] === BINARY_TYPE;
        onMessage(binary ? bytes.subarray(start, end) : parse(bytes.toString('utf8', start, end)), end - start);
      },
    );
  }

  /** Takes the next bytes. Frames before a bad one are delivered; the bad one throws a FrameError. */
  push(chunk: Buffer): void {
    this.#cutter.push(chunk);
  }
}

function bodyLength(bytes: Buffer, at: number, limits: FrameLimits): number {
  const length = bytes.readUInt32BE(at);
  const type = bytes[at + 4];
  if (type !== JSON_TYPE && type !== BINARY_TYPE) throw new FrameError(because('no-frame-type', { type: type! }));
  const maxBytes = type === JSON_TYPE ? limits.maxJsonBytes : limits.maxBinaryBytes;
  if (length > maxBytes) throw new FrameError(because('frame-too-long', { bytes: length, most: maxBytes }));
  return length;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FrameError(because('frame-no-json'), { cause });
  }
}
