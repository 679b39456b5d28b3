// The settings as the engine has them, and the words and formats that follow from the language among them.
import { defaultSettings } from './settings-defaults.ts';
import type { Answer } from '../../shared/answer.ts';
import type { Settings, SettingsChange } from '../../shared/settings.ts';
import type { Bridge } from '../../shared/shell-api.ts';
import { createFormat, type Format } from '../../shared/format.ts';
import { languageFor, localeFor, type Language } from '../../shared/language.ts';
import { wordsIn, type Words } from '../words.ts';

export class Preferences {
  settings = $state.raw<Settings>(defaultSettings);
  systemLocale = $state('en');
  /** `process.platform`; empty until it is known. */
  platform = $state('');
  /** Of this Sluice. */
  version = $state('');
  language = $derived<Language>(languageFor(this.settings.language, this.systemLocale));
  format = $derived<Format>(createFormat(localeFor(this.language, this.systemLocale), this.systemLocale));
  words = $derived<Words>(wordsIn(this.language, this.format));

  #bridge: Bridge;

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  async load(): Promise<void> {
    const [about, settings] = await Promise.all([
      this.#bridge.shell('about', null),
      this.#bridge.call('settings', null),
    ]);
    if (about.ok) {
      this.systemLocale = about.value.locale;
      this.version = about.value.version;
      this.platform = about.value.platform;
    }
    if (settings.ok) this.settings = settings.value;
  }

  /** Keys as this system writes them, such as `Ctrl V`: a Mac has signs for what is held down. */
  keys(text: string): string {
    return this.platform === 'darwin' ? text.replace('Ctrl ', '⌘').replace('Alt ', '⌥') : text;
  }

  /** Asks the engine for a change; when it refuses, nothing has changed and the answer says why. */
  async change(change: SettingsChange): Promise<Answer<Settings>> {
    const answer = await this.#bridge.call('changeSettings', change);
    if (answer.ok) this.settings = answer.value;
    return answer;
  }
}
