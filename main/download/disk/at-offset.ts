// Reading and writing a file at an offset, all that was asked for.
import { read, writev, writevSync } from 'node:fs';
import { promisify } from 'node:util';
import { quickly } from './in-place.ts';

/** Copying more than this into the system's cache takes longer than waking a thread. */
const IN_PLACE_MAX_BYTES = 128 << 10;

const readAt = promisify(read);

/** Reads into `buffer` from `position`. Returns how many bytes were there. */
export async function readAll(fd: number, buffer: Uint8Array, position: number): Promise<number> {
  let done = 0;
  while (done < buffer.length) {
    const { bytesRead } = await readAt(fd, buffer, done, buffer.length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

/** Writes `pieces`, together `byteCount`, at `position`. */
export async function writeAll(
  fd: number,
  pieces: readonly Uint8Array[],
  byteCount: number,
  position: number,
): Promise<void> {
  let left = pieces;
  for (let done = 0; done < byteCount;) {
    const count = await writeOnce(fd, left, byteCount - done, position + done);
    done += count;
    // A short write is rare (a full disk, a signal); the next try tells.
    if (done < byteCount) left = dropBytes(left, count);
  }
}

function writeOnce(fd: number, pieces: readonly Uint8Array[], byteCount: number, position: number): Promise<number> {
  const inThread = (): Promise<number> =>
    new Promise((resolve, reject) => {
      writev(fd, pieces as Uint8Array[], position, (error, count) => (error ? reject(error) : resolve(count)));
    });
  if (byteCount > IN_PLACE_MAX_BYTES) return inThread();
  return quickly(() => writevSync(fd, pieces as Uint8Array[], position), inThread);
}

function dropBytes(pieces: readonly Uint8Array[], count: number): Uint8Array[] {
  const left: Uint8Array[] = [];
  let skip = count;
  for (const piece of pieces) {
    if (skip < piece.length) left.push(piece.subarray(skip));
    skip = Math.max(0, skip - piece.length);
  }
  return left;
}
