// Machines that work for this list, this one among them: who has joined, who may, and what a person has told them.
import os from 'node:os';
import { refusal, type ApiError } from '../../shared/answer.ts';
import {
  HERE,
  type Machine,
  type MachineDownload,
  type MachineMode,
  type MachineOrder,
} from '../../shared/machines.ts';
import { because } from '../../shared/why.ts';
import type { Dispatch } from './dispatch/dispatch.ts';
import { Offences } from './dispatch/offences.ts';
import type { StoredMachine } from './store/machine-table.ts';
import { isStoreFull } from './store/sql.ts';
import type { Store } from './store/store.ts';
import type { WorkerLink } from './dispatch/worker-link.ts';

export type MachinesParts = {
  store: Store;
  dispatch: Dispatch;
  links: () => Iterable<WorkerLink>;
  now: () => number;
  /** Of this Sluice. */
  version: string;
};

/** Comings and goings are written down together, at most this late. */
const WRITE_MS = 100;
/** So many that are not here are remembered: who has the key may come under any name. */
const REMEMBERED_MAX = 1000;

type Arrived = Pick<StoredMachine, 'place' | 'name' | 'address' | 'runtime' | 'version'>;

export class Machines {
  readonly #parts: MachinesParts;
  readonly #offences = new Offences();
  readonly #startedAt: number;
  /** What this computer is to do: until the end of the program, so that no list stands still for a reason long forgotten. */
  #modeHere: MachineMode = 'working';
  /** Who has come or gone and when, by place; not written down yet. */
  readonly #news = new Map<string, { machine: Arrived | null; at: number }>();
  #writing: NodeJS.Timeout | undefined;

  constructor(parts: MachinesParts) {
    this.#parts = parts;
    this.#startedAt = parts.now();
  }

  /** Why it may not join: a person removed it, or it did too often what it may not. Null when it may. */
  refusalOf(place: string): 'removed' | 'barred' | null {
    const { store, now } = this.#parts;
    if (store.machines.modeOf(place) === 'removed') return 'removed';
    return this.#offences.barredUntil(place, now()) === null ? null : 'barred';
  }

  /** What this computer is to do. */
  get modeHere(): MachineMode {
    return this.#modeHere;
  }

  /** A worker has said hello, of another machine or of this one. */
  joined(link: WorkerLink): void {
    const { store, now } = this.#parts;
    if (link.kind !== 'remote') link.resting = this.#modeHere !== 'working';
    else {
      const { place, machine: name, address, runtime, version } = link;
      link.resting = store.machines.modeOf(place) !== 'working';
      this.#tellLater(place, { machine: { place, name, address, runtime, version }, at: now() });
    }
  }

  /** A worker of another machine has gone. */
  left({ place, misbehaved }: WorkerLink): void {
    const at = this.#parts.now();
    if (misbehaved) this.#offences.note(place, at);
    this.#tellLater(place, { machine: this.#news.get(place)?.machine ?? null, at });
  }

  /** This computer first, then the others. */
  list(): Machine[] {
    const { store, dispatch, now, version } = this.#parts;
    this.write();
    const leases = [...dispatch.leases.values()];
    const own: StoredMachine = {
      ...{ place: HERE, name: os.hostname(), address: '', runtime: `node ${process.versions.node}`, version },
      ...{ mode: this.#modeHere, joinedAt: this.#startedAt, seenAt: now(), files: 0, fileBytes: 0 },
    };
    return [own, ...store.machines.all()].map((machine) => {
      const { place } = machine;
      const links = this.#linksOf(place);
      const held = leases.filter(({ holder }) => holder.place === place);
      return {
        ...machine,
        here: place === HERE || links.length > 0,
        seenAt: Math.max(machine.seenAt, ...links.map((link) => link.seenAt)),
        leases: held.length,
        slots: links.reduce((sum, { slots }) => sum + slots, 0),
        bytesPerS: held.reduce((sum, lease) => sum + lease.bytesPerS, 0),
        offences: this.#offences.countOf(place, now()),
        barredUntil: this.#offences.barredUntil(place, now()),
      };
    });
  }

  downloads(place: string, offset: number, limit: number): MachineDownload[] {
    return this.#parts.store.machines.downloads(place, offset, limit);
  }

  /** Throws an ApiError for a machine that is not known, or for what cannot be asked of it now. */
  change(place: string, order: MachineOrder): void {
    const { store, dispatch } = this.#parts;
    if (place === HERE && (order === 'remove' || order === 'forget')) {
      throw refusal('this-machine', because('this-machine'));
    }
    this.write();
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
        if (this.#linksOf(place).length > 0) throw refusal('machine-here', because('machine-here'));
        if (!store.machines.forget(place)) throw unknown(place);
        return;
      default:
        order satisfies never;
    }
  }

  #setMode(place: string, mode: MachineMode): void {
    if (place === HERE) this.#modeHere = mode;
    else if (!this.#parts.store.machines.setMode(place, mode)) throw unknown(place);
    for (const link of this.#linksOf(place)) link.resting = mode !== 'working';
  }

  #tellLater(place: string, news: { machine: Arrived | null; at: number }): void {
    this.#news.set(place, news);
    this.#writing ??= setTimeout(() => this.write(), WRITE_MS);
  }

  /** Writes down who has come and gone, in one transaction. Where the list's disk is full, they work all the same. */
  write(): void {
    clearTimeout(this.#writing);
    this.#writing = undefined;
    if (this.#news.size === 0) return;
    const { store } = this.#parts;
    const news = [...this.#news];
    this.#news.clear();
    try {
      store.transaction(() => {
        for (const [place, { machine, at }] of news) {
          if (machine) store.machines.joined(machine, at);
          else store.machines.left(place, at);
        }
        store.machines.forgetOld(
          REMEMBERED_MAX,
          [...this.#parts.links()].map((link) => link.place),
        );
      });
    } catch (error) {
      if (!isStoreFull(error)) throw error;
    }
  }

  #linksOf(place: string): WorkerLink[] {
    return [...this.#parts.links()].filter((link) => link.place === place);
  }
}

function unknown(place: string): ApiError {
  return refusal('no-machine', because('no-machine', { place }));
}
