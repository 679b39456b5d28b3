// Where a bench works: folders in memory and on the disk, and a copy of the program that no build can change meanwhile.
import { cpSync, mkdirSync, mkdtempSync, rmSync, statfsSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from '../build.mjs';
import { modules, root } from '../setup/paths.mjs';

const TMPFS = 0x01021994;

/**
 * @typedef {object} Place
 * @property {string} memory folder on tmpfs where there is room, else the same as on the disk
 * @property {string} disk
 * @property {boolean} inMemory
 * @property {() => void} remove
 */

/**
 * Makes the folders.
 * @param {number} needBytes
 * @returns {Place}
 */
export function makePlace(needBytes) {
  const memoryRoot = ['/dev/shm', tmpdir()].find((path) => isTmpfs(path) && roomBytes(path) > needBytes);
  const diskRoot = ['/var/tmp', tmpdir(), root].find((path) => isFolder(path) && !isTmpfs(path)) ?? tmpdir();
  const disk = mkdtempSync(join(diskRoot, 'sluice-bench-'));
  const memory = memoryRoot ? mkdtempSync(join(memoryRoot, 'sluice-bench-')) : disk;
  const remove = () => [memory, disk].forEach((path) => rmSync(path, { recursive: true, force: true }));
  return { memory, disk, inMemory: memory !== disk, remove };
}

/**
 * Builds the program and copies it.
 * @param {string} folder
 * @returns {Promise<string>} the script that starts it
 */
export async function copyProgram(folder) {
  await build();
  const own = join(folder, 'program');
  cpSync(join(root, 'out', 'main'), join(own, 'main'), { recursive: true });
  symlinkSync(modules, join(own, 'node_modules'));
  return join(own, 'main', 'cli.cjs');
}

/**
 * An empty folder, whatever was there.
 * @param {string} path
 */
export function emptied(path) {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true });
  return path;
}

/** @param {string} path */
function isTmpfs(path) {
  return isFolder(path) && statfsSync(path).type === TMPFS;
}

/** @param {string} path */
function roomBytes(path) {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

/** @param {string} path */
function isFolder(path) {
  try {
    statfsSync(path);
    return dirname(path) !== path;
  } catch {
    return false;
  }
}
