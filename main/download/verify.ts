// Holds a finished file against the checksum it must have.
import type { Checksum, Extent } from '../../shared/download.ts';
import type { Failure } from '../../shared/failure.ts';
import { addExtent } from './extents.ts';
import { fail } from './failures.ts';
import type { HashFile } from './hashing.ts';

/** `good`: the ranges whose own hashes are right, when some were given and not all are; only the rest must come again. */
export interface Wrong {
  failure: Failure;
  good: Extent[];
}

/** Why the file at `path` is not the one asked for; null when it is, or when nothing was given to compare with. */
export async function verify(
  path: string,
  sizeBytes: number,
  checksum: Checksum | null,
  hashFile: HashFile,
): Promise<Wrong | null> {
  if (!checksum) return null;
  const hex = await hashFile(path, checksum.algorithm);
  if (hex === checksum.hex) return null;
  const message = `The ${checksum.algorithm} is ${hex} and should be ${checksum.hex}`;
  const good = checksum.pieces ? await goodPieces(path, sizeBytes, checksum.pieces, hashFile) : [];
  return { failure: fail('wrong-checksum', message, 'by-hand'), good };
}

async function goodPieces(
  path: string,
  sizeBytes: number,
  { algorithm, pieceBytes, hex }: NonNullable<Checksum['pieces']>,
  hashFile: HashFile,
): Promise<Extent[]> {
  let good: Extent[] = [];
  for (const [index, expected] of hex.entries()) {
    const start = index * pieceBytes;
    const end = Math.min(start + pieceBytes, sizeBytes);
    if (start < end && (await hashFile(path, algorithm, start, end)) === expected) good = addExtent(good, start, end);
  }
  // All pieces right and the whole wrong: then the list is wrong, and nothing tells what to fetch again.
  return good.length === 1 && good[0]![0] === 0 && good[0]![1] === sizeBytes ? [] : good;
}
