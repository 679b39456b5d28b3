// A plain log of what was finished since the last backup, so that after a damage to the database nothing is fetched twice.
import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const Finished = z.object({
  id: z.number(),
  name: z.string(),
  sizeBytes: z.number(),
  sha256: z.string().nullable(),
  verified: z.boolean(),
  at: z.number(),
});
/** A download whose file is here: under which name, and what is known of it. `at`: when, in ms since 1970. */
export type Finished = z.infer<typeof Finished>;

export class FinishedLog {
  readonly #file: string;
  readonly #handle: number;
  /** A crash may have cut the last line off: what comes does not stand behind it. */
  #lines = '\n';

  /** Opens `<dir>/finished.jsonl`. */
  constructor(dir: string) {
    this.#file = path.join(dir, 'finished.jsonl');
    this.#handle = fs.openSync(this.#file, 'a', 0o600);
  }

  /** Takes one in, to be written with the next `flush`. */
  append({ id, name, sizeBytes, sha256, verified, at }: Finished): void {
    this.#lines += `${JSON.stringify({ id, name, sizeBytes, sha256, verified, at })}\n`;
  }

  /** Not durable at once, nor for certain: what a loss of power or a full disk takes of it is fetched once more, at worst. */
  flush(): void {
    if (this.#lines.length <= 1) return;
    const bytes = Buffer.from(this.#lines);
    // Of what a full disk does not take a part may stand there.
    this.#lines = '\n';
    try {
      if (fs.writeSync(this.#handle, bytes) === bytes.length) this.#lines = '';
    } catch {
      // Then it is not known, that is all.
    }
  }

  /** All readable entries, oldest first. */
  read(): Finished[] {
    return fs.readFileSync(this.#file, 'utf8').split('\n').flatMap(parseLine);
  }

  /** Forgets everything: a backup holds it now. */
  clear(): void {
    fs.ftruncateSync(this.#handle, 0);
  }

  close(): void {
    fs.closeSync(this.#handle);
  }
}

function parseLine(line: string): Finished[] {
  try {
    return [Finished.parse(JSON.parse(line))];
  } catch {
    // A crash cut it off.
    return [];
  }
}
