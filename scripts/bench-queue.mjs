#!/usr/bin/env node
// `npm run bench:queue [-- --json] [--quick] [--only NAME,NAME]`: calls a second, our queues beside the manager server of the machine's own Python.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { setup } from './setup.mjs';
import { isMain, runMain } from './setup/main.mjs';
import { packagesAreCurrent } from './setup/packages.mjs';
import { root, toolNode } from './setup/paths.mjs';
import { say, SetupError } from './setup/step.mjs';

/** How many rounds, how long each client calls in one, and before the first to get warm, in seconds; with how many clients. */
const thorough = { rounds: 5, roundS: 1, warmUpS: 1, clients: [1, 16] };
const quick = { rounds: 1, roundS: 0.1, warmUpS: 0.1, clients: [1, 2] };

/** A worker's downloads ask over its one connection without waiting for one another: so many calls of a client are under way. */
const UNDER_WAY = 16;

/** What is to be reached with the most clients, in calls a second beside CPython's. */
const targets = [
  { name: 'own protocol', limit: 3 },
  { name: 'Python door', limit: 1 },
];

/** Tells its processor time, in seconds, for every line that it reads. */
const pythonServer = `
from multiprocessing.managers import BaseManager
import queue, sys, threading, time
tasks = queue.Queue()
class M(BaseManager): pass
M.register('get_task_queue', callable=lambda: tasks)
server = M(address=('127.0.0.1', 0), authkey=b'bench').get_server()
def tell():
    for line in sys.stdin:
        print(time.process_time(), flush=True)
threading.Thread(target=tell, daemon=True).start()
print(server.address[1], flush=True)
server.serve_forever()
`;

/** Calls for a while for every line that it reads. With `settle` each task has its result, too. */
const pythonClient = `
from multiprocessing.managers import BaseManager
import os, sys, time
port, warm_up, seconds, settle = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), sys.argv[4] == 'settle'
class M(BaseManager): pass
M.register('get_task_queue')
M.register('get_result_queue')
m = M(address=('127.0.0.1', port), authkey=b'bench')
m.connect()
tasks = m.get_task_queue()
results = m.get_result_queue() if settle else None
made = 0
def work(seconds):
    global made
    calls = 0
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        made += 1
        tasks.put('https://p%d.example/%d' % (os.getpid(), made))
        url = tasks.get()
        calls += 2
        if settle:
            results.put(url + '--->success')
            calls += 1
    return calls
work(warm_up)
print('ready', flush=True)
for line in sys.stdin:
    print(work(seconds), flush=True)
`;

/**
 * A child process and its lines.
 * @param {string} command
 * @param {string[]} args
 */
function start(command, args) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.once('error', () => undefined);
  return {
    /** @returns {Promise<string>} */
    async line() {
      const { value, done } = await lines.next();
      if (done) throw new SetupError(`${command} ended before it had answered.`);
      return value;
    },
    ask: () => child.stdin.write('\n'),
    async stop() {
      child.kill();
      await ended;
    },
  };
}

/** @typedef {ReturnType<typeof start>} Process */

const script = (/** @type {string} */ name) => join(root, 'scripts', 'bench', name);
const ownServer = (/** @type {string} */ kind) => start(toolNode(), [script('queue-server.mjs'), kind]);

/** @type {(way: 'settle' | 'plain') => Contestant['clients']} Each a process of its own. */
const pythonClients = (way) => (port, count, times) =>
  Array.from({ length: count }, () => start('python3', ['-c', pythonClient, port, ...times, way]));

/** @type {(underWay: number) => Contestant['clients']} Each a process of its own, too, with so many calls at a time. */
const ownClients = (underWay) => (port, count, times) =>
  Array.from({ length: count }, () =>
    start(toolNode(), [script('queue-client.mjs'), port, String(underWay), ...times]),
  );

/**
 * Starts a server, and so many clients at its port.
 * @typedef {object} Contestant
 * @property {string} name
 * @property {() => Process} server
 * @property {(port: string, count: number, times: string[]) => Process[]} clients
 */

/** @type {Contestant[]} the first is the one that the others are held against */
const contestants = [
  { name: "CPython's manager", server: () => start('python3', ['-c', pythonServer]), clients: pythonClients('plain') },
  { name: 'Python door', server: () => ownServer('python'), clients: pythonClients('plain') },
  {
    // The whole of it: each put is durable in the list, each task leased and settled there.
    name: 'Python door, list',
    server: () => ownServer('list'),
    clients: pythonClients('settle'),
  },
  { name: 'own protocol', server: () => ownServer('own'), clients: ownClients(UNDER_WAY) },
  // As CPython's clients, which wait for each answer.
  { name: 'own, one by one', server: () => ownServer('own'), clients: ownClients(1) },
];

/**
 * One round: all clients call for the same time.
 * @param {Process} server
 * @param {Process[]} clients
 * @param {number} roundS
 * @returns {Promise<{ callsPerS: number, serverUsPerCall: number }>} the second one is the server's processor time
 */
