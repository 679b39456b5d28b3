// What the doors to other machines and programs tell of themselves. Never the keys.
import { z } from 'zod';
import { Told } from './told.ts';

/** Who is in at a door now, and what happened there since it was opened. */
const DoorCounts = z.object({
  guests: z.number(),
  strangers: z.number(),
  logins: z.number(),
  wrongKeys: z.number(),
  turnedAway: z.number(),
});

export const Coordination = z.object({
  /** Where workers of other machines join; null while that door is shut. */
  coordinator: z
    .object({
      host: z.string(),
      port: z.number(),
      /** The port that the settings name, when another program has it; else null. */
      insteadOf: z.number().nullable(),
      encrypted: z.boolean(),
      fingerprint: z.string().nullable(),
      counts: DoorCounts,
      /** What to run on the other machine, where the key lies in a file named `key`. */
      joinCommand: z.string(),
    })
    .nullable(),
  python: z
    .object({
      host: z.string(),
      port: z.number(),
      keyFile: z.string(),
      counts: DoorCounts,
      /** The connections that call methods, each of a thread of a program. */
      clients: z.array(z.object({ id: z.number(), name: z.string(), address: z.string(), cameAt: z.number() })),
    })
    .nullable(),
  /** A door that could not be opened, and why; else null. */
  trouble: Told.extend({ door: z.enum(['coordinator', 'python', 'discoverable']) }).nullable(),
});
export type Coordination = z.infer<typeof Coordination>;
