// npm packages exactly as the lockfile has them, and not touched when they are already there.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { modules, root } from './paths.mjs';
import { run, step } from './step.mjs';

/** @typedef {{ version?: string, integrity?: string, optional?: boolean, peer?: boolean, link?: boolean }} Locked */

const lockfile = join(root, 'package-lock.json');
const installed = join(modules, '.package-lock.json');

/** Installs the packages when node_modules is not what the lockfile says. */
export async function ensurePackages() {
  if (packagesAreCurrent()) return;
  await step('Installing npm packages', () => npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund']));
}

/**
 * Runs npm: the one that runs us, else the one on PATH.
 * @param {string[]} args
 * @param {string} [cwd]
 */
export function npm(args, cwd = root) {
  const script = process.env.npm_execpath;
  const node = process.env.npm_node_execpath;
  if (script?.endsWith('npm-cli.js') && node) return run(node, [script, ...args], { cwd });
  return run('npm', args, { cwd, shell: process.platform === 'win32' });
}

/** True when npm's own record of node_modules agrees with the lockfile in every version and hash. */
export function packagesAreCurrent() {
  try {
    const record = statSync(installed).mtimeMs;
    if (statSync(lockfile).mtimeMs < record) return true;
    const want = lockedPackages(lockfile);
    const have = lockedPackages(installed);
    return Object.entries(want).every(([path, locked]) => {
      if (path === '') return true;
      const found = have[path];
      if (!found) return locked.optional === true;
      return found.version === locked.version && found.integrity === locked.integrity;
    });
  } catch {
    return false;
  }
}

/**
 * @param {string} path
 * @returns {Record<string, Locked>}
 */
function lockedPackages(path) {
  return JSON.parse(readFileSync(path, 'utf8')).packages;
}
