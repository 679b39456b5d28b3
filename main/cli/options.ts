// The command line, parsed: which command, its options with their bounds, its operands. Nothing is done here.
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { Priority } from '../../shared/download.ts';
import { HERE, MachineOrder } from '../../shared/machines.ts';
import { defaultSettings, Settings } from '../../shared/settings.ts';
import { boundsOf, read } from '../../shared/schema.ts';
import { requestHelp, requestOf, requestOptions, requestSettings, type RequestOptions } from './request-options.ts';

/** Says what is wrong with the words of a command line; ends with status 2. */
export class UsageError extends Error {}

export type ListAction = 'pause' | 'resume' | 'retry' | 'redownload' | 'remove';

export type Command =
  | { kind: 'download'; inputs: string[]; run: RunOptions }
  | {
      kind: 'add';
      inputs: string[];
      dir: string | undefined;
      data: string | undefined;
      json: boolean;
      ways: AddedWays;
    }
  | { kind: 'list'; data: string | undefined; json: boolean }
  | { kind: ListAction; which: string[]; deleteFiles: boolean; data: string | undefined; json: boolean }
  | { kind: 'machines'; order: { to: MachineOrder; place: string } | null; data: string | undefined; json: boolean }
  | {
      kind: 'export';
      what: 'list' | 'settings';
      file: string;
      secrets: boolean;
      data: string | undefined;
      json: boolean;
    }
  | {
      kind: 'import';
      files: string[];
      dir: string | undefined;
      data: string | undefined;
      json: boolean;
      ways: AddedWays;
    }
  | NetworkCommand
  | { kind: 'help' }
  | { kind: 'version' };

export type Address = { host: string; port: number };

/** Commands that speak to other machines and programs. */
export type NetworkCommand =
  | {
      kind: 'serve';
      listen: Address;
      python: Address | null;
      authkeyFile: string | undefined;
      /** The Python door's own key; without it the other one if that was named, so that one key may do for both. */
      pythonAuthkeyFile: string | undefined;
      md5: boolean;
      dict: boolean;
      discoverable: boolean;
      run: RunOptions;
    }
  | {
      kind: 'join';
      to: Address;
      authkeyFile: string;
      fingerprint: string | undefined;
      parallel: number;
      /** Finished files go to the coordinator instead of staying here. */
      sendBack: boolean;
      run: RunOptions;
    }
  | { kind: 'join-python'; to: Address; authkeyFile: string; md5: boolean; dict: boolean; run: RunOptions }
  | { kind: 'discover'; json: boolean }
  | { kind: 'echo'; at: Address }
  | { kind: 'check'; to: Address; json: boolean };

/** How what is added is to be asked for. */
export type AddedWays = { request: RequestOptions; limitEach: number | null; priority?: Priority };

export type RunOptions = {
  dir: string | undefined;
  data: string | undefined;
  json: boolean;
  exit: boolean;
  settings: Partial<Settings>;
  ways: AddedWays;
};

const options = {
  dir: { type: 'string', short: 'd' },
  data: { type: 'string' },
  workers: { type: 'string' },
  parallel: { type: 'string', short: 'j' },
  connections: { type: 'string', short: 'x' },
  retries: { type: 'string' },
  limit: { type: 'string' },
  'limit-each': { type: 'string' },
  priority: { type: 'string' },
  'no-timetable': { type: 'boolean' },
  ...requestOptions,
  lane: { type: 'string' },
  hash: { type: 'boolean' },
  json: { type: 'boolean' },
  exit: { type: 'boolean' },
  'delete-files': { type: 'boolean' },
  settings: { type: 'boolean' },
  secrets: { type: 'boolean' },
  listen: { type: 'string' },
  python: { type: 'string' },
  'authkey-file': { type: 'string' },
  'python-authkey-file': { type: 'string' },
  'no-md5': { type: 'boolean' },
  discoverable: { type: 'boolean' },
  connect: { type: 'string' },
  fingerprint: { type: 'string' },
  'send-back': { type: 'boolean' },
  'python-manager': { type: 'string' },
  dict: { type: 'boolean' },
  host: { type: 'string' },
  port: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'V' },
} satisfies ParseArgsConfig['options'];

