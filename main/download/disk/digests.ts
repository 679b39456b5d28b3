// The checksum of the whole file that a server promises in its answer: Repr-Digest (RFC 9530) or the older Digest (RFC 3230).
import type { Checksum } from '../../../shared/download.ts';

/** Strongest first, with the names that the two RFCs have for them. */
const known = [
  { algorithm: 'sha512', name: 'sha-512', bytes: 64 },
  { algorithm: 'sha256', name: 'sha-256', bytes: 32 },
  { algorithm: 'md5', name: 'md5', bytes: 16 },
] as const;

/**
 * The strongest digest that Sluice can compute; null when there is none that is well written. `Content-Digest` is of what
 * one answer brings, which is the file only when the whole of it comes.
 */
export function digestOf(headers: ReadonlyMap<string, string>, whole: boolean): Checksum | null {
  const names = ['repr-digest', ...(whole ? ['content-digest'] : []), 'digest'];
  const items = names.flatMap((name) => (headers.get(name) ?? '').split(','));
  for (const { algorithm, name, bytes } of known) {
    for (const item of items) {
      const [, label, base64 = ''] = /^\s*([\w-]+)=:?([A-Za-z0-9+/]+={0,2}):?\s*(?:;.*)?$/.exec(item) ?? [];
      const digest = Buffer.from(base64, 'base64');
      if (label?.toLowerCase() === name && digest.length === bytes) return { algorithm, hex: digest.toString('hex') };
    }
  }
  return null;
}
