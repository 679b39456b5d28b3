// This machine at work for another one: what a person asked for, and how it stands. Never the key.
import * as v from 'valibot';
import { integer, number } from './schema.ts';
import { Told } from './told.ts';

/** Whom to help and how. */
export const HelpOrder = v.object({
  host: v.pipe(v.string(), v.minLength(1), v.maxLength(255)),
  port: integer(1, 65_535),
  /** Of the other machine's certificate, 64 hexadecimal digits with or without colons; empty only for this machine itself. */
  fingerprint: v.pipe(v.string(), v.regex(/^([0-9a-f]{2}:?){31}[0-9a-f]{2}$|^$/i)),
  dir: v.pipe(v.string(), v.minLength(1)),
  /** Downloads at once. */
  parallel: integer(1, 256),
  /** Finished files go there instead of staying here. */
  sendBack: v.boolean(),
});
export type HelpOrder = v.InferOutput<typeof HelpOrder>;

export const Helping = v.object({
  state: v.picklist(['off', 'joining', 'joined']),
  /** The last one; null when there never was any. */
  order: v.nullable(HelpOrder),
  /** There is a key from the last time. */
  hasKey: v.boolean(),
  /** Why it is not joined; else null. */
  trouble: v.nullable(Told),
});
export type Helping = v.InferOutput<typeof Helping>;

/** A coordinator that answered on the network. Anybody can answer: its fingerprint has to be compared. */
export const Found = v.object({ host: v.string(), port: number(), name: v.string(), fingerprint: v.string() });
export type Found = v.InferOutput<typeof Found>;