const listActions: readonly string[] = ['pause', 'resume', 'retry', 'redownload', 'remove'] satisfies ListAction[];

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
  const limitEach = values['limit-each'] === undefined ? null : rate('limit-each', values['limit-each']);
  const ways: AddedWays = { request: requestOf(values), limitEach };
  if (values.priority !== undefined) ways.priority = oneOf('priority', Priority.options, values.priority);
  if (word === 'add') {
    const inputs = needed(rest, 'add needs at least one URL or list.');
    return { kind: 'add', inputs, dir: values.dir, data, json, ways };
  }
  if (word === 'machines') return { kind: 'machines', order: machineOrder(rest), data, json };
  if (word === 'export') {
    const [file = '-'] = rest;
    if (rest.length > 1) throw new UsageError('export takes one FILE, or - for standard output.');
    const what = values.settings ? 'settings' : 'list';
    return { kind: 'export', what, file, secrets: values.secrets ?? false, data, json };
  }
  if (word === 'import') {
    return { kind: 'import', files: needed(rest, 'import needs a FILE.'), dir: values.dir, data, json, ways };
  }
  if (word !== undefined && listActions.includes(word)) {
    const which = needed(rest, `${word} needs ids or URLs from "sluice list", or the word all.`);
    return { kind: word as ListAction, which, deleteFiles: values['delete-files'] ?? false, data, json };
  }
  const run = { dir: values.dir, data, json, exit: values.exit ?? false, settings: settingsOf(values), ways };
  const network = networkCommand(word, rest, values, run);
  return network ?? { kind: 'download', inputs: positionals, run };
}

function machineOrder([to, place]: readonly string[]): { to: MachineOrder; place: string } | null {
  if (to === undefined) return null;
  const parsed = read(MachineOrder, to);
  if (!parsed.success) throw new UsageError(`machines takes ${MachineOrder.options.join(', ')}, not "${to}".`);
  if (place === undefined) throw new UsageError(`machines ${to} needs the name of a machine from "sluice machines".`);
  return { to: parsed.output, place: place === 'here' ? HERE : place };
}

type Values = ReturnType<typeof parseWords>['values'];

function settingsOf(values: Values): Partial<Settings> {
  const settings: Partial<Settings> = { hash: values.hash ?? false, ...requestSettings(values) };
  if (values.workers !== undefined) settings.workers = whole('workers', values.workers, 'workers');
  if (values.parallel !== undefined) settings.parallel = whole('parallel', values.parallel, 'parallel');
  if (values.connections !== undefined) {
    settings.connectionsPerDownload = whole('connections', values.connections, 'connectionsPerDownload');
  }
  if (values.retries !== undefined) settings.maxRetries = whole('retries', values.retries, 'maxRetries');
  if (values.limit !== undefined) settings.limitBytesPerS = rate('limit', values.limit);
  if (values['no-timetable']) settings.scheduleOn = false;
  if (values.lane !== undefined) settings.lane = oneOf('lane', Settings.entries.lane.wrapped.options, values.lane);
  return settings;
}

function networkCommand(
  word: string | undefined,
  rest: string[],
  values: Values,
  run: RunOptions,
): NetworkCommand | undefined {
  const { json } = run;
  const md5 = !(values['no-md5'] ?? false);
  const dict = values.dict ?? false;
  switch (word) {
    case 'serve': {
      const listen = address('listen', values.listen ?? '127.0.0.1:7440');
      const python = values.python === undefined ? null : address('python', values.python);
      const authkeyFile = values['authkey-file'];
      const pythonAuthkeyFile = values['python-authkey-file'] ?? authkeyFile;
      const discoverable = values.discoverable ?? false;
      return { kind: 'serve', listen, python, authkeyFile, pythonAuthkeyFile, md5, dict, discoverable, run };
    }
    case 'worker': {
      const authkeyFile = values['authkey-file'];
      if (authkeyFile === undefined) throw new UsageError('worker needs --authkey-file FILE with the shared key.');
      if (values['python-manager'] !== undefined) {
        const to = address('python-manager', values['python-manager']);
        return { kind: 'join-python', to, authkeyFile, md5, dict, run };
      }
      if (values.connect === undefined) {
        throw new UsageError('worker needs --connect HOST:PORT or --python-manager HOST:PORT.');
      }
      const parallel = run.settings.parallel ?? defaultSettings.parallel;
      const to = address('connect', values.connect);
      const { fingerprint } = values;
      return { kind: 'join', to, authkeyFile, fingerprint, parallel, sendBack: values['send-back'] ?? false, run };
    }
    case 'discover':
      return { kind: 'discover', json };
    case 'echo': {
      const at = address('port', `${values.host ?? '127.0.0.1'}:${values.port ?? '9999'}`);
      return { kind: 'echo', at };
    }
    case 'check': {
      const [to] = needed(rest, 'check needs the HOST:PORT of a machine where "sluice echo" runs.');
      return { kind: 'check', to: address('check', to!), json };
    }
    default:
      return undefined;
  }
}

