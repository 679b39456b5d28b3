// Machines that work for this list: who they are, what they do, and what they may be told.
import * as v from 'valibot';
import { number } from './schema.ts';
import { DownloadId } from './download.ts';

/** The place of this computer among the machines. */
export const HERE = '';

/** `draining`: it finishes what it has and takes no more. `paused`: it has given back what it had. `removed`: it may not join. */
export const MachineMode = v.picklist(['working', 'draining', 'paused', 'removed']);
export type MachineMode = v.InferOutput<typeof MachineMode>;

export const Machine = v.object({
  /** `HERE`, or its own name for itself, by which it is known again: the machine's name and a mark of the folder it works in. */
  place: v.string(),
  name: v.string(),
  address: v.string(),
  /** What it runs on, `node 24.1.0`, and its Sluice; empty when it has not said. */
  runtime: v.string(),
  version: v.string(),
  mode: MachineMode,
  here: v.boolean(),
  joinedAt: number(),
  seenAt: number(),
  leases: number(),
  slots: number(),
  bytesPerS: number(),
  /** How often of late its connection was ended for what it sent, and until when it may not join for that. */
  offences: number(),
  barredUntil: v.nullable(number()),
  /** What it has downloaded, of what is in the list now. */
  files: number(),
  fileBytes: number(),
});
export type Machine = v.InferOutput<typeof Machine>;

/**
 * `work` also lets one in again that was removed or barred; `forget` is for those that have left. This computer is neither
 * removed nor forgotten, and works again after the next start.
 */
export const MachineOrder = v.picklist(['work', 'drain', 'pause', 'remove', 'forget']);
export type MachineOrder = v.InferOutput<typeof MachineOrder>;

/** A file that a machine elsewhere has downloaded. `keptAt`: its path there; null when it was sent back. */
export const MachineDownload = v.object({
  id: DownloadId,
  name: v.string(),
  keptAt: v.nullable(v.string()),
  sizeBytes: v.nullable(number()),
  finishedAt: v.nullable(number()),
});
export type MachineDownload = v.InferOutput<typeof MachineDownload>;
