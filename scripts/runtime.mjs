// Which Electron this machine has, for whatever starts it: npm start, tests, packaging.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findElectron } from './setup/electron.mjs';
import { bindingPath } from './setup/sqlite.mjs';
import { SetupError } from './setup/step.mjs';

/**
 * @typedef {object} Runtime
 * @property {string} electronPath the program to start, with the app's folder as its first argument
 * @property {string} dist the folder it stands in
 * @property {string} version of Electron
 * @property {boolean} fallback true for the stand-in that is used where the current release cannot be fetched
 * @property {Record<string, string>} env to be set for it, beside what is set already
 */

/**
 * What `npm run setup` found or made. Throws when it has not run.
 * @returns {Runtime}
 */
export function runtime() {
  const electron = findElectron();
  if (!electron) throw new SetupError('Electron is not set up. Run: npm run setup');
  const electronPath = join(electron.dist, executable());
  // Chromium refuses to run as root with its sandbox; as anybody else it stays on.
  /** @type {Record<string, string>} */
  const sandbox = process.platform === 'linux' && process.getuid?.() === 0 ? { ELECTRON_DISABLE_SANDBOX: '1' } : {};
  if (!electron.fallback) return { ...electron, electronPath, env: sandbox };
  const binding = bindingPath();
  if (!existsSync(binding)) throw new SetupError('SQLite is not compiled for this Electron. Run: npm run setup');
  return {
    ...electron,
    electronPath,
    env: {
      ...sandbox,
      ELECTRON_OVERRIDE_DIST_PATH: electron.dist,
      ELECTRON_EXEC_PATH: electronPath,
      SLUICE_SQLITE_BINDING: binding,
    },
  };
}

function executable() {
  if (process.platform === 'darwin') return 'Electron.app/Contents/MacOS/Electron';
  return process.platform === 'win32' ? 'electron.exe' : 'electron';
}
