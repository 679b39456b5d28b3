// Runs one program and measures it with all its children: wall and CPU time, memory while it runs.
import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cpuTicks, descendants, pssBytes, read, rssBytes } from './processes.mjs';

const SAMPLE_MS = 50;
/** Proportional memory is dear to ask for, so it is asked for less often. */
const PROPORTIONAL_EVERY = 8;

/** @type {Set<number>} */
const running = new Set();

/**
 * @typedef {object} Measured
 * @property {number} wallS
 * @property {number} cpuS user and system time of the program and everything it started
 * @property {number} peakRssBytes the largest sum of resident memory over the whole tree; shared pages count once for each process
 * @property {number} peakPssBytes the same with shared pages counted once; 0 when the run was too short to ask
 * @property {number} halfwayRssBytes the largest sum in the first half of the run, to tell flat from growing
 * @property {number | null} status exit status; null when it was stopped because its time was over
 * @property {string} stderr
 */

/** @typedef {{ command: string, args: string[], cwd?: string, env?: Record<string, string> }} Command */

/**
 * Runs a command to its end and measures it. Never rejects for what the command does.
 * @param {Command} command
 * @param {{ scratch: string, timeoutMs: number, until?: Promise<unknown> }} options scratch: folder for notes;
 *   until: ask it to leave (SIGTERM, two seconds later SIGKILL) when this resolves
 * @returns {Promise<Measured>}
 */
export async function measure({ command, args, cwd, env }, { scratch, timeoutMs, until }) {
  const [times, errors] = [join(scratch, 'times'), join(scratch, 'stderr')];
  const script = `TIMEFORMAT='%3R %3U %3S'; { time "$@" 2>"$BENCH_ERRORS"; } 2>"$BENCH_TIMES"`;
  const shell = spawn('bash', ['-c', script, 'bench', command, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    ...(cwd === undefined ? {} : { cwd }),
    // No setting of the person who runs this may change what is measured.
    env: { PATH: process.env.PATH, HOME: scratch, LANG: 'C', ...env, BENCH_TIMES: times, BENCH_ERRORS: errors },
  });
  const root = shell.pid ?? 0;
  running.add(root);
  const samples = new Samples(root);
  const timer = setInterval(() => samples.take(), SAMPLE_MS);
  let stopped = false;
  const stop = () => {
    stopped = true;
    signalTree(root, 'SIGTERM');
    setTimeout(() => signalTree(root, 'SIGKILL'), 2000).unref();
  };
  const limit = setTimeout(stop, timeoutMs);
  void until?.then(stop);
  const status = await new Promise((resolve, reject) => {
    shell.once('error', reject);
    shell.once('close', resolve);
  });
  running.delete(root);
  clearInterval(timer);
  clearTimeout(limit);
  // The shell may have said before them that a program was terminated.
  const [wallS = 0, userS = 0, systemS = 0] = (read(times).trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  const result = {
    wallS,
    // A child that nobody waited for is missing in the shell's count, but was seen while it ran.
    cpuS: Math.max(userS + systemS, samples.cpuS),
    peakRssBytes: samples.peakRssBytes,
    peakPssBytes: samples.peakPssBytes,
    halfwayRssBytes: samples.halfwayRssBytes,
    status: stopped ? null : status,
    stderr: read(errors).slice(-2000),
  };
  for (const file of [times, errors]) rmSync(file, { force: true });
  return result;
}

/** Ends at once whatever is being measured. */
export function stopMeasured() {
  for (const root of running) signalTree(root, 'SIGKILL');
}

class Samples {
  peakPssBytes = 0;
  #root;
  /** @type {number[]} */
  #rss = [];
  /** @type {Map<number, number>} */
  #ticks = new Map();

  /** @param {number} root */
  constructor(root) {
    this.#root = root;
  }

  get peakRssBytes() {
    return Math.max(0, ...this.#rss);
  }

  get halfwayRssBytes() {
    return Math.max(0, ...this.#rss.slice(0, Math.ceil(this.#rss.length / 2)));
  }

  get cpuS() {
    return [...this.#ticks.values()].reduce((sum, each) => sum + each, 0) / 100;
  }

  take() {
    const pids = descendants(this.#root);
    this.#rss.push(pids.reduce((sum, pid) => sum + rssBytes(pid), 0));
    for (const pid of pids) this.#ticks.set(pid, Math.max(cpuTicks(pid), this.#ticks.get(pid) ?? 0));
    if (this.#rss.length % PROPORTIONAL_EVERY !== 0) return;
    this.peakPssBytes = Math.max(
      this.peakPssBytes,
      pids.reduce((sum, pid) => sum + pssBytes(pid), 0),
    );
  }
}

/**
 * @param {number} root
 * @param {NodeJS.Signals} signal
 */
function signalTree(root, signal) {
  for (const pid of descendants(root)) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has left by itself.
    }
  }
}

/** True where processes can be looked at as this needs it. */
export function canMeasure() {
  return existsSync(`/proc/self/task/${process.pid}/children`) && existsSync('/bin/bash');
}
