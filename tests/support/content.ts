// File content that is cheap to make at any offset and never equal to itself when shifted by a round number of bytes.
import { createHash } from 'node:crypto';

/** A prime just over 1 MiB, so that no block-sized mistake maps content onto itself. */
const PERIOD = 1_048_583;

/** The bytes of a file on the origin. */
export interface Content {
  readonly sizeBytes: number;
  /** A view of the bytes from `offset`, at most `maxBytes`, fewer where the store ends. */
  view(offset: number, maxBytes: number): Buffer;
}

const blocks = new Map<number, Buffer>();

function blockOf(seed: number): Buffer {
  const known = blocks.get(seed);
  if (known) return known;
  const block = Buffer.allocUnsafe(PERIOD);
  let state = (seed * 2654435761 + 0x9e3779b9) >>> 0 || 1;
  for (let i = 0; i < PERIOD; i += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    block[i] = state & 0xff;
  }
  blocks.set(seed, block);
  return block;
}

/** `sizeBytes` of pseudo-random content; another seed is another content. */
export function seededContent(sizeBytes: number, seed = 1): Content {
  const block = blockOf(seed);
  return {
    sizeBytes,
    view(offset, maxBytes) {
      const at = offset % PERIOD;
      return block.subarray(at, Math.min(PERIOD, at + Math.min(maxBytes, sizeBytes - offset)));
    },
  };
}

export function bufferContent(bytes: Buffer): Content {
  return { sizeBytes: bytes.length, view: (offset, maxBytes) => bytes.subarray(offset, offset + maxBytes) };
}

/** All of `content` from `start` to `end`, in one buffer. */
export function contentBytes(content: Content, start = 0, end = content.sizeBytes): Buffer {
  const parts: Buffer[] = [];
  for (let at = start; at < end;) {
    const part = content.view(at, end - at);
    parts.push(part);
    at += part.length;
  }
  return Buffer.concat(parts);
}

/** SHA-256 of the content, lower-case hex. */
export function contentSha256(content: Content): string {
  const hash = createHash('sha256');
  for (let at = 0; at < content.sizeBytes;) {
    const part = content.view(at, content.sizeBytes - at);
    hash.update(part);
    at += part.length;
  }
  return hash.digest('hex');
}
