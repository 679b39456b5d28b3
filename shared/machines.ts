// Machines that work for this list: who they are, what they do, and what they may be told.
import { z } from 'zod';
import { DownloadId } from './download.ts';

/** The place of this computer among the machines. */
export const HERE = '';

/** `draining`: it finishes what it has and takes no more. `paused`: it has given back what it had. `removed`: it may not join. */
export const MachineMode = z.enum(['working', 'draining', 'paused', 'removed']);
export type MachineMode = z.infer<typeof MachineMode>;

export const Machine = z.object({
  /** `HERE`, or its own name for itself, by which it is known again: the machine's name and a mark of the folder it works in. */
  place: z.string(),
  name: z.string(),
  address: z.string(),
  /** What it runs on, `node 24.1.0`, and its Sluice; empty when it has not said. */
  runtime: z.string(),
  version: z.string(),
  mode: MachineMode,
  here: z.boolean(),
  joinedAt: z.number(),
  seenAt: z.number(),
  leases: z.number(),
  slots: z.number(),
  bytesPerS: z.number(),
  /** How often of late its connection was ended for what it sent, and until when it may not join for that. */
  offences: z.number(),
  barredUntil: z.number().nullable(),
  /** What it has downloaded, of what is in the list now. */
  files: z.number(),
  fileBytes: z.number(),
});
export type Machine = z.infer<typeof Machine>;

/**
 * `work` also lets one in again that was removed or barred; `forget` is for those that have left. This computer is neither
 * removed nor forgotten, and works again after the next start.
 */
export const MachineOrder = z.enum(['work', 'drain', 'pause', 'remove', 'forget']);
export type MachineOrder = z.infer<typeof MachineOrder>;

/** A file that a machine elsewhere has downloaded. `keptAt`: its path there; null when it was sent back. */
export const MachineDownload = z.object({
  id: DownloadId,
  name: z.string(),
  keptAt: z.string().nullable(),
  sizeBytes: z.number().nullable(),
  finishedAt: z.number().nullable(),
});
export type MachineDownload = z.infer<typeof MachineDownload>;
