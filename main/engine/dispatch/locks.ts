// Locks as people know them from multiprocessing: re-entrant, one a key, holder and waiters visible, freed when their holder dies.
import type { Traffic } from '../../../shared/traffic.ts';
import { waitIn, type WaitOptions } from './queue.ts';

/** Who can hold a lock; two of the same name are still two. */
export type LockOwner = { readonly name: string };

type Waiter = { owner: LockOwner; settle: (locked: boolean) => void };
type Held = { readonly key: string; owner: LockOwner; depth: number; readonly waiters: Set<Waiter> };

export class Locks {
  readonly #fold: (key: string) => string;
  readonly #held = new Map<string, Held>();
  readonly #owned = new Map<LockOwner, Set<Held>>();
  /** Those that somebody waits for, or did until lately. */
  readonly #contended = new Set<Held>();

  /** Keys that `fold` makes equal are one lock; it is shown under the first of them. */
  constructor(fold: (key: string) => string = (key) => key) {
    this.#fold = fold;
  }

  /** Takes the lock if it is free or the owner's own already; then it must be released once more. */
  tryAcquire(key: string, owner: LockOwner): boolean {
    const id = this.#fold(key);
    const held = this.#held.get(id);
    if (!held) {
      const taken = { key, owner, depth: 1, waiters: new Set<Waiter>() };
      this.#held.set(id, taken);
      this.#own(taken);
      return true;
    }
    if (held.owner === owner) held.depth++;
    return held.owner === owner;
  }

  /** Takes the lock, waiting for it in the order of asking. False: the time is over, the signal fired, or the owner died. */
  acquire(key: string, owner: LockOwner, options: WaitOptions = {}): Promise<boolean> {
    if (this.tryAcquire(key, owner)) return Promise.resolve(true);
    if (options.timeoutMs === 0) return Promise.resolve(false);
    const held = this.#held.get(this.#fold(key))!;
    this.#contended.add(held);
    return waitIn(held.waiters, (settle): Waiter => ({ owner, settle }), false, options);
  }

  /** Gives back what was taken once. Throws when the lock is not the owner's. */
  release(key: string, owner: LockOwner): void {
    const held = this.#held.get(this.#fold(key));
    if (held?.owner !== owner) throw new Error(`${owner.name} does not hold the lock ${key}`);
    if (--held.depth === 0) this.#passOn(held);
  }

  /** The owner is gone: what it holds is free, and it waits for nothing any more. */
  releaseAll(owner: LockOwner): void {
    for (const held of this.#contended) {
      for (const waiter of held.waiters) if (waiter.owner === owner) waiter.settle(false);
      if (held.waiters.size === 0) this.#contended.delete(held);
    }
    for (const held of this.#owned.get(owner) ?? []) this.#passOn(held);
  }

  /** Equal for keys that are one lock. */
  idOf(key: string): string {
    return this.#fold(key);
  }

  holderOf(key: string): LockOwner | null {
    return this.#held.get(this.#fold(key))?.owner ?? null;
  }

  state(): Traffic['locks'] {
    return [...this.#held.values()].map(({ key, owner, depth, waiters }) => ({
      key,
      holder: owner.name,
      depth,
      waiters: waiters.size,
    }));
  }

  #passOn(held: Held): void {
    const owned = this.#owned.get(held.owner)!;
    owned.delete(held);
    if (owned.size === 0) this.#owned.delete(held.owner);
    const [next] = held.waiters;
    if (!next) return void this.#held.delete(this.#fold(held.key));
    held.owner = next.owner;
    held.depth = 0;
    this.#own(held);
    // An owner that waits more than once would otherwise wait for itself.
    for (const waiter of held.waiters) {
      if (waiter.owner !== next.owner) continue;
      held.depth++;
      waiter.settle(true);
    }
  }

  #own(held: Held): void {
    const owned = this.#owned.get(held.owner);
    if (owned) owned.add(held);
    else this.#owned.set(held.owner, new Set([held]));
  }
}
