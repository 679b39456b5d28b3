// Turns what the system, the network and servers throw into the closed list of failures.
import { constants } from 'node:os';
import { fail, type Failure, type FailureCode } from '../../shared/failure.ts';
import { causeOf } from '../../shared/system-why.ts';
import { because, type CausedCode, type Why } from '../../shared/why.ts';

type Retry = Failure['retry'];

const byErrno: Record<string, [FailureCode, Retry, CausedCode]> = {
  ENOSPC: ['disk-full', 'when-possible', 'no-room'],
  EDQUOT: ['disk-full', 'when-possible', 'no-room'],
  EIO: ['disk-error', 'by-hand', 'disk-failed'],
  ENOENT: ['disk-error', 'by-hand', 'not-there'],
  ENOTDIR: ['disk-error', 'by-hand', 'not-there'],
  EISDIR: ['disk-error', 'by-hand', 'disk-refused'],
  ELOOP: ['disk-error', 'by-hand', 'disk-refused'],
  EFBIG: ['disk-error', 'by-hand', 'disk-refused'],
  ENXIO: ['disk-error', 'by-hand', 'disk-refused'],
  ESTALE: ['disk-error', 'by-hand', 'not-there'],
  EBUSY: ['disk-error', 'by-hand', 'disk-refused'],
  EROFS: ['no-permission', 'by-hand', 'may-not-write'],
  EACCES: ['no-permission', 'by-hand', 'may-not-write'],
  EPERM: ['no-permission', 'by-hand', 'may-not-write'],
  ENAMETOOLONG: ['path-too-long', 'by-hand', 'path-too-long'],
  EMFILE: ['too-many-open-files', 'soon', 'too-many-open'],
  ENFILE: ['too-many-open-files', 'soon', 'too-many-open'],
  ENOTFOUND: ['dns', 'soon', 'no-such-host'],
  EAI_AGAIN: ['dns', 'soon', 'no-such-host'],
  ECONNREFUSED: ['refused', 'soon', 'connection-refused'],
  EHOSTUNREACH: ['refused', 'soon', 'no-way-there'],
  ENETUNREACH: ['refused', 'soon', 'no-way-there'],
  EADDRNOTAVAIL: ['refused', 'soon', 'no-way-there'],
  ECONNRESET: ['reset', 'soon', 'connection-lost'],
  ECONNABORTED: ['reset', 'soon', 'connection-lost'],
  EPIPE: ['reset', 'soon', 'connection-lost'],
  ERR_STREAM_PREMATURE_CLOSE: ['reset', 'soon', 'connection-lost'],
  ERR_SOCKET_CLOSED: ['reset', 'soon', 'connection-lost'],
  ETIMEDOUT: ['timeout', 'soon', 'took-too-long'],
  EPROTO: ['tls', 'by-hand', 'tls-failed'],
};

const byCertificate: Record<string, CausedCode> = {
  CERT_HAS_EXPIRED: 'certificate-over',
  CERT_NOT_YET_VALID: 'certificate-early',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate-own',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate-unknown',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate-unknown',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate-unknown',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate-unknown',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate-other',
};

/** A failure of its own making, thrown through code that only knows errors. */
export class FailureError extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

export const NOTHING_CAME = fail('bad-response', because('brought-nothing'), 'soon');
export const NO_HEAD = fail('bad-response', because('no-proper-head'), 'soon');
export const BYTES_MISSING = fail('internal', because('bytes-missing'), 'soon');
export const PART_CHANGED = fail('part-file-lost', because('part-changed'), 'soon');

/** Finds the failure in whatever was thrown, looking through wrapped causes. */
export function failureOf(thrown: unknown): Failure {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if (error instanceof FailureError) return error.failure;
    const code = codeOf(error);
    if (code === undefined) continue;
    const cause = causeOf(error, code);
    const known = byErrno[code];
    if (known) return fail(known[0], because(known[2], { cause }), known[1]);
    const certificate = byCertificate[code];
    if (certificate) return fail('tls', because(certificate, { cause }), 'by-hand');
    if (/^ERR_(TLS|SSL)_/.test(code)) return fail('tls', because('tls-failed', { cause }), 'by-hand');
    if (/CERT|UNABLE_TO_/.test(code)) return fail('tls', because('certificate-bad', { cause }), 'by-hand');
    if (code.startsWith('HPE_')) return fail('bad-response', because('not-http', { cause }), 'soon');
    if (code.startsWith('Z_') || code.startsWith('ERR__ERROR_')) {
      return fail('bad-response', because('damaged-encoding', { cause }), 'soon');
    }
  }
  const cause = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  return fail('internal', because('unexpected', { cause }), 'by-hand');
}

/** The system's name of an error, also where Node has none for it, as for EDQUOT and ESTALE. */
function codeOf(error: NodeJS.ErrnoException): string | undefined {
  const { code, errno } = error;
  if (typeof code !== 'string') return undefined;
  if (!code.startsWith('Unknown system error') || errno === undefined) return code;
  return Object.entries(constants.errno).find(([, number]) => number === -errno)?.[0] ?? code;
}

export const noConnection = (timeoutMs: number): Error => late(because('no-connection', { seconds: timeoutMs / 1000 }));
export const noAnswer = (host: string): Error => late(because('no-answer', { host }));
export const fellSilent = (timeoutMs: number): Error => late(because('nothing-came', { seconds: timeoutMs / 1000 }));

/** An error as the system has it for what took too long. */
function late(why: Why): Error {
  return Object.assign(new FailureError(fail('timeout', why, 'soon')), { code: 'ETIMEDOUT' });
}

/** An error as streams have it for what broke off before its end. */
export function endedEarly(): Error {
  const failure = fail('reset', because('ended-early'), 'soon');
  return Object.assign(new FailureError(failure), { code: 'ERR_STREAM_PREMATURE_CLOSE' });
}
