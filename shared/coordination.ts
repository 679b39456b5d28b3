// What the doors to other machines and programs tell of themselves. Never the keys.
import * as v from 'valibot';
import { number } from './schema.ts';
import { Told } from './told.ts';

/** Who is in at a door now, and what happened there since it was opened. */
const DoorCounts = v.object({
  guests: number(),
  strangers: number(),
  logins: number(),
  wrongKeys: number(),
  turnedAway: number(),
});

export const Coordination = v.object({
  /** Where workers of other machines join; null while that door is shut. */
  coordinator: v.nullable(
    v.object({
      host: v.string(),
      port: number(),
      /** The port that the settings name, when another program has it; else null. */
      insteadOf: v.nullable(number()),
      encrypted: v.boolean(),
      fingerprint: v.nullable(v.string()),
      counts: DoorCounts,
      /** What to run on the other machine, where the key lies in a file named `key`. */
      joinCommand: v.string(),
    }),
  ),
  python: v.nullable(
    v.object({
      host: v.string(),
      port: number(),
      keyFile: v.string(),
      counts: DoorCounts,
      /** The connections that call methods, each of a thread of a program. */
      clients: v.array(v.object({ id: number(), name: v.string(), address: v.string(), cameAt: number() })),
    }),
  ),
  /** A door that could not be opened, and why; else null. */
  trouble: v.nullable(v.object({ ...Told.entries, door: v.picklist(['coordinator', 'python', 'discoverable']) })),
});
export type Coordination = v.InferOutput<typeof Coordination>;
