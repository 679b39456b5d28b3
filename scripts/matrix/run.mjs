// Runs one tool through one case and says what came of it.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { contentBytes, seededContent } from '../../tests/support/origin.ts';

/** @typedef {'right' | 'failed' | 'wrong' | 'hang'} Outcome wrong: another file than the server's, with status 0 */

/** Nobody takes that long who gets anywhere. */
const LIMIT_MS = 60_000;
const INTERRUPT_AFTER_BYTES = 1_500_000;
const SETTLE_MS = 300;
const PATIENCE_MS = 8000;

/**
 * @param {import('./tools.mjs').Tool} tool
 * @param {import('./cases.mjs').Case} which
 * @param {import('../../tests/support/origin.ts').Origin} origin
 * @param {string} dir an empty folder, made and removed here
 * @param {string} folder on the origin, the tool's own
 * @returns {Promise<Outcome>}
 */
export async function runCase(tool, which, origin, dir, folder) {
  const path = `${folder}/file.zip`;
  mkdirSync(dir, { recursive: true });
  try {
    const start = () => run(tool.command, tool.args(dir, origin.url(path)), dir);
    if (which.first) {
      origin.serve(path, which.first);
      const interrupted = start();
      await Promise.race([origin.served(path, which.interruptAfterBytes ?? INTERRUPT_AFTER_BYTES), interrupted.ended]);
      // What is under way to it may arrive.
      await Promise.race([new Promise((resolve) => setTimeout(resolve, SETTLE_MS)), interrupted.ended]);
      interrupted.child.kill('SIGINT');
      const late = setTimeout(() => interrupted.child.kill('SIGKILL'), PATIENCE_MS);
      await interrupted.ended;
      clearTimeout(late);
    }
    origin.serve(path, behaviourFrom(which.then, origin.requests(path).length));
    const { link } = which;
    if (link) {
      origin.serve(path, ({ count }) => {
        const location = `${folder}/link-${count}/file.zip`;
        origin.serve(location, link(count));
        return { location };
      });
    }
    const { child, ended } = start();
    let late = false;
    const limit = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, which.limitMs ?? LIMIT_MS);
    const status = await ended;
    clearTimeout(limit);
    if (late) return 'hang';
    if (status !== 0) return 'failed';
    return isRight(join(dir, 'file.zip'), which.file) ? 'right' : 'wrong';
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Counts requests anew from here on. */
function behaviourFrom(/** @type {import('./cases.mjs').Case['then']} */ then, /** @type {number} */ before) {
  if (typeof then !== 'function') return then;
  return (/** @type {import('./cases.mjs').Seen} */ seen) => then({ ...seen, count: seen.count - before });
}

/** @param {string} file @param {import('./cases.mjs').Case['file']} expected */
function isRight(file, expected) {
  if (expected === null || !existsSync(file)) return false;
  return readFileSync(file).equals(contentBytes(seededContent(expected.sizeBytes, expected.seed)));
}

function run(/** @type {string} */ command, /** @type {string[]} */ args, /** @type {string} */ cwd) {
  // No setting of the person who runs this, and no proxy, may change what comes out.
  const env = { PATH: process.env['PATH'] ?? '', HOME: cwd, LANG: 'C' };
  const child = spawn(command, args, { cwd, env, stdio: 'ignore' });
  /** @type {Promise<number | null>} */
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { child, ended };
}
