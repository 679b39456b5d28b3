// Machines elsewhere as the window sees them: asked for while somebody looks, and told what to do.
import type { Machine, MachineDownload, MachineOrder } from '../../shared/machines.ts';
import type { Bridge } from '../../shared/shell-api.ts';

const POLL_MS = 1000;
const FILES_SHOWN = 200;

export class Machines {
  list = $state.raw<Machine[]>([]);
  /** Whose downloads are shown, and which. */
  open = $state<string | null>(null);
  files = $state.raw<MachineDownload[]>([]);
  /** Why the last order was not followed. */
  problem = $state<string | null>(null);
  #bridge: Bridge;

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  /** Starts looking; returns what ends it. */
  watch(): () => void {
    void this.refresh();
    const timer = setInterval(() => void this.refresh(), POLL_MS);
    return () => clearInterval(timer);
  }

  async refresh(): Promise<void> {
    const answer = await this.#bridge.call('machines', null);
    if (answer.ok) this.list = answer.value;
    if (this.open !== null) await this.#readFiles(this.open);
  }

  async tell(place: string, to: MachineOrder): Promise<void> {
    const answer = await this.#bridge.call('changeMachine', { place, to });
    this.problem = answer.ok ? null : answer.error.message;
    await this.refresh();
  }

  async toggleFiles(place: string): Promise<void> {
    this.open = this.open === place ? null : place;
    this.files = [];
    if (this.open !== null) await this.#readFiles(this.open);
  }

  async #readFiles(place: string): Promise<void> {
    const answer = await this.#bridge.call('machineDownloads', { place, offset: 0, limit: FILES_SHOWN });
    if (answer.ok && this.open === place) this.files = answer.value;
  }
}