async function round(server, clients, roundS) {
  const cpuS = async () => {
    server.ask();
    return Number(await server.line());
  };
  const before = await cpuS();
  for (const client of clients) client.ask();
  const made = await Promise.all(clients.map((client) => client.line()));
  const calls = made.reduce((sum, line) => sum + Number(line), 0);
  return { callsPerS: calls / roundS, serverUsPerCall: (((await cpuS()) - before) * 1e6) / calls };
}

/** @param {number[]} numbers */
function median(numbers) {
  return numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

/**
 * Runs the contestants in turns, so that a slow minute of the machine hits all of them.
 * @param {Contestant[]} chosen
 * @param {typeof thorough} how
 */
async function benchQueue(chosen, { rounds, roundS, warmUpS, clients }) {
  /** @type {Process[]} */
  const running = [];
  const keep = (/** @type {Process[]} */ ...started) => (running.push(...started), started);
  try {
    const servers = chosen.flatMap(({ server }) => keep(server()));
    const ports = await Promise.all(servers.map((server) => server.line()));
    /** @type {Row[]} */
    const rows = [];
    for (const count of clients) {
      /** @type {Process[][]} */
      const all = [];
      // One after the other, so that none gets warm while others start.
      for (const [at, contestant] of chosen.entries()) {
        const own = keep(...contestant.clients(ports[at] ?? '', count, [String(warmUpS), String(roundS)]));
        await Promise.all(own.map((client) => client.line()));
        all.push(own);
      }
      /** @type {Awaited<ReturnType<typeof round>>[][]} */
      const figures = chosen.map(() => []);
      for (let n = 0; n < rounds; n++) {
        for (const [at, server] of servers.entries()) {
          figures[at]?.push(await round(server, all[at] ?? [], roundS));
        }
      }
      await Promise.all(all.flat().map((client) => client.stop()));
      const speeds = figures.map((own) => own.map(({ callsPerS }) => callsPerS));
      for (const [at, { name }] of chosen.entries()) {
        // Round by round, so that what slows the machine down for a while slows both.
        const ratio = median((speeds[at] ?? []).map((speed, n) => speed / (speeds[0]?.[n] || 1)));
        const serverUsPerCall = median((figures[at] ?? []).map((one) => one.serverUsPerCall));
        rows.push({ name, clients: count, callsPerS: Math.round(median(speeds[at] ?? [])), ratio, serverUsPerCall });
      }
    }
    return rows;
  } finally {
    await Promise.all(running.map((one) => one.stop()));
  }
}

/** @typedef {{ name: string, clients: number, callsPerS: number, ratio: number, serverUsPerCall: number }} Row */

/**
 * What was to be reached with the most clients, as far as it was measured.
 * @param {Row[]} rows
 */
function verdicts(rows) {
  const most = Math.max(...rows.map(({ clients }) => clients));
  return targets.flatMap(({ name, limit }) => {
    const row = rows.find((one) => one.name === name && one.clients === most);
    return row ? [{ name, clients: most, ratio: row.ratio, limit, reached: row.ratio >= limit }] : [];
  });
}

/** @param {string | undefined} names */
function chosenOf(names) {
  const [first, ...others] = contestants;
  const wanted = names?.split(',') ?? others.map(({ name }) => name);
  const unknown = wanted.filter((name) => !others.some((one) => one.name === name));
  if (unknown.length > 0) throw new SetupError(`There is no ${unknown.join(', ')} to measure.`);
  return [...(first ? [first] : []), ...others.filter(({ name }) => wanted.includes(name))];
}

if (isMain(import.meta.url)) {
  await runMain(async () => {
    const flag = { type: /** @type {const} */ ('boolean'), default: false };
    const { values } = parseArgs({ options: { json: flag, quick: flag, only: { type: 'string' } } });
    const how = values.quick ? quick : thorough;
    const chosen = chosenOf(values.only);
    if (!packagesAreCurrent()) await setup({ window: false });
    const rows = await benchQueue(chosen, how);
    if (values.json) return void console.log(JSON.stringify({ rows, targets: verdicts(rows) }));
    say(`put and get calls a second, medians of ${how.rounds} rounds; each client is a process of its own`);
    say(`own: ${UNDER_WAY} calls of a client at a time, as a worker's downloads ask, or one by one, as CPython's do`);
    say('list: durable, and with a result for each task');
    const line = (/** @type {string[]} */ [name = '', ...cells]) =>
      console.log(name.padEnd(20) + cells.map((cell) => cell.padStart(10)).join(''));
    line(['server', 'clients', 'calls/s', 'ratio', 'µs/call']);
    for (const { name, clients, callsPerS, ratio, serverUsPerCall } of rows) {
      line([name, String(clients), String(callsPerS), ratio.toFixed(2), serverUsPerCall.toFixed(1)]);
    }
    say(
      "ratio: to CPython's, where the clients share the processors with the server; µs/call: processor time of the server",
    );
    for (const { name, clients, ratio, limit, reached } of verdicts(rows)) {
      console.log(
        `  ${reached ? 'reached' : 'MISSED '}  ${name}, ${clients} clients: ${ratio.toFixed(2)}, to be at least ${limit}`,
      );
    }
  });
}
