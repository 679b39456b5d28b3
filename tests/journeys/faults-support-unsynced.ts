// What a loss of power would take: bytes written but not flushed, names given but not flushed; learnt from strace's lines.
import fs from 'node:fs';
import path from 'node:path';

type Write = { file: string; start: number; end: number; over: boolean };

const call = /^(\d+) +(\w+)\((?:\d+<(.*?)>)?(.*)$/;
const resumed = /^(\d+) +<\.\.\. (\w+) resumed>/;

export class Unsynced {
  readonly #writes = new Set<Write>();
  readonly #names = new Set<string>();
  /** Names that were given up, and under which name the file is still there: they may be back. */
  readonly #gone = new Map<string, string>();
  /** The other name of a file, by the one that it had first. */
  readonly #twins = new Map<string, string>();
  /** How long each file has been when it was flushed. */
  readonly #lengths = new Map<string, number>();
  /** What each thread is in the middle of, and what to do when it succeeds. */
  readonly #open = new Map<string, (result: number) => void>();

  /** Takes in one line of strace's. */
  see(line: string): void {
    const again = resumed.exec(line);
    if (again) return this.#end(again[1]!, line);
    const [, pid = '', name = '', file = '', rest = ''] = call.exec(line) ?? [];
    const finish = this.#begin(name, file, rest);
    if (!finish) return;
    this.#open.set(pid, finish);
    if (!line.includes('<unfinished ...>')) this.#end(pid, line);
  }

  #begin(name: string, file: string, rest: string): ((result: number) => void) | null {
    switch (name) {
      case 'pwrite64':
      case 'pwritev':
      case 'pwritev2': {
        // The second number of a gathered write counts its pieces.
        const [, length = '0', start = '0'] = /, (\d+), (\d+)(?:, \d+)?(?:\)| <unf)/.exec(rest) ?? [];
        const pieces = [...rest.matchAll(/iov_len=(\d+)/g)].reduce((sum, piece) => sum + Number(piece[1]), 0);
        const at = Number(start);
        const write = { file, start: at, end: at + (name === 'pwrite64' ? Number(length) : pieces), over: false };
        this.#writes.add(write);
        return (count) => Object.assign(write, { end: at + count, over: true });
      }
      case 'fdatasync':
      case 'fsync': {
        // Only what was written before the flush began is sure to be in it.
        const writes = [...this.#writes].filter((write) => write.file === file && write.over);
        const names = [...this.#names].filter((made) => path.dirname(made) === file);
        const gone = [...this.#gone.keys()].filter((name) => path.dirname(name) === file);
        return () => {
          for (const name of gone) this.#gone.delete(name);
          for (const write of writes) this.#writes.delete(write);
          this.#lengths.set(file, Math.max(this.#lengths.get(file) ?? 0, ...writes.map(({ end }) => end)));
          for (const made of names) this.#names.delete(made);
        };
      }
      case 'link': {
        const [, from = '', to = ''] = /^"(.*)", "(.*)"/.exec(rest) ?? [];
        return () => {
          this.#names.add(to);
          this.#twins.set(from, to);
        };
      }
      case 'rename': {
        const [, from = '', to = ''] = /^"(.*)", "(.*)"/.exec(rest) ?? [];
        return () => {
          this.#names.add(to);
          this.#gone.set(from, to);
        };
      }
      case 'unlink': {
        const [, name = ''] = /^"(.*)"/.exec(rest) ?? [];
        const twin = this.#twins.get(name);
        return () => twin !== undefined && this.#gone.set(name, twin);
      }
      default:
        return null;
    }
  }

  #end(pid: string, line: string): void {
    const finish = this.#open.get(pid);
    this.#open.delete(pid);
    const result = /= (\d+)$/.exec(line)?.[1];
    if (result !== undefined) finish?.(Number(result));
  }

  /** How much is in danger, to be sure that the loss is a real one. */
  get bytes(): number {
    return [...this.#writes].reduce((sum, { start, end }) => sum + end - start, 0);
  }

  /** Takes it away. `cut`: the disk never gave it room; otherwise there is something else in its place. */
  lose(how: 'cut' | 'garbage'): void {
    for (const [name, twin] of this.#gone) if (!fs.existsSync(name)) fs.linkSync(twin, name);
    for (const name of this.#names) fs.rmSync(name, { force: true });
    for (const file of new Set([...this.#writes].map((write) => write.file))) {
      if (!fs.existsSync(file)) continue;
      const handle = fs.openSync(file, 'r+');
      const { size } = fs.fstatSync(handle);
      const writes = [...this.#writes].filter((write) => write.file === file).sort((a, b) => b.end - a.end);
      let keptLength = size;
      for (const { start, end } of writes) {
        const length = Math.min(end, size) - start;
        if (length <= 0) continue;
        fs.writeSync(handle, Buffer.alloc(length, how === 'cut' ? 0 : 0xa5), 0, length, start);
        if (end >= keptLength) keptLength = Math.min(keptLength, start);
      }
      if (how === 'cut') fs.ftruncateSync(handle, Math.min(size, Math.max(keptLength, this.#lengths.get(file) ?? 0)));
      fs.closeSync(handle);
    }
  }
}
