// Holds a finished file against the checksum it must have.
import type { Checksum } from '../../shared/download.ts';
import type { Failure } from '../../shared/failure.ts';
import { fail } from './failures.ts';
import type { HashFile } from './hashing.ts';

/** Why the file at `path` is not the one asked for; null when it is, or when nothing was given to compare with. */
export async function verify(path: string, checksum: Checksum | null, hashFile: HashFile): Promise<Failure | null> {
  if (!checksum) return null;
  const hex = await hashFile(path, checksum.algorithm);
  if (hex === checksum.hex) return null;
  return fail('wrong-checksum', `The ${checksum.algorithm} is ${hex} and should be ${checksum.hex}`, 'by-hand');
}
