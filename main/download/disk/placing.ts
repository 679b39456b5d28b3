// Gives a finished file its final name: never over another file, and durably.
import { close, closeSync, constants, fsync, linkSync, open as openCallback, openSync, unlinkSync } from 'node:fs';
import { link, lstat, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { mustBeIn } from './folder.ts';
import { quickly } from './in-place.ts';

const openFile = promisify(openCallback);
const sync = promisify(fsync);
const closeFile = promisify(close);

/** What file systems without hard links answer. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV', 'EINVAL', 'EISDIR']);

/**
 * Puts the part file under the name of `targetPath`, in `folder`, where it was begun (see `folderOf`). The part's own name
 * stays where links are known, so that a crash before the engine has heard of it finds the file again; `taken` when another
 * file has the name. Rejects with the system's error, or a `FailureError` when the target is in another folder.
 */
export async function place(partPath: string, targetPath: string, folder: string): Promise<'placed' | 'taken'> {
  await mustBeIn(folder, targetPath);
  // From here on no link that is put in the way leads elsewhere.
  const [from, to] = [join(folder, basename(partPath)), join(folder, basename(targetPath))];
  try {
    await quickly(
      () => linkSync(from, to),
      () => link(from, to),
    );
    return 'placed';
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'EEXIST') return (await isSameFile(from, to)) ? 'placed' : 'taken';
    if (NO_LINKS.has(code)) return await placeByRename(from, to);
    throw error;
  }
}

/** Takes away a name that may be gone already. */
export async function takeAway(path: string): Promise<void> {
  await quickly(
    () => unlinkSync(path),
    () => unlink(path),
  ).catch(() => {});
}

async function placeByRename(partPath: string, targetPath: string): Promise<'placed' | 'taken'> {
  // By this the placeholder that a crash leaves is known again.
  const mark = basename(partPath);
  try {
    await writeFile(targetPath, mark, { flag: 'wx', mode: 0o666 });
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    // It was made, and there was no room for the mark.
    if (syscall === 'write') await unlink(targetPath).catch(() => {});
    if (code !== 'EEXIST') throw error;
    if (!(await holdsOnly(targetPath, mark))) return 'taken';
  }
  try {
    await rename(partPath, targetPath);
  } catch (error) {
    // A placeholder under the final name would look like the finished file.
    await unlink(targetPath).catch(() => {});
    throw error;
  }
  return 'placed';
}

async function holdsOnly(path: string, text: string): Promise<boolean> {
  try {
    const found = await lstat(path);
    return found.isFile() && found.size === Buffer.byteLength(text) && (await readFile(path, 'utf8')) === text;
  } catch {
    return false;
  }
}

/**
 * Whether both names are the same file, as after a crash between naming it and telling so. A link to the other is not: it
 * would lead nowhere once that is taken away.
 */
export async function isSameFile(a: string, b: string): Promise<boolean> {
  try {
    const [first, second] = await Promise.all([lstat(a, { bigint: true }), lstat(b, { bigint: true })]);
    return first.dev === second.dev && first.ino === second.ino && first.isFile();
  } catch {
    return false;
  }
}

/** Makes names in directories durable; those who ask while a round runs share the next one. */
export class DirectorySyncs {
  readonly #rounds = new Map<string, { running: Promise<void>; next: Promise<void> | null }>();

  /** Resolves when every name made in `dir` before this call is durable. */
  sync(dir: string): Promise<void> {
    const round = this.#rounds.get(dir);
    if (!round) return this.#start(dir);
    round.next ??= round.running.catch(() => {}).then(() => this.#start(dir));
    return round.next;
  }

  #start(dir: string): Promise<void> {
    const running = syncDirectory(dir);
    const round = { running, next: null };
    this.#rounds.set(dir, round);
    const forget = (): void => {
      if (this.#rounds.get(dir) === round && round.next === null) this.#rounds.delete(dir);
    };
    running.then(forget, forget);
    return running;
  }
}

async function syncDirectory(dir: string): Promise<void> {
  // Windows has no way to open a directory for this; its journal keeps names.
  if (process.platform === 'win32') return;
  const fd = await quickly(
    () => openSync(dir, constants.O_RDONLY),
    () => openFile(dir, constants.O_RDONLY),
  );
  try {
    await sync(fd);
  } finally {
    await quickly(
      () => closeSync(fd),
      () => closeFile(fd),
    );
  }
}
