// Why the system did not do something, as a reason that stands within the sentence of what was wanted.
import { because, type CausedCode, type Why } from './why.ts';

const byCode: Record<string, CausedCode> = {
  ENOENT: 'is-missing',
  ENOTDIR: 'file-in-path',
  EEXIST: 'file-in-path',
  EISDIR: 'is-a-folder',
  EACCES: 'not-allowed',
  EPERM: 'not-allowed',
  EROFS: 'read-only',
  ENAMETOOLONG: 'path-long',
  ENOSPC: 'disk-is-full',
  EDQUOT: 'disk-is-full',
  SQLITE_FULL: 'disk-is-full',
  EIO: 'disk-fails',
  EMFILE: 'files-too-many',
  ENFILE: 'files-too-many',
  EBUSY: 'in-use',
  EADDRINUSE: 'in-use',
  SQLITE_BUSY: 'in-use',
  ENOTFOUND: 'host-unknown',
  EAI_AGAIN: 'host-unknown',
  ECONNREFUSED: 'was-refused',
  EHOSTUNREACH: 'no-way',
  ENETUNREACH: 'no-way',
  EADDRNOTAVAIL: 'no-way',
  ECONNRESET: 'line-broke',
  ECONNABORTED: 'line-broke',
  EPIPE: 'line-broke',
  ETIMEDOUT: 'none-in-time',
  EPROTO: 'not-secure',
};

/** An error of our own that is told within a sentence of what was wanted. */
export class WhyError extends Error {
  readonly why: Why;
  constructor(why: Why, options?: ErrorOptions) {
    super(why.message, options);
    this.name = 'WhyError';
    this.why = why;
  }
}

/** The reason of whatever was thrown; of what has no code that is known here, its own words. */
export function systemWhy(thrown: unknown): Why {
  if (thrown instanceof WhyError) return thrown.why;
  if (!(thrown instanceof Error)) return because('other-error', { cause: String(thrown) });
  const { code } = thrown as { code?: unknown };
  const why = typeof code === 'string' ? whyOf(code) : null;
  // One that the system did not name says it in its message alone.
  const isNamed = typeof code === 'string' && (why !== null || thrown.message.includes(code));
  return because(why ?? 'other-error', { cause: isNamed ? causeOf(thrown, code) : thrown.message });
}

function whyOf(code: string): CausedCode | null {
  if (Object.hasOwn(byCode, code)) return byCode[code]!;
  if (code.startsWith('SQLITE_IOERR')) return 'disk-fails';
  return /^ERR_(TLS|SSL)_/.test(code) ? 'not-secure' : null;
}

/** What the system says beside its English words for the error: its name, what was called, and with what. */
export function causeOf({ message }: Error, code: string): string {
  const ssl = /SSL routines:[^:]*:([^:]+)/.exec(message);
  if (ssl) return `${code}, ${ssl[1]}`;
  // The client that asks puts the whole URL before it.
  const bare = message.replace(/^.*, reason: /s, '');
  return bare.includes(code) ? bare.replace(/^(\w+): [^,]*/, '$1') : code;
}
