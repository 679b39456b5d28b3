// Frames on a byte stream: 4 bytes of body length (big-endian), 1 byte of type (`J` JSON, `B` binary), the body.

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
export class FrameError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'FrameError';
  }
}

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

/** Cuts a byte stream into messages. Holds no more than has really arrived, whatever a head promises. */
export class FrameReader {
  readonly #limits: FrameLimits;
  readonly #onMessage: (message: unknown, sizeBytes: number) => void;
  /** The begun frame, head included; grows by doubling, so that single bytes cost no more than big chunks. */
  #held = Buffer.alloc(0);
  #filled = 0;

  /** `limits` is read at each frame, so that its owner may change it in between. */
  constructor(limits: FrameLimits, onMessage: (message: unknown, sizeBytes: number) => void) {
    this.#limits = limits;
    this.#onMessage = onMessage;
  }

  /** Takes the next bytes. Frames before a bad one are delivered; the bad one throws a FrameError. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      const left = chunk.length - at;
      if (this.#filled === 0 && left >= HEAD_BYTES) {
        const end = at + HEAD_BYTES + this.#bodyLength(chunk, at);
        if (end <= chunk.length) {
          const start = at;
          at = end;
          this.#deliver(chunk, start, end);
          continue;
        }
      }
      const wanted = this.#filled < HEAD_BYTES ? HEAD_BYTES : HEAD_BYTES + this.#bodyLength(this.#held, 0);
      const taken = Math.min(wanted - this.#filled, left);
      this.#hold(chunk, at, taken, wanted);
      at += taken;
      if (this.#filled >= HEAD_BYTES && this.#filled === HEAD_BYTES + this.#bodyLength(this.#held, 0)) {
        const whole = this.#held;
        const end = this.#filled;
        this.#held = Buffer.alloc(0);
        this.#filled = 0;
        this.#deliver(whole, 0, end);
      }
    }
  }

  #hold(chunk: Buffer, at: number, count: number, wanted: number): void {
    const needed = this.#filled + count;
    if (needed > this.#held.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, Math.min(wanted, Math.max(64, this.#held.length * 2))));
      this.#held.copy(grown, 0, 0, this.#filled);
      this.#held = grown;
    }
    chunk.copy(this.#held, this.#filled, at, at + count);
    this.#filled = needed;
  }

  #bodyLength(bytes: Buffer, at: number): number {
    const length = bytes.readUInt32BE(at);
    const type = bytes[at + 4];
    if (type !== JSON_TYPE && type !== BINARY_TYPE) throw new FrameError(`There is no frame type ${type}.`);
    const maxBytes = type === JSON_TYPE ? this.#limits.maxJsonBytes : this.#limits.maxBinaryBytes;
    if (length > maxBytes) throw new FrameError(`A frame of ${length} bytes is over the limit of ${maxBytes}.`);
    return length;
  }

  #deliver(bytes: Buffer, start: number, end: number): void {
    const body = bytes.subarray(start + HEAD_BYTES, end);
    if (bytes[start + 4] === BINARY_TYPE) return this.#onMessage(body, body.length);
    let message: unknown;
    try {
      message = JSON.parse(body.toString('utf8'));
    } catch (cause) {
      throw new FrameError('A frame does not hold JSON.', { cause });
    }
    this.#onMessage(message, body.length);
  }
}
