// Links that were copied in other programs: how many of them are new, until a person takes them or does not want them.
import type { Bridge } from '../../shared/shell-api.ts';

export class Offer {
  /** How many links are offered; 0: there is no offer. */
  count = $state(0);
  #bridge: Bridge;
  #text = '';
  #run = 0;

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  /** Looks at what was copied. What the list has already is not offered. */
  async refresh(): Promise<void> {
    this.#run += 1;
    const run = this.#run;
    const copied = await this.#bridge.shell('copiedLinks', { do: 'look' });
    if (!copied.ok || run !== this.#run) return;
    if (!copied.value) return this.#show('', 0);
    const preview = await this.#bridge.call('preview', { text: copied.value });
    if (!preview.ok) return;
    void this.#bridge.call('discardBatch', { batch: preview.value.batch });
    if (run !== this.#run) return;
    if (preview.value.counts.url === 0) this.forget();
    else this.#show(copied.value, preview.value.counts.url);
  }

  /** The links, one a line; they are offered no more. */
  take(): string {
    const text = this.#text;
    this.forget();
    return text;
  }

  forget(): void {
    this.#run += 1;
    this.#show('', 0);
    void this.#bridge.shell('copiedLinks', { do: 'forget' });
  }

  #show(text: string, count: number): void {
    this.#text = text;
    this.count = count;
  }
}
