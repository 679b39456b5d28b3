// The download whose details are open.
import type { Detail } from '../../shared/api.ts';
import type { Bridge } from '../../shared/shell-api.ts';

export class Inspected {
  id = $state<number | null>(null);
  detail = $state.raw<Detail | null>(null);
  #bridge: Bridge;
  #asking = false;
  #again = false;

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  open(id: number): void {
    if (this.id !== id) this.detail = null;
    this.id = id;
    void this.refresh();
  }

  close(): void {
    this.id = null;
    this.detail = null;
  }

  /** Asks anew; asks once more if something changed meanwhile. */
  async refresh(): Promise<void> {
    this.#again = true;
    if (this.#asking) return;
    this.#asking = true;
    while (this.#again) {
      this.#again = false;
      const id = this.id;
      if (id === null) break;
      const answer = await this.#bridge.call('detail', { id });
      if (this.id !== id) continue;
      if (answer.ok && answer.value === null) this.close();
      else if (answer.ok) this.detail = answer.value;
    }
    this.#asking = false;
  }
}
