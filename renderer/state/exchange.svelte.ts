// Export and import: asks where, has the engine write or read, and says what came of it.
import type { SettingProblem } from '../../shared/api.ts';
import type { Bridge } from '../../shared/shell-api.ts';
import type { Preferences } from './preferences.svelte.ts';
import type { Toasts } from './toasts.svelte.ts';

type Around = { bridge: Bridge; toasts: Toasts; preferences: Preferences; addFrom: (files: string[]) => void };

export class Exchange {
  /** Whether passwords, cookies and tokens go into the file. */
  secrets = $state(false);
  #around: Around;

  constructor(around: Around) {
    this.#around = around;
  }

  async exportTo(what: 'list' | 'settings'): Promise<void> {
    const { bridge, toasts, preferences } = this.#around;
    const chosen = await bridge.shell('chooseSave', {
      name: what === 'list' ? 'sluice-list.txt' : 'sluice-settings.json',
    });
    if (!chosen.ok) return toasts.error(chosen.error.message);
    if (chosen.value === null) return;
    const format = /\.json$/i.test(chosen.value) ? 'json' : 'text';
    const to = { file: chosen.value, format, secrets: this.secrets } as const;
    const answer = await bridge.call(what === 'list' ? 'exportList' : 'exportSettings', to);
    if (answer.ok) toasts.info(preferences.words.exported(chosen.value));
    else toasts.error(answer.error.message);
  }

  /** Settings are taken over at once, what is wrong in them is named; lists are shown before anything is added. */
  async importFrom(): Promise<void> {
    const { bridge, toasts, preferences, addFrom } = this.#around;
    const chosen = await bridge.shell('chooseLists', null);
    if (!chosen.ok) return toasts.error(chosen.error.message);
    const lists: string[] = [];
    for (const file of chosen.value) {
      const answer = await bridge.call('importSettings', { file });
      if (answer.ok) {
        const { changed, problems } = answer.value;
        if (changed > 0 || problems.length === 0) toasts.info(preferences.words.imported(changed));
        for (const problem of problems.slice(0, 3)) toasts.error(this.#told(problem));
        if (problems.length > 3) toasts.error(preferences.words.notImportedMore(problems.length - 3));
      } else if (answer.error.code === 'no-settings') lists.push(file);
      else toasts.error(answer.error.message);
    }
    if (lists.length > 0) addFrom(lists);
  }

  #told({ name, line, why, atLeast, atMost }: SettingProblem): string {
    const { words } = this.#around.preferences;
    const bound = atLeast !== undefined ? words.atLeast(atLeast) : atMost !== undefined ? words.atMost(atMost) : null;
    return words.notImported(name, line, bound === null ? words.told(why) : words.outOfBounds(bound));
  }
}
