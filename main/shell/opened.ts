// What a Mac hands to the program: files and links, the first of them before the program is ready.
import type { Opened } from '../engine/instance.ts';
import { parseArguments, type Arguments } from './arguments.ts';

type Take = (opened: Opened) => void;
type Handed = (event: { preventDefault(): void }, what: string) => void;
/** As much of Electron's `app` as tells of them. */
type Teller = { on(event: 'open-file', told: Handed): unknown; on(event: 'open-url', told: Handed): unknown };

/** To be made before the program is ready: what comes until somebody receives it waits. */
export class OpenedBySystem {
  #waiting: Opened[] = [];
  #take: Take = (opened) => void this.#waiting.push(opened);

  constructor(app: Teller) {
    app.on('open-file', (event, file) => {
      event.preventDefault();
      this.#take({ files: [file], text: '' });
    });
    app.on('open-url', (event, url) => {
      event.preventDefault();
      this.#take(openedBy(parseArguments([url], '/')));
    });
  }

  /** Hands on what has come, and what will. */
  receive(take: Take): void {
    this.#take = take;
    for (const opened of this.#waiting.splice(0)) take(opened);
  }
}

/** The files and links that a command line names. */
export function openedBy({ files, links }: Arguments): Opened {
  return { files, text: links.join('\n') };
}
