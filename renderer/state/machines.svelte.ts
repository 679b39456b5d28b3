// The machines as the window sees them, this one first: asked for while somebody looks, and told what to do.
import { HERE, type Machine, type MachineDownload, type MachineOrder } from '../../shared/machines.ts';
import type { Bridge } from '../../shared/shell-api.ts';
import { every } from './polling.ts';

const POLL_MS = 1000;
/** Downloads of a machine that are shown at first, and how many more each time. */
const FIRST = 200;
const MORE = 1000;

export class Machines {
  list = $state.raw<Machine[]>([]);
  here = $derived(this.list.find(({ place }) => place === HERE) ?? null);
  others = $derived(this.list.filter(({ place }) => place !== HERE));
  /** Whose downloads are shown, and which, the newest first. */
  open = $state<string | null>(null);
  files = $state.raw<MachineDownload[]>([]);
  /** Why the last order was not followed. */
  problem = $state<string | null>(null);
  #bridge: Bridge;
  #wanted = FIRST;
  /** How many there were, and what of them was read, when they were read last. */
  #read = '';

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  /** Starts looking; returns what ends it. */
  watch(): () => void {
    return every(POLL_MS, () => this.refresh());
  }

  async refresh(): Promise<void> {
    const answer = await this.#bridge.call('machines', null);
    if (answer.ok) this.list = answer.value;
    await this.#readFiles();
  }

  async tell(place: string, to: MachineOrder): Promise<void> {
    const answer = await this.#bridge.call('changeMachine', { place, to });
    this.problem = answer.ok ? null : answer.error.message;
    await this.refresh();
  }

  async toggleFiles(place: string): Promise<void> {
    this.open = this.open === place ? null : place;
    this.files = [];
    this.#wanted = FIRST;
    this.#read = '';
    await this.#readFiles();
  }

  async showMore(): Promise<void> {
    this.#wanted += MORE;
    await this.#readFiles();
  }

  /** Reads anew only what has changed: there may be thousands. */
  async #readFiles(): Promise<void> {
    const place = this.open;
    if (place === null) return;
    const machine = this.list.find((one) => one.place === place);
    const state = `${place} ${machine?.files} ${machine?.fileBytes} ${this.#wanted}`;
    if (state === this.#read) return;
    const files: MachineDownload[] = [];
    while (files.length < this.#wanted) {
      const limit = Math.min(1000, this.#wanted - files.length);
      const answer = await this.#bridge.call('machineDownloads', { place, offset: files.length, limit });
      if (!answer.ok || this.open !== place) return;
      files.push(...answer.value);
      if (answer.value.length < limit) break;
    }
    this.files = files;
    this.#read = state;
  }
}
