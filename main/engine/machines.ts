// Machines elsewhere: who has joined, who may, and what a person has told them; remembered until they are forgotten.
import { ApiError } from '../../shared/api.ts';
import type { Machine, MachineDownload, MachineMode, MachineOrder } from '../../shared/machines.ts';
import type { Dispatch } from './dispatch.ts';
import { Offences } from './offences.ts';
import { isStoreFull } from './store/sql.ts';
import type { Store } from './store/store.ts';
import type { WorkerLink } from './worker-link.ts';

export type MachinesParts = {
  store: Store;
  dispatch: Dispatch;
  links: () => Iterable<WorkerLink>;
  now: () => number;
};

export class Machines {
  readonly #parts: MachinesParts;
  readonly #offences = new Offences();

  constructor(parts: MachinesParts) {
    this.#parts = parts;
  }

  /** Why it may not join: a person removed it, or it did too often what it may not. Null when it may. */
  refusalOf(place: string): 'removed' | 'barred' | null {
    const { store, now } = this.#parts;
    if (store.machines.modeOf(place) === 'removed') return 'removed';
    return this.#offences.barredUntil(place, now()) === null ? null : 'barred';
  }

  /** A worker of another machine has said hello. */
  joined(link: WorkerLink): void {
    const { store, now } = this.#parts;
    const { place, machine: name, address, runtime, version } = link;
    this.#remember(() => store.machines.joined({ place, name, address, runtime, version }, now()));
    link.resting = store.machines.modeOf(place) !== 'working';
  }

  left(link: WorkerLink): void {
    const { store, now } = this.#parts;
    if (link.misbehaved) this.#offences.note(link.place, now());
    this.#remember(() => store.machines.left(link.place, now()));
  }

  list(): Machine[] {
    const { store, dispatch, now } = this.#parts;
    const leases = [...dispatch.leases.values()];
    return store.machines.all().map((machine) => {
      const links = this.#linksOf(machine.place);
      const own = leases.filter(({ holder }) => holder.place === machine.place);
      return {
        ...machine,
        here: links.length > 0,
        seenAt: Math.max(machine.seenAt, ...links.map((link) => link.seenAt)),
        leases: own.length,
        slots: links.reduce((sum, { slots }) => sum + slots, 0),
        bytesPerS: own.reduce((sum, lease) => sum + lease.bytesPerS, 0),
        offences: this.#offences.countOf(machine.place, now()),
        barredUntil: this.#offences.barredUntil(machine.place, now()),
      };
    });
  }

  downloads(place: string, offset: number, limit: number): MachineDownload[] {
    return this.#parts.store.machines.downloads(place, offset, limit);
  }

  /** Throws an ApiError for a machine that is not known, or one that is to be forgotten while it is here. */
  change(place: string, order: MachineOrder): void {
    const { store, dispatch } = this.#parts;
    switch (order) {
      case 'work':
        this.#setMode(place, 'working');
        this.#offences.forgive(place);
        return dispatch.kick();
      case 'drain':
        return this.#setMode(place, 'draining');
      case 'pause': {
        this.#setMode(place, 'paused');
        const held = [...dispatch.leases.values()].filter(({ holder }) => holder.place === place);
        return dispatch.recall(
          held.map(({ id }) => id),
          'requeue',
        );
      }
      case 'remove':
        this.#setMode(place, 'removed');
        // What it had goes back now; it need not be waited for.
        for (const link of this.#linksOf(place)) {
          link.stop();
          link.close();
        }
        return;
      case 'forget':
        if (this.#linksOf(place).length > 0) throw new ApiError('machine-here', 'It is here: remove it first.');
        if (!store.machines.forget(place)) throw unknown(place);
        return;
      default:
        order satisfies never;
    }
  }

  #setMode(place: string, mode: MachineMode): void {
    if (!this.#parts.store.machines.setMode(place, mode)) throw unknown(place);
    for (const link of this.#linksOf(place)) link.resting = mode !== 'working';
  }

  /** Where the list's disk is full, the machine works all the same. */
  #remember(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (!isStoreFull(error)) throw error;
    }
  }

  #linksOf(place: string): WorkerLink[] {
    return [...this.#parts.links()].filter((link) => link.kind === 'remote' && link.place === place);
  }
}

function unknown(place: string): ApiError {
  return new ApiError('no-machine', `There is no machine ${place}.`);
}
