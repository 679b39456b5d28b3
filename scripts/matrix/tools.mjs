// How each tool is told to fetch one file into a folder, going on where it was interrupted.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../setup/debian.mjs';
import { root, toolNode } from '../setup/paths.mjs';

/** @typedef {{ name: string, command: string, args: (dir: string, url: string) => string[] }} Tool */

/** Every one may try again a few times and gives a silent server ten seconds, as far as it can be told so. */
const others = [
  {
    name: 'aria2c',
    args: (/** @type {string} */ dir, /** @type {string} */ url) => [
      ...['-q', '--no-conf', '-c', '-x4', '-s4', '-k1M', '--file-allocation=none', '-d', dir, '-o', 'file.zip'],
      ...['--timeout=10', '--max-tries=4', '--retry-wait=1', url],
    ],
  },
  {
    name: 'axel',
    args: (/** @type {string} */ dir, /** @type {string} */ url) => [
      ...['-q', '-n4', '-T', '10', '-o', join(dir, 'file.zip'), url],
    ],
  },
  {
    name: 'wget',
    args: (/** @type {string} */ dir, /** @type {string} */ url) => [
      ...['-q', '--no-config', '-c', '--tries=4', '--timeout=10', '--waitretry=1', '-O', join(dir, 'file.zip'), url],
    ],
  },
  {
    name: 'curl',
    args: (/** @type {string} */ dir, /** @type {string} */ url) => [
      ...['-q', '-sSfL', '-C', '-', '--retry', '4', '--retry-delay', '1', '--speed-limit', '1', '--speed-time', '10'],
      ...['-o', join(dir, 'file.zip'), url],
    ],
  },
];

/** @type {Tool} */
export const sluice = {
  name: 'Sluice',
  command: toolNode(),
  args: (dir, url) => [
    join(root, 'out', 'main', 'cli.cjs'),
    ...['--data', join(dir, '.data'), '--dir', dir, '--connections', '4', '--retries', '3', '--exit', '--json', url],
  ],
};

/**
 * The other tools that are installed, and the names of those that are not.
 * @returns {{ found: Tool[], missing: string[] }}
 */
export function findTools() {
  /** @type {Tool[]} */
  const found = [];
  /** @type {string[]} */
  const missing = [];
  for (const { name, args } of others) {
    const command = findProgram(name);
    if (command && existsSync(command)) found.push({ name, command, args });
    else missing.push(name);
  }
  return { found, missing };
}
