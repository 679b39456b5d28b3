// What every Port shares: messages kept until somebody listens, one end that is told once.
import type { CloseReason } from './port.ts';

export class Inbox {
  #messages: unknown[] = [];
  #onMessage: ((message: unknown) => void) | undefined;
  #onClose: ((reason: CloseReason) => void) | undefined;
  #ended: CloseReason | undefined;

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
    this.#onClose?.(reason);
  }

  listen(listener: (message: unknown) => void): void {
    this.#onMessage = listener;
    for (const message of this.#messages.splice(0)) listener(message);
  }

  whenClosed(listener: (reason: CloseReason) => void): void {
    this.#onClose = listener;
    if (this.#ended) listener(this.#ended);
  }
}
