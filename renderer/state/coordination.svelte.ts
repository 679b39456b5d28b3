// The doors to other machines and programs, as the shell tells of them; the keys only when a person asks.
import type { Coordination as State } from '../../shared/coordination.ts';
import type { Bridge } from '../../shared/shell-api.ts';
import { every } from './polling.ts';

const POLL_MS = 2000;

export type Door = 'coordinator' | 'python';

export class Coordination {
  state = $state.raw<State | null>(null);
  /** The keys that are shown now. */
  keys = $state.raw<Partial<Record<Door, string>>>({});
  #bridge: Bridge;

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  /** Starts looking; returns what ends it, and hides the keys. */
  watch(): () => void {
    const stop = every(POLL_MS, () => this.refresh());
    return () => {
      stop();
      this.hide();
    };
  }

  async refresh(): Promise<void> {
    const answer = await this.#bridge.shell('coordination', null);
    if (answer.ok) this.state = answer.value;
  }

  /** The secret of a door; null when it cannot be had. */
  async key(of: Door): Promise<string | null> {
    const answer = await this.#bridge.shell('coordinationKey', { of });
    return answer.ok ? answer.value : null;
  }

  async show(of: Door): Promise<void> {
    const key = await this.key(of);
    if (key !== null) this.keys = { ...this.keys, [of]: key };
  }

  hide(): void {
    this.keys = {};
  }
}

/** An address as a person writes it, with brackets around IPv6. */
export function addressOf({ host, port }: { host: string; port: number }): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** What a Python program writes to use the queues, with nothing but its standard library. */
export function pythonLines(
  host: string,
  port: number,
  keyFile: string,
  as: 'producer' | 'worker' | 'listener' = 'producer',
): string {
  return [
    'from multiprocessing.managers import BaseManager',
    '',
    'class Sluice(BaseManager): pass',
    "Sluice.register('get_task_queue')",
    "Sluice.register('get_result_queue')",
    '',
    `key = open(${JSON.stringify(keyFile)}, 'rb').read().strip()`,
    `sluice = Sluice(address=(${JSON.stringify(host)}, ${port}), authkey=key)`,
    'sluice.connect()',
    // Kept in variables: Python asks for a proxy anew, over a connection of its own, each time it is called for.
    'tasks, results = sluice.get_task_queue(), sluice.get_result_queue()',
    '',
    ...pythonUse[as],
  ].join('\n');
}

/** What each kind of program does with the two queues. */
const pythonUse = {
  producer: ["tasks.put('https://example.org/file.iso')", 'print(results.get())'],
  worker: [
    'while True:',
    '    url = tasks.get()',
    '    # Fetch it as you like, then say what became of it, or put a dict:',
    "    # {'url': url, 'path': '/files/a', 'size': 5} or {'url': url, 'error': 'why'}",
    "    results.put(url + '--->success')",
  ],
  listener: ['while True:', '    print(results.get())'],
} as const;

/** Whether only programs of this machine reach an address. */
export function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
