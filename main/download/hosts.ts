// How many connections each host takes from this worker at once: learned from its refusals, shared by its downloads.

/** So long after a refusal one connection more is tried. */
const FORGIVE_MS = 30_000;

interface Host {
  open: number;
  cap: number;
  loweredAt: number;
  waiting: (() => void)[];
}

export class Hosts {
  readonly #hosts = new Map<string, Host>();

  /** Connections open to `name` now. */
  open(name: string): number {
    return this.#hosts.get(name)?.open ?? 0;
  }

  /** Whether `name` would take one more. */
  hasRoom(name: string): boolean {
    return this.room(name) > 0;
  }

  /** How many more `name` would take, as far as is known. */
  room(name: string): number {
    const host = this.#host(name);
    return Math.max(0, this.#capOf(host) - host.open);
  }

  /** Takes a place; resolves at once when there is room. Give it back with `leave`. */
  enter(name: string): Promise<void> | undefined {
    const host = this.#host(name);
    if (host.open < this.#capOf(host)) {
      host.open += 1;
      return undefined;
    }
    return new Promise((go) => host.waiting.push(go));
  }

  leave(name: string): void {
    const host = this.#host(name);
    host.open -= 1;
    while (host.waiting.length > 0 && host.open < this.#capOf(host)) {
      host.open += 1;
      host.waiting.shift()!();
    }
    if (host.open === 0 && host.cap === Infinity) this.#hosts.delete(name);
  }

  /** It refused one more than are open. Returns what it takes now, or null when nothing was learned. */
  refused(name: string): number | null {
    const host = this.#host(name);
    const cap = Math.max(1, Math.min(host.cap, host.open));
    host.loweredAt = Date.now();
    if (cap === host.cap || host.open === 0) return null;
    host.cap = cap;
    return cap;
  }

  #capOf(host: Host): number {
    if (host.cap !== Infinity && Date.now() - host.loweredAt > FORGIVE_MS) {
      host.cap += 1;
      host.loweredAt = Date.now();
    }
    return host.cap;
  }

  #host(name: string): Host {
    let host = this.#hosts.get(name);
    if (!host) {
      host = { open: 0, cap: Infinity, loweredAt: 0, waiting: [] };
      this.#hosts.set(name, host);
    }
    return host;
  }
}
