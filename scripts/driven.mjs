// The program in real Electron, driven by Playwright: for tests and for pictures.
import { _electron as electron } from 'playwright';
import { runtime } from './runtime.mjs';
import { root } from './setup/paths.mjs';

const PATIENCE_MS = 30_000;

/**
 * Starts the program. Now and then Playwright is connected to it and never says so (seen with 1.65 and Electron 25): then it is
 * started once more, which is said.
 * @param {string[]} args
 * @param {Record<string, string | undefined>} [env] beside that of this process
 */
export async function launchDriven(args, env = {}) {
  const { electronPath, env: own } = runtime();
  const all = { ...process.env, NO_AT_BRIDGE: '1', ...own, LANGUAGE: 'en', ...env };
  /** @type {Parameters<typeof electron.launch>[0]} */
  const options = {
    executablePath: electronPath,
    // What a display without a desktop lacks would be said at every start, and means nothing.
    args: ['--log-level=3', root, ...args],
    env: /** @type {Record<string, string>} */ (all),
    colorScheme: null,
    timeout: PATIENCE_MS,
  };
  try {
    return await electron.launch(options);
  } catch (error) {
    console.error(`Started once more: ${String(error)}`);
    return electron.launch(options);
  }
}
