// The login between coordinator and worker: both prove that they have the authkey, neither sends it.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/** What a connection may send before it has logged in, in bytes. */
export const LOGIN_LIMITS = { maxJsonBytes: 1024, maxBinaryBytes: 0 } as const;

const Nonce = z.string().regex(/^[0-9a-f]{64}$/);
const Proof = z.string().regex(/^[0-9a-f]{64}$/);

/** The coordinator speaks first. */
export const Greeting = z.object({
  kind: z.literal('greeting'),
  name: z.string().max(100),
  protocol: z.number().int(),
  nonce: Nonce,
});

/** The worker proves itself. `id` stays the same when it comes back after a lost connection. */
export const Login = z.object({
  kind: z.literal('login'),
  protocol: z.number().int(),
  id: z.string().regex(/^[\w-]{1,64}$/),
  nonce: Nonce,
  proof: Proof,
});
export type Login = z.infer<typeof Login>;

/** The coordinator proves itself, or says no: to every wrong key alike. */
export const LoginAnswer = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('welcome'), proof: Proof }),
  z.object({ kind: z.literal('refused'), why: z.enum(['key', 'protocol', 'full', 'removed', 'barred']) }),
]);
export type LoginAnswer = z.infer<typeof LoginAnswer>;

export interface LoginFacts {
  authkey: Buffer;
  /** Nonces of this connection, 64 hexadecimal digits each. */
  coordinatorNonce: string;
  workerNonce: string;
  workerId: string;
  protocol: number;
  /** Fingerprint of the certificate in use, so that nobody can sit between; empty without TLS. */
  channel: string;
}

/** What one side sends to prove itself: HMAC-SHA256 over all that was agreed, with the side's own name in it. */
export function proofOf(side: 'coordinator' | 'worker', facts: LoginFacts): string {
  const { authkey, coordinatorNonce, workerNonce, workerId, protocol, channel } = facts;
  const said = JSON.stringify(['sluice', side, protocol, coordinatorNonce, workerNonce, workerId, channel]);
  return createHmac('sha256', authkey).update(said).digest('hex');
}

/** Compares in a time that says nothing of where they differ. */
export function isProof(given: string, right: string): boolean {
  return given.length === right.length && timingSafeEqual(Buffer.from(given), Buffer.from(right));
}
