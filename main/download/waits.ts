// The waits of a session: each ends at once when the session does.
import type { Hosts } from './hosts.ts';

/** Shorter waits are not worth telling. */
export const TELL_WAIT_MS = 1000;

export class Waits {
  #over = false;
  #wake: (() => void) | null = null;
  readonly #stopped = new Promise<void>((resolve) => (this.#wake = resolve));

  /** Ends all waits, now and from now on. */
  stop(): void {
    this.#over = true;
    this.#wake?.();
  }

  async sleep(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([new Promise<void>((resolve) => (timer = setTimeout(resolve, ms))), this.#stopped]);
    clearTimeout(timer);
  }

  /** Waits for a place at a host. False when it was stopped meanwhile and has none. */
  async enter(hosts: Hosts, host: string): Promise<boolean> {
    const place = hosts.enter(host);
    if (place) await Promise.race([place, this.#stopped]);
    if (!this.#over) return true;
    if (place) void place.then(() => hosts.leave(host));
    else hosts.leave(host);
    return false;
  }
}
