// A plain log of what was finished since the last backup, so that after a damage to the database nothing is fetched twice.
import fs from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { number } from '../../../shared/schema.ts';
import { LineLog } from './line-log.ts';

const Finished = v.object({
  id: number(),
  name: v.string(),
  sizeBytes: number(),
  sha256: v.nullable(v.string()),
  verified: v.boolean(),
  at: number(),
});
/** A download whose file is here: under which name, and what is known of it. `at`: when, in ms since 1970. */
export type Finished = v.InferOutput<typeof Finished>;

export class FinishedLog {
  readonly #file: string;
  readonly #log: LineLog;
  #lines = '';

  /** Opens `<dir>/finished.jsonl`. */
  constructor(dir: string) {
    this.#file = path.join(dir, 'finished.jsonl');
    this.#log = new LineLog(this.#file);
  }

  /** Takes one in, to be written with the next `flush`. */
  append({ id, name, sizeBytes, sha256, verified, at }: Finished): void {
    this.#lines += `${JSON.stringify({ id, name, sizeBytes, sha256, verified, at })}\n`;
  }

  /** Not durable at once, nor for certain: what a loss of power or a full disk takes of it is fetched once more, at worst. */
  flush(): void {
    if (this.#lines === '') return;
    try {
      this.#log.write(this.#lines);
    } catch {
      // Then it is not known, that is all.
    }
    this.#lines = '';
  }

  /** All readable entries, oldest first. */
  read(): Finished[] {
    return fs.readFileSync(this.#file, 'utf8').split('\n').flatMap(parseLine);
  }

  /** Forgets everything: a backup holds it now. */
  clear(): void {
    this.#log.clear();
  }

  close(): void {
    this.#log.close();
  }
}

function parseLine(line: string): Finished[] {
  try {
    return [v.parse(Finished, JSON.parse(line))];
  } catch {
    // A crash cut it off.
    return [];
  }
}
