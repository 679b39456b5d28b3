// What can be told of a command line without loading what understands all of it.
import { closeSync, openSync, readSync, statSync } from 'node:fs';

/** Each stands where the first address or list would. */
export const commandWords = [
  'help',
  'list',
  'add',
  'machines',
  'export',
  'import',
  'pause',
  'resume',
  'retry',
  'redownload',
  'remove',
  'serve',
  'worker',
  'discover',
  'echo',
  'check',
] as const;

const otherWords: ReadonlySet<string> = new Set([...commandWords, '--help', '-h', '--version', '-V']);

/** Whether a worker will most likely be wanted. A wrong guess costs a moment, never more. */
export function probablyDownloads(argv: readonly string[]): boolean {
  return argv.length > 0 && !argv.some((word) => otherWords.has(word));
}

/** Whether TLS will probably be wanted: one of the words, or a list among them, begins as an address does that takes it. A guess, too. */
export function probablySecure(argv: readonly string[]): boolean {
  return argv.some((word) => isSecure(word) || isSecure(beginningOf(word)));
}

function isSecure(text: string): boolean {
  return /^https:/i.test(text);
}

/** Of a plain file; what comes through a pipe can be read only once. */
function beginningOf(file: string): string {
  try {
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return '';
    const bytes = Buffer.alloc('https:'.length);
    const handle = openSync(file, 'r');
    try {
      return bytes.toString('latin1', 0, readSync(handle, bytes));
    } finally {
      closeSync(handle);
    }
  } catch {
    // Whoever reads all of it says what is wrong.
    return '';
  }
}
