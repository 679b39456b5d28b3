// Addresses as people see them: the host, and the whole without its credentials.

// Every runtime has it, though the bare language does not know it.
declare const URL: new (url: string) => {
  readonly host: string;
  readonly href: string;
  readonly origin: string;
  username: string;
  password: string;
};
declare const TextEncoder: new () => { encode(text: string): Uint8Array };
declare const btoa: (latin1: string) => string;

/** The host of an address, with its port when that is not the usual one; empty when the text is no address. */
export function hostOf(url: string): string {
  if (url.startsWith(known.start)) return known.host;
  const host = hostAsWritten(url);
  if (host !== null) return host;
  try {
    return new URL(url).host;
  } catch {
    return '';
  }
}

/** Whether the URL standard writes an address just as it stands here. Of some for which it does this says no: those are to be parsed. */
export function isAsWritten(url: string): boolean {
  return hostAsWritten(url) !== null;
}

/** Nothing is encoded in such an address and no part of its path steps back; its origin is to be looked at. */
const plain =
  /^https?:\/\/[^\s/\\?#@]+(?:\/(?!\.)(?:[\w~!$&()*+,;=:@.-]|%(?!2e))*)+(?:\?(?:[\w~!$&()*+,;=:@.?/-]|%(?!2e))*)?$/i;
/** How addresses of the origin that was looked at last start: the lines of a list mostly have the same one. */
let known = { start: '/', host: '' };

function hostAsWritten(url: string): string | null {
  if (!plain.test(url)) return null;
  if (url.startsWith(known.start)) return known.host;
  const origin = url.slice(0, url.indexOf('/', 'https://'.length));
  try {
    const parsed = new URL(origin);
    if (parsed.origin !== origin) return null;
    known = { start: `${origin}/`, host: parsed.host };
    return parsed.host;
  } catch {
    return null;
  }
}

/** The value of an Authorization header for a name and a password (RFC 7617). */
export function basicAuthorization(user: string, password: string): string {
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  return `Basic ${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))}`;
}

/** An address without the credentials in it, and these as the value of an Authorization header; null: it has none. */
export function splitCredentials(url: string): { url: string; authorization: string } | null {
  if (!url.includes('@')) return null;
  let parsed: InstanceType<typeof URL>;
  try {
    parsed = new URL(url);
  } catch {
    return null;
  }
  const { username, password } = parsed;
  if (username === '' && password === '') return null;
  parsed.username = '';
  parsed.password = '';
  return { url: parsed.href, authorization: basicAuthorization(decoded(username), decoded(password)) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The text with user names and passwords of the addresses in it replaced by `***`. Addresses need not be well-formed,
 * and credentials that the end of the text cuts off are masked too.
 */
export function maskCredentials(text: string): string {
  // Most have neither an @ nor anything after the last colon that could be half a password.
  if (!text.includes('@') && text.lastIndexOf(':') < text.lastIndexOf('/')) return text;
  return text.replace(credentials, '$1***@').replace(cutOff, '$1***');
}

// Up to the last @ of the authority; or, where the port is no number, up to an @ further on: a password with a slash
// or a space in it. All repetitions are bounded or stop at the next slash, so that no text makes this slow.
const credentials = /([a-z][a-z0-9+.-]{0,20}:[/\\]{2})(?:[^\s/\\?#]*|[^\s/\\?#:@[]+:(?!\d*(?:[\s/\\?#]|$)).{0,300})@/gi;
const cutOff = /([a-z][a-z0-9+.-]{0,20}:[/\\]{2})[^\s/\\?#:@[]+:[^\s/\\?#@]{6,}$/i;
