// One set-up at a time, since all checkouts share the cache: a second one waits for the first, and goes on when that one was killed.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { cacheDir } from './paths.mjs';
import { say } from './step.mjs';

/**
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(work) {
  mkdirSync(cacheDir, { recursive: true });
  const file = join(cacheDir, 'setup.lock');
  for (let waits = 0; !take(file); waits++) {
    if (waits === 5) say('Waiting for another set-up to end ...');
    await sleep(200);
  }
  const release = () => rmSync(file, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

/** @param {string} file */
function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    if (!holderLives(file)) rmSync(file, { force: true });
    return false;
  }
}

/** @param {string} file */
function holderLives(file) {
  try {
    process.kill(Number(readFileSync(file, 'utf8')), 0);
    return true;
  } catch (error) {
    // EPERM: somebody else's process, but alive. A half-written file counts as alive until the next look.
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}
