// Which hosts the list can be narrowed to: asked for when somebody wants to choose.
import type { MenuItem, Place } from '../ui/menu.ts';
import type { App } from './app.svelte.ts';

/** More than these are found by the search. */
const SHOWN = 50;

export class HostChoice {
  /** What the menu offers; null while there is none to show. */
  items = $state.raw<MenuItem[] | null>(null);
  /** Where it opens. */
  place: Place = { x: 0, y: 0 };
  #app: App;

  constructor(app: App) {
    this.#app = app;
  }

  /** Asks for the hosts of the list as it is filtered now, and offers them at a place of the window. */
  async ask(place: Place): Promise<void> {
    this.place = place;
    const { bridge, downloads, words, toasts, format } = this.#app;
    const answer = await bridge.call('hosts', { query: downloads.query, limit: SHOWN });
    if (!answer.ok) return toasts.error(answer.error.message);
    const { hosts, total } = answer.value;
    const chosen = downloads.query.host;
    const choose = (host: string | null) => () => this.#app.filter({ host });
    const items: MenuItem[] = [
      { kind: 'item', label: words.allHosts, checked: chosen === null, run: choose(null) },
      { kind: 'line' },
      ...hosts.map(({ host, count }): MenuItem => {
        return { kind: 'item', label: host, key: format.count(count), checked: host === chosen, run: choose(host) };
      }),
    ];
    if (total > hosts.length) {
      const label = words.moreHosts(total - hosts.length);
      items.push({ kind: 'line' }, { kind: 'item', label, disabled: true, run: () => {} });
    }
    this.items = items;
  }

  close(): void {
    this.items = null;
  }
}
