#!/usr/bin/env node
// `npm run bench:queue [-- --json]`: put and get calls a second, ours beside the manager server of the machine's own Python.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { setup } from './setup.mjs';
import { isMain, runMain } from './setup/main.mjs';
import { packagesAreCurrent } from './setup/packages.mjs';
import { root, toolNode } from './setup/paths.mjs';
import { say, SetupError } from './setup/step.mjs';

const ROUNDS = 3;
/** Calls of all clients together in one round, and before it to get warm; half of them put, half get. */
const CALLS = 24_000;
const WARM_UP_CALLS = 16_000;

const pythonServer = `
from multiprocessing.managers import BaseManager
import queue
tasks = queue.Queue()
class M(BaseManager): pass
M.register('get_task_queue', callable=lambda: tasks)
server = M(address=('127.0.0.1', 0), authkey=b'bench').get_server()
print(server.address[1], flush=True)
server.serve_forever()
`;

const pythonClient = `
from multiprocessing.managers import BaseManager
import sys
port, warm_up, calls = map(int, sys.argv[1:])
class M(BaseManager): pass
M.register('get_task_queue')
m = M(address=('127.0.0.1', port), authkey=b'bench')
m.connect()
tasks = m.get_task_queue()
def work(calls):
    for n in range(calls // 2):
        tasks.put('https://example.org/%d' % n)
        tasks.get()
work(warm_up)
print('ready', flush=True)
sys.stdin.readline()
work(calls)
print('done', flush=True)
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
    go: () => child.stdin.write('go\n'),
    async stop() {
      child.kill();
      await ended;
    },
  };
}

const script = (/** @type {string} */ name) => join(root, 'scripts', 'bench', name);

/**
 * Clients are given: port, clients, calls to get warm, calls; each client's share.
 * @typedef {{ name: string, server: () => ReturnType<typeof start>, clients: (args: [string, number, number, number]) => ReturnType<typeof start>[] }} Contestant
 */

/** @type {Contestant['clients']} Each a process of its own. */
const pythonClients = ([port, count, ...calls]) =>
  Array.from({ length: count }, () => start('python3', ['-c', pythonClient, port, ...calls.map(String)]));

/** @type {Contestant[]} */
const contestants = [
  { name: "CPython's manager", server: () => start('python3', ['-c', pythonServer]), clients: pythonClients },
  {
    name: 'Python door',
    server: () => start(toolNode(), [script('queue-server.mjs'), 'python']),
    clients: pythonClients,
  },
  {
    name: 'own protocol',
    server: () => start(toolNode(), [script('queue-server.mjs'), 'own']),
    // Connections of one process, as workers of ours have theirs.
    clients: (args) => [start(toolNode(), [script('queue-client.mjs'), ...args.map(String)])],
  },
];

/**
 * One round of one contestant, from the first call to the last answer.
 * @param {Contestant} contestant
 * @param {string} port
 * @param {number} count of clients
 * @returns {Promise<number>} calls a second
 */
async function round(contestant, port, count) {
  const clients = contestant.clients([port, count, WARM_UP_CALLS / count, CALLS / count]);
  try {
    await Promise.all(clients.map((client) => client.line()));
    const begunAt = performance.now();
    for (const client of clients) client.go();
    await Promise.all(clients.map((client) => client.line()));
    return (CALLS * 1000) / (performance.now() - begunAt);
  } finally {
    await Promise.all(clients.map((client) => client.stop()));
  }
}

/** @param {number[]} numbers */
function median(numbers) {
  return numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

/** Runs the contestants in turns, so that a slow minute of the machine hits all of them. */
export async function benchQueue() {
  const all = contestants.map((contestant) => ({ contestant, server: contestant.server() }));
  try {
    const ports = await Promise.all(all.map(({ server }) => server.line()));
    /** @type {{ name: string, clients: number, callsPerS: number, ratio: number }[]} */
    const rows = [];
    for (const clients of [1, 16]) {
      /** @type {number[][]} */
      const speeds = contestants.map(() => []);
      for (let n = 0; n < ROUNDS; n++) {
        for (const [at, contestant] of contestants.entries()) {
          speeds[at]?.push(await round(contestant, ports[at] ?? '', clients));
        }
      }
      const medians = speeds.map(median);
      for (const [at, { name }] of contestants.entries()) {
        const callsPerS = medians[at] ?? 0;
        rows.push({ name, clients, callsPerS: Math.round(callsPerS), ratio: callsPerS / (medians[0] || 1) });
      }
    }
    return rows;
  } finally {
    await Promise.all(all.map(({ server }) => server.stop()));
  }
}

if (isMain(import.meta.url)) {
  await runMain(async () => {
    const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
    if (!packagesAreCurrent()) await setup({ window: false });
    const rows = await benchQueue();
    if (values.json) return void console.log(JSON.stringify(rows));
    say(`put and get calls a second, medians of ${ROUNDS} rounds`);
    console.log(`${'server'.padEnd(20)}${'clients'.padStart(8)}${'calls/s'.padStart(10)}${'ratio'.padStart(8)}`);
    for (const { name, clients, callsPerS, ratio } of rows) {
      console.log(
        `${name.padEnd(20)}${String(clients).padStart(8)}${String(callsPerS).padStart(10)}${ratio.toFixed(2).padStart(8)}`,
      );
    }
  });
}
