// This machine at work for another one, as the shell tells of it, and the order that a person writes.
import type { Found, Helping as State, HelpOrder } from '../../shared/helping.ts';
import type { Bridge } from '../../shared/shell-api.ts';
import { every } from './polling.ts';

const POLL_MS = 1000;

export class Helping {
  state = $state.raw<State | null>(null);
  /** The dialog is open. */
  asking = $state(false);
  /** Who answered on the network; null while nobody has asked. */
  found = $state.raw<Found[] | null>(null);
  searching = $state(false);
  problem = $state<string | null>(null);
  #bridge: Bridge;

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  watch(): () => void {
    return every(POLL_MS, () => this.refresh());
  }

  async refresh(): Promise<void> {
    const answer = await this.#bridge.shell('helping', null);
    if (answer.ok) this.state = answer.value;
  }

  ask(): void {
    this.asking = true;
    this.found = null;
    this.problem = null;
  }

  async find(): Promise<void> {
    this.searching = true;
    const answer = await this.#bridge.shell('findCoordinators', null);
    this.searching = false;
    this.found = answer.ok ? answer.value : [];
  }

  /** With the key that was written, or the one that is kept when there is none. */
  async start(order: HelpOrder, key: string): Promise<void> {
    const answer = await this.#bridge.shell('startHelping', { order, key: key.trim() === '' ? null : key });
    this.problem = answer.ok ? null : answer.error.message;
    if (!answer.ok) return;
    this.state = answer.value;
    this.asking = false;
  }

  async stop(): Promise<void> {
    const answer = await this.#bridge.shell('stopHelping', null);
    if (answer.ok) this.state = answer.value;
  }
}

/** `HOST:PORT`, an IPv6 host in brackets, the port 7440 when it is left out; null when it is none. */
export function readAddress(text: string): { host: string; port: number } | null {
  const match = /^(?:\[([0-9a-f:.%\w]+)\]|([^:\s]+))(?::(\d{1,5}))?$/i.exec(text.trim());
  const port = Number(match?.[3] ?? 7440);
  return match && port >= 1 && port <= 65_535 ? { host: (match[1] ?? match[2])!, port } : null;
}

/** 64 hexadecimal digits, or nothing. */
export function isFingerprint(text: string): boolean {
  return /^([0-9a-f]{2}:?){31}[0-9a-f]{2}$|^$/i.test(text.trim());
}
