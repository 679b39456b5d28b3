// The words of the command line that are no download, known without loading what understands all of it.

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
