// A virtual display for machines without a screen.
import { spawn } from 'node:child_process';
import { findProgram, hasNoScreen } from './debian.mjs';
import { SetupError } from './step.mjs';

/** @typedef {{ env: { DISPLAY?: string }, stop: () => void }} Display */

/**
 * Starts Xvfb where there is neither X nor Wayland; elsewhere does nothing.
 * @returns {Promise<Display | undefined>} what to add to the environment, and how to end it; nothing when there is a screen
 */
export async function startDisplay() {
  return hasNoScreen() ? startXvfb() : undefined;
}

/**
 * Starts Xvfb, whether there is a screen or not.
 * @returns {Promise<Display & { env: { DISPLAY: string } }>} what to add to the environment, and how to end it
 */
export async function startXvfb() {
  const xvfb = findProgram('Xvfb');
  if (!xvfb) throw new SetupError('There is no screen here, and Xvfb is not installed. Run: npm run setup');
  // Xvfb picks a free number and writes it to the pipe once it takes clients.
  const args = ['-displayfd', '3', '-screen', '0', '1600x1000x24', '-nolisten', 'tcp', '-dpi', '96'];
  const server = spawn(xvfb, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  const stop = () => void server.kill();
  process.once('exit', stop);
  const number = await new Promise((resolve, reject) => {
    const pipe = /** @type {import('node:stream').Readable} */ (server.stdio[3]);
    let text = '';
    pipe.on('data', (chunk) => {
      text += String(chunk);
      if (text.includes('\n')) resolve(text.trim());
    });
    server.once('error', reject);
    server.once('exit', (code) => reject(new SetupError(`Xvfb ended with ${code} before it could be used.`)));
  });
  server.unref();
  return { env: { DISPLAY: `:${number}` }, stop };
}
