// Turns what the system, the network and servers throw into the closed list of failures.
import { constants } from 'node:os';
import type { Failure, FailureCode } from '../../shared/failure.ts';

type Retry = Failure['retry'];

const byErrno: Record<string, [FailureCode, Retry]> = {
  ENOSPC: ['disk-full', 'when-possible'],
  EDQUOT: ['disk-full', 'when-possible'],
  EIO: ['disk-error', 'by-hand'],
  ENOENT: ['disk-error', 'by-hand'],
  ENOTDIR: ['disk-error', 'by-hand'],
  EISDIR: ['disk-error', 'by-hand'],
  ELOOP: ['disk-error', 'by-hand'],
  EFBIG: ['disk-error', 'by-hand'],
  ENXIO: ['disk-error', 'by-hand'],
  ESTALE: ['disk-error', 'by-hand'],
  EBUSY: ['disk-error', 'by-hand'],
  EROFS: ['no-permission', 'by-hand'],
  EACCES: ['no-permission', 'by-hand'],
  EPERM: ['no-permission', 'by-hand'],
  ENAMETOOLONG: ['path-too-long', 'by-hand'],
  EMFILE: ['too-many-open-files', 'soon'],
  ENFILE: ['too-many-open-files', 'soon'],
  ENOTFOUND: ['dns', 'soon'],
  EAI_AGAIN: ['dns', 'soon'],
  ECONNREFUSED: ['refused', 'soon'],
  EHOSTUNREACH: ['refused', 'soon'],
  ENETUNREACH: ['refused', 'soon'],
  EADDRNOTAVAIL: ['refused', 'soon'],
  ECONNRESET: ['reset', 'soon'],
  ECONNABORTED: ['reset', 'soon'],
  EPIPE: ['reset', 'soon'],
  ERR_STREAM_PREMATURE_CLOSE: ['reset', 'soon'],
  ERR_SOCKET_CLOSED: ['reset', 'soon'],
  ETIMEDOUT: ['timeout', 'soon'],
  EPROTO: ['tls', 'by-hand'],
  ERR_INVALID_URL: ['bad-url', 'by-hand'],
};

/** A failure of its own making, thrown through code that only knows errors. */
export class FailureError extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

export function fail(code: FailureCode, message: string, retry: Retry, more: Partial<Failure> = {}): Failure {
  return { code, message: message.slice(0, 2000), retry, ...more };
}

export const NOTHING_CAME = fail('bad-response', 'The answer brought nothing of what was asked for', 'soon');
export const PART_CHANGED = fail('part-file-lost', 'The unfinished file was changed by another program', 'soon');

/** Finds the failure in whatever was thrown, looking through wrapped causes. */
export function failureOf(thrown: unknown): Failure {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if (error instanceof FailureError) return error.failure;
    const code = codeOf(error);
    if (code === undefined) continue;
    const known = byErrno[code];
    if (known) return fail(known[0], error.message, known[1]);
    if (/CERT|^ERR_(TLS|SSL)_|UNABLE_TO_/.test(code)) return fail('tls', `${error.message} (${code})`, 'by-hand');
    if (code.startsWith('HPE_')) return fail('bad-response', `The answer is not HTTP: ${error.message}`, 'soon');
    if (code.startsWith('Z_') || code.startsWith('ERR__ERROR_')) {
      return fail('bad-response', `The encoded body is damaged: ${error.message}`, 'soon');
    }
  }
  return fail('internal', thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown), 'by-hand');
}

/** The system's name of an error, also where Node has none for it, as for EDQUOT and ESTALE. */
function codeOf(error: NodeJS.ErrnoException): string | undefined {
  const { code, errno } = error;
  if (typeof code !== 'string') return undefined;
  if (!code.startsWith('Unknown system error') || errno === undefined) return code;
  return Object.entries(constants.errno).find(([, number]) => number === -errno)?.[0] ?? code;
}

/** An error as the system has it for what took too long. */
export function late(message: string): Error {
  return Object.assign(new Error(message), { code: 'ETIMEDOUT' });
}
