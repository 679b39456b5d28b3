// This machine at work for another one: what a person asked for, and how it stands. Never the key.
import { z } from 'zod';
import { Told } from './told.ts';

/** Whom to help and how. */
export const HelpOrder = z.object({
  host: z.string().min(1).max(255),
  port: z.number().int().min(1).max(65_535),
  /** Of the other machine's certificate, 64 hexadecimal digits with or without colons; empty only for this machine itself. */
  fingerprint: z.string().regex(/^([0-9a-f]{2}:?){31}[0-9a-f]{2}$|^$/i),
  dir: z.string().min(1),
  /** Downloads at once. */
  parallel: z.number().int().min(1).max(256),
  /** Finished files go there instead of staying here. */
  sendBack: z.boolean(),
});
export type HelpOrder = z.infer<typeof HelpOrder>;

export const Helping = z.object({
  state: z.enum(['off', 'joining', 'joined']),
  /** The last one; null when there never was any. */
  order: HelpOrder.nullable(),
  /** There is a key from the last time. */
  hasKey: z.boolean(),
  /** Why it is not joined; else null. */
  trouble: Told.nullable(),
});
export type Helping = z.infer<typeof Helping>;

/** A coordinator that answered on the network. Anybody can answer: its fingerprint has to be compared. */
export const Found = z.object({ host: z.string(), port: z.number(), name: z.string(), fingerprint: z.string() });
export type Found = z.infer<typeof Found>;
