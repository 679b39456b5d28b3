// Real Python programs: which interpreters are here, and how they are run.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { test } from 'vitest';

export interface Python {
  command: string;
  version: string;
}

/** The machine's python3 and those of pyenv, one of each minor version from 3.8 on. */
export function pythons(): Python[] {
  const pyenv = path.join(homedir(), '.pyenv/versions');
  const versions = existsSync(pyenv) ? readdirSync(pyenv).map((name) => path.join(pyenv, name, 'bin/python3')) : [];
  const found = new Map<string, Python>();
  for (const command of ['python3', '/usr/bin/python3', ...versions]) {
    const asked = spawnSync(command, ['-c', 'import sys; print(sys.version_info[0] * 100 + sys.version_info[1])'], {
      encoding: 'utf8',
    });
    const number = Number(asked.stdout);
    const version = `${Math.floor(number / 100)}.${number % 100}`;
    if (asked.status === 0 && number >= 308 && !found.has(version)) found.set(version, { command, version });
  }
  return [...found.values()];
}

const [first] = pythons();
if (!first) console.warn('There is no python3 (3.8 or newer) here: the tests with real Python programs are SKIPPED.');

/** The interpreter of tests that need only one. */
export const python = first?.command ?? 'python3';
/** `test` for those that need a real Python. */
export const testWithPython = test.skipIf(!first);

/** A running Python program, line by line. */
export class Program {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  #partial = '';
  #errors = '';
  #exited: number | null | undefined;
  #changed: (() => void)[] = [];

  constructor(source: string, command = python) {
    this.#child = spawn(command, ['-u', '-c', source], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      const lines = (this.#partial + text).split('\n');
      this.#partial = lines.pop()!;
      this.#lines.push(...lines);
      this.#wake();
    });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#errors += text));
    this.#child.on('close', (code) => {
      this.#exited = code;
      this.#wake();
    });
  }

  /** The next line that it prints. Rejects with its standard error when it ends instead. */
  async line(): Promise<string> {
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) return line;
      if (this.#exited !== undefined) throw new Error(`Python ended with ${this.#exited}: ${this.#errors}`);
      await new Promise<void>((resolve) => this.#changed.push(resolve));
    }
  }

  /** All further lines, once it has ended. */
  async rest(): Promise<string[]> {
    while (this.#exited === undefined) await new Promise<void>((resolve) => this.#changed.push(resolve));
    if (this.#exited !== 0) throw new Error(`Python ended with ${this.#exited}: ${this.#errors}`);
    return this.#lines;
  }

  write(line: string): void {
    this.#child.stdin!.write(`${line}\n`);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #wake(): void {
    const woken = this.#changed;
    this.#changed = [];
    for (const wake of woken) wake();
  }
}
