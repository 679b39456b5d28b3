// The command line, parsed: which command, its options with their bounds, its operands. Nothing is done here.
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { Settings } from '../../shared/settings.ts';

/** Says what is wrong with the words of a command line; ends with status 2. */
export class UsageError extends Error {}

export type ListAction = 'pause' | 'resume' | 'retry' | 'remove';

export type Command =
  | { kind: 'download'; inputs: string[]; run: RunOptions }
  | { kind: 'add'; inputs: string[]; dir: string | undefined; data: string | undefined; json: boolean }
  | { kind: 'list'; data: string | undefined; json: boolean }
  | { kind: ListAction; which: string[]; deleteFiles: boolean; data: string | undefined; json: boolean }
  | { kind: 'help' }
  | { kind: 'version' };

export type RunOptions = {
  dir: string | undefined;
  data: string | undefined;
  json: boolean;
  exit: boolean;
  settings: Partial<Settings>;
};

const options = {
  dir: { type: 'string', short: 'd' },
  data: { type: 'string' },
  workers: { type: 'string' },
  parallel: { type: 'string', short: 'j' },
  connections: { type: 'string', short: 'x' },
  limit: { type: 'string' },
  lane: { type: 'string' },
  hash: { type: 'boolean' },
  json: { type: 'boolean' },
  exit: { type: 'boolean' },
  'delete-files': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'V' },
} satisfies ParseArgsConfig['options'];

const listActions: readonly string[] = ['pause', 'resume', 'retry', 'remove'] satisfies ListAction[];

/** Parses the words after the program's name. Throws a UsageError. */
export function parseCommand(argv: readonly string[]): Command {
  const { values, positionals } = parseWords(argv);
  const json = values.json ?? false;
  const { data } = values;
  if (values.help) return { kind: 'help' };
  if (values.version) return { kind: 'version' };
  const [word, ...rest] = positionals;
  if (word === 'help') return { kind: 'help' };
  if (word === 'list') return { kind: 'list', data, json };
  if (word === 'add')
    return { kind: 'add', inputs: needed(rest, 'add needs at least one URL or list.'), dir: values.dir, data, json };
  if (word !== undefined && listActions.includes(word)) {
    const which = needed(rest, `${word} needs ids or URLs from "sluice list", or the word all.`);
    return { kind: word as ListAction, which, deleteFiles: values['delete-files'] ?? false, data, json };
  }
  const settings: Partial<Settings> = { hash: values.hash ?? false };
  if (values.workers !== undefined) settings.workers = whole('workers', values.workers, 'workers');
  if (values.parallel !== undefined) settings.parallel = whole('parallel', values.parallel, 'parallel');
  if (values.connections !== undefined) {
    settings.connectionsPerDownload = whole('connections', values.connections, 'connectionsPerDownload');
  }
  if (values.limit !== undefined) settings.limitBytesPerS = rate(values.limit);
  if (values.lane !== undefined) settings.lane = lane(values.lane);
  return {
    kind: 'download',
    inputs: positionals,
    run: { dir: values.dir, data, json, exit: values.exit ?? false, settings },
  };
}

function parseWords(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function needed(words: string[], message: string): string[] {
  if (words.length === 0) throw new UsageError(message);
  return words;
}

function whole(option: string, text: string, setting: 'workers' | 'parallel' | 'connectionsPerDownload'): number {
  const parsed = /^\d+$/.test(text) ? Settings.shape[setting].unwrap().safeParse(Number(text)) : undefined;
  const min = setting === 'workers' ? 0 : 1;
  const max = Settings.shape[setting].unwrap().maxValue;
  if (!parsed?.success) throw new UsageError(`--${option} takes a whole number from ${min} to ${max}, not "${text}".`);
  return parsed.data;
}

/** A rate such as `500K`, `2M` or `1.5M` in bytes a second; K, M and G are powers of 1024. `0` or `off`: none. */
function rate(text: string): number | null {
  if (text === '0' || text === 'off') return null;
  const match = /^(\d+(?:\.\d+)?)([kmg]?)(?:i?b)?$/i.exec(text);
  const bytes = match ? Math.round(Number(match[1]) * 1024 ** ' kmg'.indexOf(match[2]!.toLowerCase() || ' ')) : NaN;
  if (!(bytes >= 1024)) throw new UsageError(`--limit takes a rate of at least 1K, such as 500K or 2M, not "${text}".`);
  return bytes;
}

function lane(text: string): Settings['lane'] {
  const parsed = Settings.shape.lane.unwrap().safeParse(text);
  if (!parsed.success) throw new UsageError(`--lane takes auto, fetch or direct, not "${text}".`);
  return parsed.data;
}

export const help = `sluice [options] [URL | LIST-FILE | -]...   download, and resume what is unfinished
sluice add [--dir DIR] URL | LIST-FILE | -  add to the list without waiting
sluice list [--json]                        every download and its state
sluice pause|resume|retry|remove ID|URL|all change downloads (remove --delete-files: the finished files too)

LIST-FILE: one URL a line (also .csv .html .url .webloc .metalink); "-" reads a list from standard input.

  -d, --dir DIR         where files go (default: the current directory)
      --data DIR        where the list lives (default: SLUICE_DATA, else your data directory)
      --workers N       worker processes, 1-32 (0: one a core)
  -j, --parallel N      downloads at once, 1-256
  -x, --connections N   connections a download, 1-32
      --limit RATE      all together at most RATE bytes a second: 500K, 2M
      --hash            tell the SHA-256 of each finished file
      --lane LANE       auto, fetch or direct: how bodies are read
      --json            one JSON object a line on standard output
      --exit            leave when nothing is left to do
  -V, --version         the version
  -h, --help            this text

Exit status: 0 all done, 1 something failed (and stays in the list), 2 usage.
`;
