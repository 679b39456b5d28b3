// The operands of a command line as lists: addresses, list files, standard input.
import fs from 'node:fs';
import { decodeFile } from '../engine/intake/decoding.ts';
import { UsageError } from './options.ts';

export type Sources = { text: string; files: string[] };

/** Sorts operands into text to understand and files to read. Throws a UsageError for one that is neither. */
export async function sourcesOf(inputs: readonly string[]): Promise<Sources> {
  const lines: string[] = [];
  const files: string[] = [];
  for (const input of inputs) {
    // Even looking at it costs, so that only who reads it does.
    if (input === '-') lines.push(await readAll(process.stdin));
    else if (/^[a-z][a-z0-9+.-]*:/i.test(input) && !isDriveLetter(input)) lines.push(input);
    else if (fs.existsSync(input)) files.push(fs.realpathSync(input));
    else if (/^[^\s/]+\.[^\s/]+\//.test(input) || input.startsWith('www.')) lines.push(input);
    else throw new UsageError(`"${input}" is neither an address (https://...) nor a file that exists.`);
  }
  return { text: lines.join('\n'), files };
}

function isDriveLetter(input: string): boolean {
  return process.platform === 'win32' && /^[a-z]:[\\/]/i.test(input);
}

async function readAll(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return decodeFile(Buffer.concat(chunks));
}
