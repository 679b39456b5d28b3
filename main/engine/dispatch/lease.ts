// A lease: one download in the hands of one worker, with what the worker last said of it.
import type { Brought, DownloadId, Extent } from '../../../shared/download.ts';
import type { SharedLimit, Task, ToWorker } from '../../../shared/protocol.ts';
import path from 'node:path';
import { hostOf } from '../../../shared/url.ts';
import type { LockOwner } from './locks.ts';
import type { Stored } from '../store/store.ts';

/** Whoever takes tasks: a worker process here, one elsewhere, a program behind the Python door. */
export interface Holder {
  readonly id: number;
  readonly name: string;
  /** What it calls itself; left out: it goes by its number. */
  readonly ownName?: string;
  /** Works on this machine, so that `parallel` counts it. */
  readonly shared: boolean;
  /** Where it keeps files: empty for this machine. */
  readonly place: string;
  /** Fires when it is gone, with the reason (a `Why`); null when it left as it was asked to. Its leases end with it. */
  readonly gone: AbortSignal;
  /** How many tasks more than it runs it will hold, to begin each as one is done; left out: none. */
  readonly aheadMax?: number;
  /** It gets no tasks for now, as a person wants it. */
  readonly resting?: boolean;
  send(message: ToWorker): void;
}

/** Why a lease is being taken back; null while it is wanted. */
export type Ending = 'paused' | 'removed' | 'requeue' | 'no-room' | null;

export type Lease = {
  readonly id: DownloadId;
  readonly epoch: number;
  readonly holder: Holder;
  /** When it began, or was handed over ahead of time. */
  leasedAt: number;
  /** It waits with its holder and has not begun: queued, as far as people see. */
  ahead: boolean;
  connections: number;
  /** How many of them at most at the hosts of its mirrors, by host; each takes a place there. */
  mirrorConnections: Record<string, number>;
  /** Holds the lock of the path that the file goes to, as long as the lease lasts. */
  readonly owner: LockOwner;
  stored: Stored;
  ending: Ending;
  extents: Extent[];
  brought: Brought[];
  /** Durable bytes are newer than what the store knows. */
  dirty: boolean;
  receivedBytes: number;
  bytesPerS: number;
  openConnections: number;
  /** Which shared limits held it back lately; null: not known yet. */
  heldBy: readonly SharedLimit[] | null;
  waiting: { until: number | null; reason: string } | null;
  /** The name the content asked for, and how many numbered forms of it stood on the disk already. */
  wantedName: string;
  taken: number;
};

export function lengthOf(extents: readonly Extent[]): number {
  return extents.reduce((sum, [start, end]) => sum + end - start, 0);
}

/** `connections` null: it waits ahead, for the place of another. */
export function newLease(stored: Stored, holder: Holder, connections: number | null, now: number): Lease {
  return {
    id: stored.id,
    epoch: stored.epoch,
    holder,
    leasedAt: now,
    ahead: connections === null,
    connections: connections ?? 1,
    mirrorConnections: Object.fromEntries(mirrorHosts(stored).map((host) => [host, 0])),
    owner: { name: holder.name },
    stored,
    ending: null,
    extents: stored.extents,
    brought: stored.brought,
    dirty: false,
    receivedBytes: stored.doneBytes,
    bytesPerS: 0,
    openConnections: 0,
    heldBy: null,
    waiting: null,
    wantedName: stored.name,
    taken: 0,
  };
}

/** The other hosts that have the file, too. */
export function mirrorHosts({ host, mirrors }: Pick<Stored, 'host' | 'mirrors'>): string[] {
  if (mirrors.length === 0) return [];
  return [...new Set(mirrors.map(hostOf))].filter((mirror) => mirror !== host && mirror !== '');
}

/** All the hosts that have to do with it, as far as is known. */
export function hostsOf({ url, mirrors, validators }: Pick<Task, 'url' | 'mirrors' | 'validators'>): string[] {
  return [url, ...mirrors, validators?.finalUrl ?? url].map(hostOf);
}

/** What a lease takes of the places that hosts have. */
export function placesOf(lease: Lease, connections = lease.connections) {
  return { host: lease.stored.host, holder: lease.holder.id, connections, mirrors: lease.mirrorConnections };
}

/** Where the finished file of a download goes. */
export function targetOf({ dir, name }: { dir: string; name: string }): string {
  return path.join(dir, name);
}

/** Who holds it, as events tell it: by a name of its own, or by its number. */
export function workerOf({ id, ownName }: Holder): { worker: string | number } {
  return { worker: ownName ?? id };
}

/** An address that ends in a name with an extension says all that there is to say, unless the server says something else. */
export function namingOf({ nameGiven, url }: Stored): Task['naming'] {
  if (nameGiven) return 'given';
  return /\/[^/?#]*[^/?#.]\.[a-z0-9]{1,8}(?:[?#]|$)/i.test(url) ? 'from-url' : 'open';
}

/** `notes`: the folder for notes of what workers here have written. */
export function taskOf({ stored, connections, mirrorConnections, holder }: Lease, notes: string): Task {
  return {
    id: stored.id,
    epoch: stored.epoch,
    url: stored.url,
    mirrors: stored.mirrors,
    partPath: path.join(stored.dir, stored.partName),
    notePath: holder.place === '' ? path.join(notes, String(stored.id)) : null,
    targetPath: targetOf(stored),
    naming: namingOf(stored),
    extents: stored.extents,
    ...(stored.brought.length > 0 && { brought: stored.brought }),
    validators: stored.validators,
    headers: stored.headers,
    checksum: stored.checksum,
    // Here it is computed once the file is done; what is kept elsewhere can be held against nothing else.
    hash: holder.place !== '',
    connections,
    ...(stored.mirrors.length > 0 && { mirrorConnections }),
    limitBytesPerS: stored.limitBytesPerS,
  };
}
