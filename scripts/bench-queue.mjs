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

const ROUNDS = 5;
/** How long each client calls in one round, and before it to get warm, in seconds. */
const ROUND_S = 1;
const WARM_UP_S = 1;

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

const pythonClient = `
from multiprocessing.managers import BaseManager
import sys, time
port, warm_up, seconds = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
class M(BaseManager): pass
M.register('get_task_queue')
m = M(address=('127.0.0.1', port), authkey=b'bench')
m.connect()
tasks = m.get_task_queue()
def work(seconds):
    calls = 0
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        tasks.put('https://example.org/%d' % calls)
        tasks.get()
        calls += 2
    return calls
work(warm_up)
print('ready', flush=True)
sys.stdin.readline()
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

const times = [String(WARM_UP_S), String(ROUND_S)];
const script = (/** @type {string} */ name) => join(root, 'scripts', 'bench', name);

/**
 * Starts a server, and so many clients at its port.
 * @typedef {{ name: string, server: () => ReturnType<typeof start>, clients: (port: string, count: number) => ReturnType<typeof start>[] }} Contestant
 */

/** @type {Contestant['clients']} Each a process of its own. */
const pythonClients = (port, count) =>
  Array.from({ length: count }, () => start('python3', ['-c', pythonClient, port, ...times]));

/** @type {(port: string, connections: number, clients: number) => ReturnType<typeof start>} */
const ownClient = (port, connections, clients) =>
  start(toolNode(), [script('queue-client.mjs'), port, String(connections), String(clients), ...times]);

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
    clients: (port, count) => [ownClient(port, count, 1)],
  },
  {
    // As the tasks of one worker go: all of them over its one connection.
    name: 'own, one connection',
    server: () => start(toolNode(), [script('queue-server.mjs'), 'own']),
    clients: (port, count) => [ownClient(port, 1, count)],
  },
];

/**
 * One round of one contestant: all clients call for the same second.
 * @param {Contestant} contestant
 * @param {ReturnType<typeof start>} server
 * @param {string} port
 * @param {number} count of clients
 * @returns {Promise<{ callsPerS: number, serverUsPerCall: number }>} the second one is the server's processor time
 */
async function round(contestant, server, port, count) {
  const clients = contestant.clients(port, count);
  const cpuS = async () => {
    server.ask();
    return Number(await server.line());
  };
  try {
    await Promise.all(clients.map((client) => client.line()));
    const before = await cpuS();
    for (const client of clients) client.ask();
    const made = await Promise.all(clients.map((client) => client.line()));
    const calls = made.reduce((sum, line) => sum + Number(line), 0);
    return { callsPerS: calls / ROUND_S, serverUsPerCall: (((await cpuS()) - before) * 1e6) / calls };
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
    /** @type {{ name: string, clients: number, callsPerS: number, ratio: number, serverUsPerCall: number }[]} */
    const rows = [];
    for (const clients of [1, 16]) {
      /** @type {Awaited<ReturnType<typeof round>>[][]} */
      const rounds = contestants.map(() => []);
      for (let n = 0; n < ROUNDS; n++) {
        for (const [at, { contestant, server }] of all.entries()) {
          rounds[at]?.push(await round(contestant, server, ports[at] ?? '', clients));
        }
      }
      const speeds = rounds.map((own) => own.map(({ callsPerS }) => callsPerS));
      for (const [at, { name }] of contestants.entries()) {
        // Round by round, so that what slows the machine down for a while slows both.
        const ratio = median((speeds[at] ?? []).map((speed, n) => speed / (speeds[0]?.[n] || 1)));
        const serverUsPerCall = median((rounds[at] ?? []).map((one) => one.serverUsPerCall));
        rows.push({ name, clients, callsPerS: Math.round(median(speeds[at] ?? [])), ratio, serverUsPerCall });
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
    const line = (/** @type {string[]} */ [name = '', ...cells]) =>
      console.log(name.padEnd(20) + cells.map((cell) => cell.padStart(10)).join(''));
    line(['server', 'clients', 'calls/s', 'ratio', 'µs/call']);
    for (const { name, clients, callsPerS, ratio, serverUsPerCall } of rows) {
      line([name, String(clients), String(callsPerS), ratio.toFixed(2), serverUsPerCall.toFixed(1)]);
    }
    say('µs/call: processor time of the server');
  });
}
