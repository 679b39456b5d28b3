// Lines on standard output, for as long as somebody reads them: a broken pipe ends the output and nothing else.

export class Output {
  readonly #stream: NodeJS.WriteStream;
  #open = true;
  #spoke = false;
  /** JSON lines of this moment: they go in one write. */
  #gathered = '';

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      this.#open = false;
      if (error.code !== 'EPIPE') console.error(`sluice: output ended: ${error.message}`);
    });
  }

  /** Whether anything was said. */
  get spoke(): boolean {
    return this.#spoke;
  }

  get isTerminal(): boolean {
    return this.#stream.isTTY === true;
  }

  line(text: string): void {
    this.#spoke = true;
    this.#write();
    if (this.#open) this.#stream.write(`${text}\n`);
  }

  json(value: unknown): void {
    this.#spoke = true;
    if (this.#gathered === '') queueMicrotask(() => this.#write());
    this.#gathered += `${JSON.stringify(value)}\n`;
  }

  #write(): void {
    const text = this.#gathered;
    this.#gathered = '';
    if (this.#open && text !== '') this.#stream.write(text);
  }

  /** Something that is neither a download nor an error: JSON, or a line of words. */
  told(event: string, facts: Record<string, string | number | null>, json: boolean): void {
    if (json) return this.json({ event, ...facts });
    const words = Object.entries(facts).flatMap(([name, fact]) => (fact === null ? [] : [`${name} ${fact}`]));
    this.line(`${event}: ${words.join(', ')}`);
  }

  /** Resolves when everything written has been handed over, or can never be. */
  flushed(): Promise<void> {
    return new Promise((resolve) => {
      this.#write();
      if (!this.#open) return resolve();
      this.#stream.write('', () => resolve());
    });
  }
}
