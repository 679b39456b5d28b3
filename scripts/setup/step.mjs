// Shows long steps while they run, and runs programs for them. Everything goes to stderr: stdout belongs to what was asked for.
import { spawn } from 'node:child_process';

const terminal = process.stderr.isTTY;

/** @param {string} text */
export function say(text) {
  process.stderr.write(`${text}\n`);
}

/** An expected failure: its message tells the person what to do, a stack would not help. */
export class SetupError extends Error {}

/**
 * Runs one long step and shows that it lives: a running clock on a terminal, a line every ten seconds elsewhere.
 * @template T
 * @param {string} title
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const startedAt = Date.now();
  const seconds = () => Math.round((Date.now() - startedAt) / 1000);
  if (!terminal) say(`${title} ...`);
  const timer = setInterval(
    () => (terminal ? process.stderr.write(`\r${title} ... ${seconds()} s `) : say(`  ... ${seconds()} s`)),
    terminal ? 250 : 10_000,
  );
  if (terminal) process.stderr.write(`${title} ...`);
  let word = 'failed';
  try {
    const result = await work();
    word = 'done';
    return result;
  } finally {
    clearInterval(timer);
    say(terminal ? `\r${title}: ${word} in ${seconds()} s ` : `  ${word} in ${seconds()} s`);
  }
}

/**
 * Runs a program to its end. Its output is kept, and is part of the error when it fails.
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions & { timeoutMs?: number }} [options]
 * @returns {Promise<string>} stdout and stderr, in order
 */
export function run(command, args, { timeoutMs, ...options } = {}) {
  return new Promise((resolve, reject) => {
    let output = '';
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...options,
      ...(timeoutMs ? { timeout: timeoutMs } : {}),
    });
    const keep = (/** @type {Buffer} */ chunk) => (output += String(chunk));
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.on('error', (cause) => reject(new SetupError(`${command} did not start: ${cause.message}`, { cause })));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output);
      else reject(new SetupError(`${command} ${args[0] ?? ''} ended with ${signal ?? code}\n${tail(output)}`));
    });
  });
}

/** @param {string} text */
function tail(text) {
  return text.trimEnd().split('\n').slice(-25).join('\n');
}
