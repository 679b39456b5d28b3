// The programs that are compared: where they are, and how each is told to do a job.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findProgram } from '../setup/debian.mjs';
import { modules, toolNode } from '../setup/paths.mjs';
import { run } from '../setup/step.mjs';

/** @typedef {import('./measure.mjs').Command} Command */

/**
 * One job: fetch files into an empty folder.
 * @typedef {object} Job
 * @property {string} dir where the files go
 * @property {string} data where a program may keep its own notes
 * @property {string} profiles where profiles go, if any are written
 * @property {string[]} urls
 * @property {string} list a file with the same, one a line
 * @property {string} ca certificate to trust
 * @property {number} connections for each file
 * @property {number} parallel files at once
 */

/**
 * @typedef {object} Tool
 * @property {string} name
 * @property {string} version
 * @property {(job: Job) => Command | null} fetch null: it has no way to do this
 */

/** How peers are found and told; `debianName` is what apt calls them. */
const peers = [
  {
    name: 'aria2c',
    debianName: 'aria2',
    fetch: (/** @type {Job} */ { dir, list, ca, connections, parallel }) => [
      ...['-q', '--no-conf', '--file-allocation=none', `--ca-certificate=${ca}`, '-d', dir, '-i', list],
      ...[`-x${Math.min(16, connections)}`, `-s${connections}`, '-k1M', `-j${parallel}`],
    ],
  },
  {
    name: 'curl',
    debianName: 'curl',
    fetch: (/** @type {Job} */ { urls, list, ca, parallel }) =>
      urls.length === 1
        ? ['-q', '-sSf', '--cacert', ca, '-O', ...urls]
        : [
            '-q',
            '-sSf',
            '--cacert',
            ca,
            '-Z',
            '--parallel-max',
            `${parallel}`,
            '--remote-name-all',
            '-K',
            `${list}.curl`,
          ],
  },
  {
    name: 'axel',
    debianName: 'axel',
    // It trusts only the system's certificates: its transfer is as secret, the check is left out.
    fetch: (/** @type {Job} */ { urls, connections }) =>
      urls.length === 1 ? ['-q', '-k', '-n', `${connections}`, ...urls] : null,
  },
  {
    name: 'wget2',
    debianName: 'wget2',
    fetch: (/** @type {Job} */ { dir, urls, list, ca, connections, parallel }) => [
      ...['-q', '--no-config', `--ca-certificate=${ca}`, '--no-http2', '-P', dir, '-i', list],
      ...(urls.length === 1
        ? [`--max-threads=${connections}`, '--chunk-size=16M']
        : [`--max-threads=${parallel}`, '--no-directories']),
    ],
  },
  {
    name: 'ipull',
    debianName: null,
    fetch: (/** @type {Job} */ { dir, urls, connections }) =>
      urls.length === 1 && urls[0]?.startsWith('http:')
        ? ['-s', dir, '-c', `${connections}`, '-st', 'summary', ...urls]
        : null,
  },
];

/**
 * The peers that are installed, and the Debian packages of those that are not.
 * @returns {Promise<{ found: Tool[], missing: string[] }>}
 */
export async function findPeers() {
  /** @type {Tool[]} */
  const found = [];
  /** @type {string[]} */
  const missing = [];
  for (const peer of peers) {
    const own = join(modules, '.bin', peer.name);
    const path = existsSync(own) ? own : findProgram(peer.name);
    if (path) {
      const version = await run(path, ['--version'], { timeoutMs: 10_000 }).catch(() => '');
      found.push({
        name: peer.name,
        version: /\d+(\.\d+)+/.exec(version)?.[0] ?? '',
        fetch(job) {
          const args = peer.fetch(job);
          return args && { command: path, args, cwd: job.dir };
        },
      });
    } else if (peer.debianName) missing.push(peer.debianName);
  }
  return { found, missing };
}

/**
 * Sluice itself.
 * @param {string} name
 * @param {string} cli the script to start
 * @param {{ profile?: boolean, options?: string[] }} [more] profile: under Node's own profiler
 * @returns {Tool}
 */
export function sluice(name, cli, { profile = false, options = [] } = {}) {
  return {
    name,
    version: '',
    fetch: ({ dir, data, profiles, list, ca, connections, parallel }) => ({
      command: toolNode(),
      args: [
        ...(profile ? ['--cpu-prof', `--cpu-prof-dir=${profiles}`] : []),
        ...[cli, '--data', data, '--dir', dir, '--exit', '--json'],
        ...['--connections', `${connections}`, '--parallel', `${parallel}`, ...options, list],
      ],
      cwd: dir,
      // As `npm run -s sluice` has it: compiled code is kept.
      env: { NODE_EXTRA_CA_CERTS: ca, NODE_COMPILE_CACHE: join(dirname(cli), 'compiled') },
    }),
  };
}
