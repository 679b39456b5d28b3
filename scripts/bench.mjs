#!/usr/bin/env node
// `npm run bench`: Sluice beside the download tools that are installed, one after the other in each round, medians and ratios.
import { existsSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { wrongIn } from './bench/check.mjs';
import { canMeasure, measure, stopMeasured } from './bench/measure.mjs';
import { makeFile, makeSmallFiles, startOrigin } from './bench/origin.mjs';
import { copyProgram, emptied, makePlace } from './bench/place.mjs';
import { databaseShare } from './bench/profile.mjs';
import { medians, outcomes, table } from './bench/table.mjs';
import { findPeers, sluice } from './bench/tools.mjs';
import { works } from './bench/works.mjs';
import { findProgram } from './setup/debian.mjs';
import { isMain, runMain } from './setup/main.mjs';
import { root, toolNode } from './setup/paths.mjs';
import { run, SetupError, step } from './setup/step.mjs';

/** @typedef {import('./bench/works.mjs').Work} Work */
/** @typedef {import('./bench/works.mjs').Figures} Figures */
/** @typedef {import('./bench/tools.mjs').Tool} Tool */

const MiB = 1 << 20;

const help = `npm run bench -- [options]

  --runs N      rounds, of which the medians count (default 5)
  --only NAMES  only these works, with commas: http,https,capped,even,tail,small,small-disk,many,many-disk,queued,start,memory,database,database-disk
  --tools NAMES only Sluice and these peers, with commas; none: no peer
  --quick       one round of small sizes: shows that everything works, says nothing about speed
  --lane LANE   Sluice with auto, fetch or direct
  --json FILE   every run's figures
  --install     install the missing peers with apt-get (as root)
`;

/** @param {string[]} argv */
export async function bench(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      runs: { type: 'string' },
      only: { type: 'string' },
      tools: { type: 'string' },
      lane: { type: 'string' },
      json: { type: 'string' },
      quick: { type: 'boolean' },
      install: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return void process.stdout.write(help);
  if (!canMeasure()) throw new SetupError('The bench measures through /proc and bash: it runs on Linux only.');
  const quick = values.quick ?? false;
  const runs = Number(values.runs ?? (quick ? 1 : 5));
  if (!Number.isInteger(runs) || runs < 1) throw new SetupError('--runs takes a number from 1.');
  if (values.install) await install();
  const { peers, missing } = await chosenPeers(values.tools);

  const place = makePlace(quick ? 256 * MiB : 4096 * MiB);
  /** @type {(() => unknown)[]} */
  const cleaning = [stopMeasured, place.remove];
  // Whoever stops it early keeps neither gigabytes of test files nor a server.
  const leave = (/** @type {NodeJS.Signals} */ signal) => {
    for (const clean of cleaning) void clean();
    process.exit(signal === 'SIGINT' ? 130 : 143);
  };
  process.once('SIGINT', leave).once('SIGTERM', leave);
  try {
    const origin = await startOrigin(emptied(join(place.disk, 'origin')), emptied(join(place.memory, 'files')));
    cleaning.push(origin.stop);
    try {
      return await runWorks(place, origin, { runs, quick, peers, missing, values });
    } finally {
      await origin.stop();
    }
  } finally {
    place.remove();
    process.off('SIGINT', leave).off('SIGTERM', leave);
  }
}

/**
 * @param {import('./bench/place.mjs').Place} place
 * @param {import('./bench/origin.mjs').Origin} origin
 * @param {{ runs: number, quick: boolean, peers: Tool[], missing: string[],
 *   values: { only?: string | undefined, lane?: string | undefined, json?: string | undefined } }} how
 * @returns {Promise<number>} exit status: 1 when a run of Sluice went wrong
 */
async function runWorks(place, origin, { runs, quick, peers, missing, values }) {
  const all = works(makeFiles(join(place.memory, 'files'), { quick }));
  const only = values.only?.split(',');
  const unknown = only?.find((name) => !all.some((work) => work.name === name));
  if (unknown) throw new SetupError(`There is no work "${unknown}".\n${help}`);
  const bencher = new Bencher(place, origin, runs, quick);
  const cli = await copyProgram(place.disk);
  const options = values.lane ? ['--lane', values.lane] : [];
  const own = sluice('sluice', cli, { options });
  const node = (await run(toolNode(), ['--version'])).trim();
  const machine = { ...describeMachine(), origin: origin.server, node };
  print(
    `${machine.cores} cores (${machine.cpu}), ${machine.memoryGiB} GiB, Linux ${machine.kernel}; origin ${origin.server}`,
  );
  print([`Node ${node}`, ...peers.map(({ name, version }) => `${name} ${version}`)].join(', '));
  if (missing.length > 0) print(`Not installed: ${missing.join(' ')}. To have them: ${installCommand(missing)}`);
  if (!place.inMemory) print('No room in memory: everything is on the disk.');
  print('"wall x" and "CPU x": what Sluice takes for each 1 of the tool; below 1 Sluice is the better one.');
  for (const work of all.filter(({ name }) => !only || only.includes(name))) {
    const fromSource = sluice('sluice', join(root, 'main', 'cli.ts'), { profile: true, options });
    const tools = work.kind === 'database' ? [fromSource] : [own, ...peers];
    // One more line for those who want each finished file's checksum as well.
    if (work.name === 'http') tools.splice(1, 0, sluice('sluice --hash', cli, { options: [...options, '--hash'] }));
    await bencher.work(work, tools);
  }
  const { results } = bencher;
  if (values.json) writeFileSync(values.json, `${JSON.stringify({ machine, runs, quick, works: results }, null, 2)}\n`);
  return bencher.wrong ? 1 : 0;
}

class Bencher {
  /** @type {object[]} */
  results = [];
  wrong = false;
  #place;
  #origin;
  #runs;
  #quick;
  #count = 0;
  /** @type {Map<string, Figures | undefined>} */
  #known = new Map();

  /**
   * @param {import('./bench/place.mjs').Place} place
   * @param {import('./bench/origin.mjs').Origin} origin
   * @param {number} runs
   * @param {boolean} quick
   */
  constructor(place, origin, runs, quick) {
    this.#place = place;
    this.#origin = origin;
    this.#runs = runs;
    this.#quick = quick;
  }

  /**
   * @param {Work} work
   * @param {Tool[]} tools
   */
  async work(work, tools) {
    // Others at work on the machine make walls long and ranges wide: their share belongs beside the figures.
    print(`\n${work.title}  [${work.name}; load ${(loadavg()[0] ?? 0).toFixed(1)}]`);
    if (work.base(this.#origin, '') === null) return print('  (this needs nginx and openssl)');
    /** @type {import('./bench/table.mjs').Row[]} */
    const all = tools
      .filter(({ name }) => !work.tools || work.tools.includes(name))
      .map(({ name }) => ({ tool: name, runs: [], wrong: [], able: true }));
    for (let round = 0; round < this.#runs; round += 1) {
      for (const row of all.filter(({ able }) => able)) {
        const tool = tools.find(({ name }) => name === row.tool);
        const result = tool ? await this.#once(work, tool) : null;
        emptyFiles(join(this.#folder(work), `run${this.#count}`, 'files'));
        if (result === null) row.able = false;
        else if (typeof result === 'string') row.wrong.push(result);
        else row.runs.push(result);
      }
    }
    emptied(this.#folder(work));
    const rows = all.filter(({ able }) => able);
    for (const { tool, runs } of rows) {
      this.#known.set(`${work.name}/${tool}`, medians(runs));
    }
    if (rows[0]?.wrong.length !== 0) this.wrong = true;
    const reached = outcomes(work, (tool) => this.#known.get(tool.includes('/') ? tool : `${work.name}/${tool}`));
    print(table(work, rows));
    for (const { title, value, limit, sense, reached: yes } of reached) {
      print(`  ${yes ? 'reached' : 'MISSED '}  ${title}: ${value.toPrecision(3)}, to be ${sense} ${limit}`);
    }
    this.results.push({ name: work.name, title: work.title, rows, targets: reached });
  }

  /**
   * @param {Work} work
   * @param {Tool} tool
   * @returns {Promise<Figures | string | null>} a text: what went wrong; null: it has no way to do this
   */
  async #once(work, tool) {
    const name = `run${(this.#count += 1)}`;
    // What was fetched into the last one goes when the work is over: on ext4, who makes files right after many were removed
    // pays for that. Only its room is given back.
    const root = emptied(join(this.#folder(work), name));
    const [dir, data, scratch, profiles] = ['files', 'data', 'scratch', 'profiles'].map((each) =>
      emptied(join(root, each)),
    );
    if (!dir || !data || !scratch || !profiles) throw new Error('no folders');
    const urls = work.files.map((file) => `${work.base(this.#origin, name)}/${file.name}`);
    const list = join(scratch, 'list.txt');
    writeFileSync(list, urls.map((url) => `${url}\n`).join(''));
    writeFileSync(`${list}.curl`, urls.map((url) => `url = "${url}"\n`).join(''));
    const { connections, parallel } = work;
    const command = tool.fetch({ dir, data, profiles, urls, list, ca: this.#origin.ca, connections, parallel });
    if (!command) return null;
    const timeoutMs = this.#quick ? 30_000 : 180_000;
    let startS = 0;
    const startedAt = Date.now();
    const until =
      work.kind === 'queued'
        ? this.#origin.asked(name).then(async (atMs) => {
            startS = (atMs - startedAt) / 1000;
            await new Promise((resolve) => setTimeout(resolve, 2000));
          })
        : undefined;
    const measured = await measure(command, { scratch, timeoutMs, ...(until ? { until } : {}) });
    const { status, stderr, ...figures } = measured;
    const good = { ...figures, startS, databaseShare: work.kind === 'database' ? databaseShare(profiles) : 0 };
    if (work.kind === 'queued') return startS > 0 ? good : `exit ${status ?? 'never'}: ${lastLine(stderr)}`;
    if (status !== 0) return `exit ${status ?? 'never'}: ${lastLine(stderr)}`;
    return (await wrongIn(dir, work.files)) ?? good;
  }

  /** @param {Work} work */
  #folder(work) {
    return join(work.target === 'disk' ? this.#place.disk : this.#place.memory, 'runs');
  }
}

/**
 * Makes the files that the origin serves.
 * @param {string} folder
 * @param {{ quick: boolean }} sizes
 */
function makeFiles(folder, { quick }) {
  const big = makeFile(folder, 'big.bin', (quick ? 16 : 1024) * MiB);
  return {
    big,
    paced: quick ? big : makeFile(folder, 'paced.bin', 512 * MiB),
    parts: Array.from({ length: 16 }, (_, index) => makeFile(folder, `part${index}.bin`, (quick ? 1 : 64) * MiB)),
    small: makeSmallFiles(folder, 'small', quick ? 50 : 1000),
    many: makeSmallFiles(folder, 'many', quick ? 100 : 10_000),
    queued: quick ? 1000 : 100_000,
  };
}

/** @param {string | undefined} names */
async function chosenPeers(names) {
  const { found, missing } = await findPeers();
  if (names === undefined) return { peers: found, missing: [...missing, ...missingForOrigin()] };
  const wanted = names.split(',').filter((name) => name !== 'none' && name !== 'sluice');
  const unknown = wanted.filter((name) => !found.some((peer) => peer.name === name));
  if (unknown.length > 0) throw new SetupError(`Not installed: ${unknown.join(', ')}`);
  return { peers: found.filter(({ name }) => wanted.includes(name)), missing: missingForOrigin() };
}

function missingForOrigin() {
  return ['nginx', 'openssl'].filter((name) => !findProgram(name) && !existsSync(`/usr/sbin/${name}`));
}

/**
 * Gives back the room of what a run fetched, and leaves the names.
 * @param {string} folder
 */
function emptyFiles(folder) {
  for (const name of readdirSync(folder)) truncateSync(join(folder, name));
}

/** @param {string[]} packages */
function installCommand(packages) {
  return `${process.getuid?.() === 0 ? '' : 'sudo '}apt-get install --yes --no-install-recommends ${packages.join(' ')}`;
}

async function install() {
  const missing = [...(await findPeers()).missing, ...missingForOrigin()];
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0)
    throw new SetupError(`Only root may install. Please run:\n\n  ${installCommand(missing)}\n`);
  const [command = '', ...args] = installCommand(missing).split(' ');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await step(`Installing ${missing.join(' ')}`, async () => {
    await run(command, ['update', '--quiet'], { env });
    await run(command, args, { env });
  });
}

function describeMachine() {
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    kernel: release(),
  };
}

/** @param {string} text */
function lastLine(text) {
  return text.trim().split('\n').at(-1)?.slice(0, 120) ?? '';
}

/** @param {string} text */
function print(text) {
  process.stdout.write(`${text}\n`);
}

if (isMain(import.meta.url)) await runMain(() => bench(process.argv.slice(2)));
