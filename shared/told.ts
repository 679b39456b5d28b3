// Why something was not taken or not done: closed lists of codes that programs go by, with sentences for people.
import * as v from 'valibot';
import { Said, type Why } from './why.ts';

/** Of lines and files of a list. */
export const rejections = [
  'not-a-url',
  'unsupported-scheme',
  'no-host',
  'bad-port',
  'too-long',
  'too-many',
  'empty-pattern',
  'bad-checksum',
  'no-checksum',
  'unclear-checksum',
  'binary',
  'no-links',
  'no-such-file',
  'not-a-file',
  'no-permission',
  'too-large',
  'unreadable',
] as const;
export type Rejection = (typeof rejections)[number];

/** Of calls to the engine and to the shell, and of what stands in a file of settings. */
const refusals = [
  'unknown-call',
  'bad-argument',
  'internal',
  'refused',
  'bridge',
  'gone',
  'answer-too-large',
  'bad-url',
  'bad-header',
  'bad-file',
  'bad-folder',
  'one-checksum',
  'no-such-batch',
  'no-settings',
  'no-setting-line',
  'no-such-setting',
  'bad-setting',
  'not-read',
  'not-written',
  'no-demo',
  'this-machine',
  'machine-here',
  'no-machine',
  'not-found',
  'not-done',
  'not-opened',
  'not-started',
  'not-open',
] as const;

/** Of doors, of joining, and of the work as a whole. */
const troubles = [
  'list-not-written',
  'workers-crash',
  'list-restored',
  'newer-list',
  'port-taken',
  'no-address',
  'not-allowed',
  'not-opened-door',
  'unreachable',
  'lost',
  'full',
  'barred',
  'wrong-key',
  'wrong-fingerprint',
  'protocol',
  'removed',
  'not-encrypted',
  'given-up',
] as const;

const toldCodes = [...rejections, ...refusals, ...troubles] as const;
export type ToldCode = (typeof toldCodes)[number];

/**
 * A code with a plain English sentence, which says it more exactly; `said`: what that was made of, for other languages. One
 * that comes from elsewhere may have none, or one that is unknown here.
 */
export const Told = v.object({ code: v.picklist(toldCodes), message: v.string(), said: v.optional(Said) });
export type Told = v.InferOutput<typeof Told>;

/** The code with what is said of it. */
export function told<Code extends ToldCode>(code: Code, { message, ...said }: Why): Told & { code: Code; said: Said } {
  return { code, message, said };
}
