// The folder that a download goes to, with all links resolved: what was begun in one never ends in another.
import { constants, realpath, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { fail } from '../../../shared/failure.ts';
import { because } from '../../../shared/why.ts';
import { FailureError } from '../failures.ts';
import { quickly } from './in-place.ts';

/** On systems that know it: a link in place of the file is an error instead of a way out of the folder. */
export const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;

// On Windows the system's own way does not know all kinds of disks.
const isWindows = process.platform === 'win32';
const resolvedNow = isWindows ? realpathSync : realpathSync.native;
const resolved = promisify(isWindows ? realpath : realpath.native);

/** Where the folder of `path` really is. The chosen one may be a link itself. Rejects with the system's error. */
export function folderOf(path: string): Promise<string> {
  const dir = dirname(path);
  return quickly(
    () => resolvedNow(dir),
    () => resolved(dir),
  );
}

/** Rejects with a `FailureError` when `path` is not (any more) in the folder that `folderOf` told before. */
export async function mustBeIn(folder: string, path: string): Promise<void> {
  const now = await folderOf(path).catch(() => null);
  // Where there is none, whoever uses it hears so from the system.
  if (now === null || now === folder) return;
  throw new FailureError(fail('disk-error', because('folder-moved', { path, now, folder }), 'by-hand'));
}
