// The login between coordinator and worker: both prove that they have the authkey, neither sends it.
import { createHmac, timingSafeEqual } from 'node:crypto';
import * as v from 'valibot';
import { integer, text } from '../../shared/schema.ts';

/** What a connection may send before it has logged in, in bytes. */
export const LOGIN_LIMITS = { maxJsonBytes: 1024, maxBinaryBytes: 0 } as const;

const Nonce = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const Proof = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

/** The coordinator speaks first. */
export const Greeting = v.object({
  kind: v.literal('greeting'),
  name: text(100),
  protocol: integer(),
  nonce: Nonce,
});

/** The worker proves itself. `id` stays the same when it comes back after a lost connection. */
export const Login = v.object({
  kind: v.literal('login'),
  protocol: integer(),
  id: v.pipe(v.string(), v.regex(/^[\w-]{1,64}$/)),
  nonce: Nonce,
  proof: Proof,
});
export type Login = v.InferOutput<typeof Login>;

/** The coordinator proves itself, or says no: to every wrong key alike. */
export const LoginAnswer = v.variant('kind', [
  v.object({ kind: v.literal('welcome'), proof: Proof }),
  v.object({ kind: v.literal('refused'), why: v.picklist(['key', 'protocol', 'full', 'removed', 'barred']) }),
]);
export type LoginAnswer = v.InferOutput<typeof LoginAnswer>;

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
