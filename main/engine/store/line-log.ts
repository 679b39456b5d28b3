// A file of lines that is written at its end alone: what a crash or a full disk cuts off swallows no line that comes later.
import fs from 'node:fs';

const LINE_BREAK = 0x0a;

export class LineLog {
  readonly handle: number;
  /** Its end is no end of a line. */
  #isCut: boolean;

  constructor(file: string) {
    this.handle = fs.openSync(file, 'a+', 0o600);
    const { size } = fs.fstatSync(this.handle);
    const last = Buffer.alloc(1);
    this.#isCut = size > 0 && fs.readSync(this.handle, last, 0, 1, size - 1) === 1 && last[0] !== LINE_BREAK;
  }

  /** Writes whole lines, not durable yet. Throws what the disk says; a part of them may stand there then. */
  write(lines: string): void {
    const bytes = Buffer.from(this.#isCut ? `\n${lines}` : lines);
    this.#isCut = true;
    // A full disk takes a part, and refuses the rest only when it is asked again.
    for (let at = 0; at < bytes.length;) at += fs.writeSync(this.handle, bytes, at);
    this.#isCut = false;
  }

  clear(): void {
    fs.ftruncateSync(this.handle, 0);
  }

  close(): void {
    fs.closeSync(this.handle);
  }
}
