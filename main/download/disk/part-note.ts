// What was written to a part file, noted soon and without a flush: when only the process dies, the kernel still has it.
import { closeSync, constants, fstatSync, mkdirSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Extent, Validators } from '../../../shared/download.ts';
import { contentOf, parseNote } from '../../../shared/part-note.ts';
import { bytesIn, coversAll, type Extents } from '../extents.ts';
import { NO_FOLLOW } from './folder.ts';

/** Less than this is fetched again sooner than it is noted. */
const NOTED_FROM_BYTES = 256 << 10;
/** What comes in so short a time is fetched again as well: on a fast line noting each write costs as much as a tenth of all work. */
const NOTED_EVERY_MS = 50;

export class PartNote {
  readonly #path: string;
  readonly #boot: string;
  #fd: number | null = null;
  #there = false;
  #notedMs = -Infinity;

  private constructor(path: string, boot: string) {
    this.#path = path;
    this.#boot = boot;
  }

  /** Null where the system does not tell one start from another: then only what is durable counts. */
  static at(path: string): PartNote | null {
    const boot = bootId();
    return boot === null ? null : new PartNote(path, boot);
  }

  /**
   * What the note says was written of this content to the open file `fd`; empty when it is about something else. Null when it
   * is of another file, in whose place somebody put this one.
   */
  read(fd: number, validators: Validators): Extent[] | null {
    try {
      const text = readFileSync(this.#path, 'utf8');
      this.#there = true;
      const note = parseNote(text);
      if (note.boot !== this.#boot || note.content !== contentOf(validators)) return [];
      if (note.file === fileOf(fd).file) return note.extents;
      return isSurelyAnother(note, fd) ? null : [];
    } catch {
      // None, or one that a crash cut off: it is only ever a help.
      return [];
    }
  }

  /** Whether the file at `path` is the one it tells of, with all its bytes: it was renamed, and then a crash came. */
  tellsAllOf(path: string, validators: Validators | null): boolean {
    const totalBytes = validators?.totalBytes ?? 0;
    if (!validators || totalBytes === 0) return false;
    let fd: number;
    try {
      fd = openSync(path, constants.O_RDONLY | NO_FOLLOW);
    } catch {
      return false;
    }
    try {
      return coversAll(this.read(fd, validators) ?? [], [[0, totalBytes]]);
    } finally {
      closeSync(fd);
    }
  }

  /**
   * Notes all that was written to `fd` by now, when that is worth it. At once when it is the whole file, or when an earlier
   * note may say something else (`anew`): bytes were dropped, or it tells of another file.
   */
  write(fd: number, validators: Validators, extents: Extents, anew = false): void {
    const bytes = bytesIn(extents);
    if (!this.#there && bytes < NOTED_FROM_BYTES) return;
    const nowMs = performance.now();
    if (!anew && bytes !== validators.totalBytes && nowMs - this.#notedMs < NOTED_EVERY_MS) return;
    this.#notedMs = nowMs;
    if (this.#fd === null) {
      mkdirSync(dirname(this.#path), { recursive: true });
      this.#fd = openSync(this.#path, 'w', 0o600);
      this.#there = true;
    }
    const note = { boot: this.#boot, ...fileOf(fd), content: contentOf(validators), extents };
    // One call in one page: a kill cannot leave half of it. What an earlier, longer note left behind follows the line end.
    writeSync(this.#fd, `${JSON.stringify(note)}\n`, 0);
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }

  remove(): void {
    this.close();
    if (!this.#there) return;
    this.#there = false;
    try {
      unlinkSync(this.#path);
    } catch {
      // Gone already.
    }
  }
}

/** The number of a file that is gone may be the next one's. Where no time of birth is known, that of the last change is told instead. */
function fileOf(fd: number): { file: string; dated: boolean } {
  const { dev, ino, birthtimeNs, ctimeNs } = fstatSync(fd, { bigint: true });
  return { file: `${dev}:${ino}:${birthtimeNs}`, dated: birthtimeNs !== ctimeNs };
}

/** Some file systems give a file another number after a while, and then it is not another file yet. */
function isSurelyAnother(noted: { file: string; dated: boolean }, fd: number): boolean {
  const [before, now] = [noted.file.split(':'), fileOf(fd).file.split(':')];
  return before[0] === now[0] && before[2] !== now[2] && (noted.dated || before[1] !== now[1]);
}

let knownBoot: string | null | undefined;

function bootId(): string | null {
  if (knownBoot === undefined) {
    try {
      knownBoot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    } catch {
      knownBoot = null;
    }
  }
  return knownBoot;
}
