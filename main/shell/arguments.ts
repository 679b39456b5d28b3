// What the program was started with: our own options and what to open, among Chromium's switches.
import path from 'node:path';

export type Arguments = {
  data: string | undefined;
  demo: boolean;
  /** Where to write a picture of the settled window, then leave. */
  screenshot: string | undefined;
  version: boolean;
  /** Absolute paths of list files. */
  files: string[];
  /** Links, one a line. */
  links: string[];
};

const withValue = ['--data', '--screenshot'];

/**
 * Parses the words after the program's name (and after the app's path, when Electron itself was started with one).
 * Unknown switches are Chromium's or a tester's and are passed over. Relative paths are meant from `cwd`.
 */
export function parseArguments(words: readonly string[], cwd: string): Arguments {
  const found: Arguments = {
    data: undefined,
    demo: false,
    screenshot: undefined,
    version: false,
    files: [],
    links: [],
  };
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    const [name, inline] = split(word);
    if (withValue.includes(name)) {
      const value = inline ?? words[++at];
      if (value === undefined) continue;
      if (name === '--data') found.data = path.resolve(cwd, value);
      else found.screenshot = path.resolve(cwd, value);
    } else if (word === '--demo') found.demo = true;
    else if (word === '--version') found.version = true;
    else if (/^(https?|sluice):/i.test(word)) found.links.push(linkOf(word));
    else if (/^file:\/\//i.test(word)) found.files.push(fromFileUrl(word));
    else if (!word.startsWith('-')) found.files.push(path.resolve(cwd, word));
  }
  return found;
}

/** Our words out of a whole `process.argv`; `defaultApp` when Electron was started with the app's folder. */
export function ownWords(argv: readonly string[], defaultApp: boolean): string[] {
  if (!defaultApp) return argv.slice(1);
  const app = argv.findIndex((word, at) => at > 0 && !word.startsWith('-'));
  return app < 0 ? [] : argv.slice(app + 1);
}

/** `sluice:https://host/file` and `sluice://add?url=...` both name a link; anything else is left for the intake to judge. */
function linkOf(word: string): string {
  if (!/^sluice:/i.test(word)) return word;
  const rest = word.replace(/^sluice:(\/\/)?/i, '');
  if (/^https?:/i.test(rest)) return rest;
  const query = rest.indexOf('?');
  return (query < 0 ? null : new URLSearchParams(rest.slice(query + 1)).getAll('url').join('\n')) || rest;
}

function split(word: string): [string, string | undefined] {
  const equals = word.indexOf('=');
  return word.startsWith('--') && equals > 0 ? [word.slice(0, equals), word.slice(equals + 1)] : [word, undefined];
}

function fromFileUrl(word: string): string {
  const where = decodeURIComponent(new URL(word).pathname);
  return process.platform === 'win32' ? path.normalize(where.replace(/^\//, '')) : where;
}
