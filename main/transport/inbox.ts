// What a Port keeps for its reader: messages until somebody listens, and one end, told once, after the last message.
import type { CloseReason } from './port.ts';

export class Inbox {
  #messages: unknown[] = [];
  #onMessage: ((message: unknown) => void) | undefined;
  #onClose: ((reason: CloseReason) => void) | undefined;
  #ended: CloseReason | undefined;
  #told = false;

  get ended(): boolean {
    return this.#ended !== undefined;
  }

  deliver(message: unknown): void {
    if (this.#ended) return;
    if (this.#onMessage) this.#onMessage(message);
    else this.#messages.push(message);
  }

  end(reason: CloseReason): void {
    if (this.#ended) return;
    this.#ended = reason;
    if (reason.kind !== 'eof') this.#messages = [];
    this.#tell();
  }

  listen(listener: (message: unknown) => void): void {
    this.#onMessage = listener;
    for (const message of this.#messages.splice(0)) listener(message);
    this.#tell();
  }

  whenClosed(listener: (reason: CloseReason) => void): void {
    this.#onClose = listener;
    this.#tell();
  }

  #tell(): void {
    if (!this.#ended || !this.#onClose || this.#told || this.#messages.length > 0) return;
    this.#told = true;
    this.#onClose(this.#ended);
  }
}
