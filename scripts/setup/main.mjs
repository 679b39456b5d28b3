// How each script begins and ends.
import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { say, SetupError } from './step.mjs';

/**
 * True for the script that was started, false for one that was imported.
 * @param {string} url import.meta.url
 */
export function isMain(url) {
  const [, script] = process.argv;
  return script !== undefined && url === pathToFileURL(realpathSync(script)).href;
}

/**
 * Runs the main part of a script: an expected failure is one message, not a stack.
 * @param {() => Promise<number | void>} main its number, if any, is the exit status
 */
export async function runMain(main) {
  try {
    const status = await main();
    if (status !== undefined) process.exitCode = status;
  } catch (error) {
    say(error instanceof SetupError ? error.message : String(error instanceof Error ? error.stack : error));
    process.exitCode = 1;
  }
}
