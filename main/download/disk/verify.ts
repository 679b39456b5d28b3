// Holds a finished file against the checksum it must have.
import type { Checksum, Extent } from '../../../shared/download.ts';
import { fail, type Failure } from '../../../shared/failure.ts';
import { because } from '../../../shared/why.ts';
import { addExtent, bytesIn } from '../extents.ts';
import type { HashFile } from './hashing.ts';

type Pieces = NonNullable<Checksum['pieces']>;

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
  const { algorithm, hex: wanted, pieces } = checksum;
  if (wanted === undefined) return pieces ? verifyPieces(path, sizeBytes, pieces, hashFile) : null;
  const hex = await hashFile(path, algorithm);
  if (hex === wanted) return null;
  const why = because('sum-differs', { algorithm, is: hex, should: wanted });
  const good = pieces ? await goodPieces(path, sizeBytes, pieces, hashFile) : [];
  // All pieces right and the whole wrong: then the list is wrong, and nothing tells what to fetch again.
  return { failure: fail('wrong-checksum', why, 'by-hand'), good: isAll(good, sizeBytes) ? [] : good };
}

/** Where only the pieces have checksums: they are those of the whole file, of its length. */
async function verifyPieces(
  path: string,
  sizeBytes: number,
  pieces: Pieces,
  hashFile: HashFile,
): Promise<Wrong | null> {
  const { algorithm, pieceBytes, hex } = pieces;
  const wanted = Math.ceil(sizeBytes / pieceBytes);
  if (hex.length !== wanted) {
    const why = because('pieces-count-differs', { is: wanted, pieceBytes, should: hex.length });
    return { failure: fail('wrong-checksum', why, 'by-hand'), good: [] };
  }
  const good = await goodPieces(path, sizeBytes, pieces, hashFile);
  if (sizeBytes === 0 || isAll(good, sizeBytes)) return null;
  const why = because('pieces-differ', { algorithm, bytes: sizeBytes - bytesIn(good), pieceBytes });
  return { failure: fail('wrong-checksum', why, 'by-hand'), good };
}

function isAll(extents: readonly Extent[], sizeBytes: number): boolean {
  return bytesIn(extents) === sizeBytes;
}

async function goodPieces(
  path: string,
  sizeBytes: number,
  { algorithm, pieceBytes, hex }: Pieces,
  hashFile: HashFile,
): Promise<Extent[]> {
  let good: Extent[] = [];
  for (const [index, expected] of hex.entries()) {
    const start = index * pieceBytes;
    const end = Math.min(start + pieceBytes, sizeBytes);
    if (start < end && (await hashFile(path, algorithm, start, end)) === expected) good = addExtent(good, start, end);
  }
  return good;
}
