// What was written to a part file, noted at once and without a flush: when only the process dies, the kernel still has it.
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { Extent, type Validators } from '../../shared/download.ts';
import { bytesIn, type Extents } from './extents.ts';

/** Less than this is fetched again sooner than it is noted. */
const NOTED_FROM_BYTES = 256 << 10;

/** A note holds for one start of the system, one file and one content of it. */
const Note = z.object({ boot: z.string(), file: z.string(), content: z.string(), extents: z.array(Extent) });

export class PartNote {
  readonly #path: string;
  readonly #boot: string;
  #fd: number | null = null;
  #there = false;

  private constructor(path: string, boot: string) {
    this.#path = path;
    this.#boot = boot;
  }

  /** Null where the system does not tell one start from another: then only what is durable counts. */
  static at(path: string): PartNote | null {
    const boot = bootId();
    return boot === null ? null : new PartNote(path, boot);
  }

  /** What the note says was written of this content to the open file `fd`; empty when it is about something else. */
  read(fd: number, validators: Validators): Extent[] {
    try {
      const text = readFileSync(this.#path, 'utf8');
      this.#there = true;
      const note = Note.parse(JSON.parse(text.split('\n')[0]!));
      const same = note.boot === this.#boot && note.file === fileOf(fd) && note.content === contentOf(validators);
      return same ? note.extents : [];
    } catch {
      // None, or one that a crash cut off: it is only ever a help.
      return [];
    }
  }

  /** Notes all that was written to `fd` by now, when that is worth it or an earlier note says something else. */
  write(fd: number, validators: Validators, extents: Extents): void {
    if (!this.#there && bytesIn(extents) < NOTED_FROM_BYTES) return;
    if (this.#fd === null) {
      mkdirSync(dirname(this.#path), { recursive: true });
      this.#fd = openSync(this.#path, 'w', 0o600);
      this.#there = true;
    }
    const note = { boot: this.#boot, file: fileOf(fd), content: contentOf(validators), extents };
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

/** The number of a file that is gone may be the next one's. */
function fileOf(fd: number): string {
  const { dev, ino, birthtimeNs } = fstatSync(fd, { bigint: true });
  return `${dev}:${ino}:${birthtimeNs}`;
}

function contentOf({ etag, lastModified, totalBytes }: Validators): string {
  return JSON.stringify([etag, lastModified, totalBytes]);
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