/** `HOST:PORT`, an IPv6 host in brackets. */
function address(option: string, text: string): Address {
  const match = /^(?:\[([0-9a-f:.%\w]+)\]|([^:\s]+)):(\d{1,5})$/i.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) throw new UsageError(`--${option} takes HOST:PORT, not "${text}".`);
  return { host: (match[1] ?? match[2])!, port };
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

function whole(
  option: string,
  text: string,
  setting: 'workers' | 'parallel' | 'connectionsPerDownload' | 'maxRetries',
): number {
  const parsed = /^\d+$/.test(text) ? read(Settings.entries[setting], Number(text)) : undefined;
  const { min, max } = boundsOf(Settings.entries[setting]);
  if (!parsed?.success) throw new UsageError(`--${option} takes a whole number from ${min} to ${max}, not "${text}".`);
  return parsed.output;
}

/** A rate such as `500K`, `2M` or `1.5M` in bytes a second; K, M and G are powers of 1024. `0` or `off`: none. */
function rate(option: string, text: string): number | null {
  if (text === '0' || text === 'off') return null;
  const match = /^(\d+(?:\.\d+)?)([kmg]?)(?:i?b)?$/i.exec(text);
  const bytes = match ? Math.round(Number(match[1]) * 1024 ** ' kmg'.indexOf(match[2]!.toLowerCase() || ' ')) : NaN;
  if (!(bytes >= 1024))
    throw new UsageError(`--${option} takes a rate of at least 1K, such as 500K or 2M, not "${text}".`);
  return bytes;
}

function oneOf<Name extends string>(option: string, names: readonly Name[], text: string): Name {
  const found = names.find((name) => name === text);
  if (found !== undefined) return found;
  throw new UsageError(`--${option} takes ${names.slice(0, -1).join(', ')} or ${names.at(-1)}, not "${text}".`);
}

export const help = `sluice [options] [URL | LIST-FILE | -]...   download, and resume what is unfinished
sluice add [--dir DIR] URL | LIST-FILE | -  add to the list without waiting
sluice list [--json]                        every download and its state
sluice pause|resume|remove ID|URL|all       change downloads (remove --delete-files: the finished files too)
sluice retry|redownload ID|URL|all          try once more what failed; fetch again what is done
sluice export [--settings] [--secrets] [FILE]   write the list (or the settings) as text, as JSON to FILE.json
sluice import FILE...                       take over what export wrote, a list or settings
sluice serve                                the engine for other machines and programs, until SIGTERM
sluice worker --connect HOST:PORT           help another machine: take its tasks
sluice worker --python-manager HOST:PORT    work for a Python program's multiprocessing manager
sluice machines [drain|pause|work|remove|forget MACHINE|here]   who works for this list; tell one what to do
sluice discover                             who serves on this network
sluice echo [--port 9999], sluice check HOST:PORT   find the firewall in the way

LIST-FILE: one URL a line (also .csv .html .url .webloc .metalink); "-" reads a list from standard input.

  -d, --dir DIR         where files go (default: the current directory)
      --data DIR        where the list lives (default: SLUICE_DATA, else your data directory)
      --workers N       worker processes, 1-32 (0: one a core; of serve: none, others work)
  -j, --parallel N      downloads at once, 1-256
  -x, --connections N   connections a download, 1-32
      --retries N       try again at most so often before a download fails, 0-100
      --limit RATE      all together at most RATE bytes a second: 500K, 2M
      --limit-each RATE each of those added now at most that
      --priority P      those added now start before all others (high) or after them (low): high, normal, low
      --no-timetable    at full speed, whatever the timetable in the settings says
      --hash            tell the SHA-256 of each finished file
      --lane LANE       auto, fetch or direct: how bodies are read
      --json            one JSON object a line on standard output
      --exit            leave when nothing is left to do
${requestHelp}      --settings        export: the settings instead of the list
      --secrets         export: with passwords, cookies and tokens in it
      --listen HOST:PORT    serve: where workers connect (default 127.0.0.1:7440; other hosts get TLS)
      --python HOST:PORT    serve: open the door for Python programs there (8001 is usual)
      --discoverable        serve: answer "sluice discover" on this network
      --authkey-file FILE   serve, worker: the shared key; serve makes one when the file is missing
      --python-authkey-file FILE   serve: the key of the door for Python programs; without it that of --authkey-file,
                            and without both one of its own
      --no-md5              serve --python, worker --python-manager: refuse HMAC-MD5, which Python before 3.12 needs
      --fingerprint HEX     worker: of the certificate that serve shows
      --send-back           worker --connect: send finished files to the coordinator instead of keeping them
      --dict                serve --python, worker --python-manager: dicts, not "URL--->success", as results
  -V, --version         the version
  -h, --help            this text

Exit status: 0 all done, 1 something failed or was paused (and stays in the list), 2 usage.
`;
