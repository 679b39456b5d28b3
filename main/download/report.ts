// What a transfer needs from its worker, and what it tells it.
import type { Brought, EventKind, Exchange, Extent, Validators } from '../../shared/download.ts';
import type { FromWorker, TransferSettings } from '../../shared/protocol.ts';
import type { Hosts } from './hosts.ts';
import type { Answer, Request } from './lanes/lane.ts';
import type { DirectorySyncs } from './disk/placing.ts';
import type { HashFile } from './disk/hashing.ts';
import type { Shares } from './shares.ts';

export type EventDetail = Record<string, string | number | boolean | null>;

/** What a transfer tells while it runs; the order of the calls is the order of the messages. */
export interface Report {
  probed(validators: Validators, contentDisposition: string | null): void;
  saved(extents: Extent[], brought: Brought[] | undefined): void;
  event(kind: EventKind, detail: EventDetail): void;
  exchange(exchange: Exchange): void;
  waiting(wait: Extract<FromWorker, { kind: 'waiting' }>['wait']): void;
  hostCap(host: string, connections: number): void;
  targetTaken(): void;
}

/** What all transfers of a worker share. */
export interface World {
  settings: TransferSettings;
  ask(request: Request): Promise<Answer>;
  hosts: Hosts;
  shares: Shares;
  directories: DirectorySyncs;
  hashFile: HashFile;
}
