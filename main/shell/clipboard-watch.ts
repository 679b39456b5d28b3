// Looks at the clipboard while a person wants that: links that are copied elsewhere are offered, nothing is taken by itself.

const LOOK_MS = 1000;
/** Of a text, and of all that waits. Far more than anybody copies by hand. */
const MOST_CHARS = 8 << 20;

export type ClipboardWatchOptions = {
  /** The text in the clipboard. */
  read: () => Promise<string>;
  /** `copied` is another. */
  changed: () => void;
};

export class ClipboardWatch {
  readonly #options: ClipboardWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  /** The links at the last look; null before the first. Nothing else of what people copy is kept. */
  #seen: string | null = null;
  #own = '';
  #copied = '';

  constructor(options: ClipboardWatchOptions) {
    this.#options = options;
  }

  /** Links that were copied since they were last forgotten, one a line. */
  get copied(): string {
    return this.#copied;
  }

  /** Begins or ends to look. What is in the clipboard at the beginning is not offered. */
  set(on: boolean): void {
    if (on === (this.#timer !== undefined)) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#seen = null;
    if (on) {
      this.#timer = setInterval(() => void this.look(), LOOK_MS);
      void this.look();
    } else if (this.#copied !== '') {
      this.forget();
      this.#options.changed();
    }
  }

  /** What Sluice itself copies is not offered. */
  own(text: string): void {
    this.#own = linksIn(text);
  }

  forget(): void {
    this.#copied = '';
  }

  async look(): Promise<void> {
    const timer = this.#timer;
    if (timer === undefined || this.#looking) return;
    this.#looking = true;
    try {
      const links = linksIn(await this.#options.read());
      // Switched off, or off and on again, meanwhile.
      if (timer === this.#timer) this.#compare(links);
    } catch {
      // Another program holds the clipboard; there is a next look.
    } finally {
      this.#looking = false;
    }
  }

  #compare(links: string): void {
    const before = this.#seen;
    this.#seen = links;
    if (before === null || links === before || links === '' || links === this.#own) return;
    const all = this.#copied === '' ? links : `${this.#copied}\n${links}`;
    this.#copied = all.length > MOST_CHARS ? links : all;
    this.#options.changed();
  }
}

/** Every word that is an address, one a line. */
function linksIn(text: string): string {
  return (text.slice(0, MOST_CHARS).match(/\bhttps?:\/\/\S+/gi) ?? []).join('\n');
}
