// The closed list of ways a download can fail, each with what a person can do about it.
import * as v from 'valibot';
import { integer, number, text } from './schema.ts';
import { Said, type Why } from './why.ts';

const failureCodes = [
  'bad-url',
  'unsupported-scheme',
  'dns',
  'refused',
  'reset',
  'timeout',
  'tls',
  'http-status',
  'needs-login',
  'needs-new-link',
  'not-found',
  'too-many-redirects',
  'insecure-redirect',
  'bad-response',
  'changed-on-server',
  'wrong-length',
  'wrong-checksum',
  'disk-full',
  'disk-error',
  'no-permission',
  'path-too-long',
  'name-taken',
  'part-file-lost',
  'too-many-open-files',
  'worker-crashed',
  'failed-elsewhere',
  'internal',
] as const;

export const FailureCode = v.picklist(failureCodes);
export type FailureCode = v.InferOutput<typeof FailureCode>;

/**
 * An expected failure, as a value.
 * `message`: a plain English sentence; `said`: the code and the values it was made of, for other languages. One that comes
 * from elsewhere may have none, or one that is unknown here.
 * `retry`: `soon` with backoff, `when-possible` once its cause is gone (room on the disk), `by-hand` never on its own.
 * `retryAfterMs`: the server said when it may be asked again, and that is too long to wait for in a worker.
 */
export const Failure = v.object({
  code: FailureCode,
  message: text(2000),
  said: v.optional(Said),
  retry: v.picklist(['soon', 'when-possible', 'by-hand']),
  retryAfterMs: v.optional(number(0)),
  httpStatus: v.optional(integer()),
});
export type Failure = v.InferOutput<typeof Failure>;

/** A failure with its sentence; `more`: what else is known of it. */
export function fail(code: FailureCode, why: Why, retry: Failure['retry'], more: Partial<Failure> = {}): Failure {
  const { message, ...said } = why;
  return { code, message: message.slice(0, 2000), said, retry, ...more };
}

/** What was said of a failure, to say it within another one; of one that came without, its English sentence. */
export const saidOf = ({ said, message }: Failure): Said => said ?? { why: message };
