// One address: is it one that can be downloaded, and in which form is it kept and compared?
import type { Rejection as Reason } from '../../../shared/told.ts';
import { isAsWritten } from '../../../shared/url.ts';
import { because, type Said, type Why } from '../../../shared/why.ts';

/** Why a line or a file was not taken. */
export interface Rejection {
  reason: Reason;
  /** Plain English for logs and the command line, and what it was made of, for other languages. */
  message: string;
  said: Said;
}

export const rejection = (reason: Reason, { message, ...said }: Why): Rejection => ({ reason, message, said });

const MAX_URL_CHARS = 65_536;

/** What browsers take for an address although it names no scheme: a host with a dot and a path, or `www.` at its start. */
export const schemeless =
  /^(?:www\.[^\s/.]+\.[^\s/]|[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63})*\.\p{L}{2,63}(?::\d{1,5})?\/)/iu;
/** Machines that rarely have a certificate. */
export const local = /^(?:localhost|\d{1,3}(?:\.\d{1,3}){3})(?::\d{1,5})?\//i;
/** Schemes whose addresses may have other addresses in them, which are not what is meant. */
export const opaque = /^(?:about|blob|data|ed2k|javascript|magnet|mailto|tel|thunder):/i;

/**
 * The address in the form that is kept, asked for and compared: as the URL standard writes it, without its fragment.
 * A relative one needs a `base`.
 */
export function addressOf(text: string, base?: string): { url: string } | Rejection {
  if (text.length > MAX_URL_CHARS) return tooLong;
  if (isAsWritten(text)) return { url: text };
  const whole = base === undefined ? withScheme(text) : text;
  if (base === undefined && !whole.includes(':')) return notAUrl;
  let url: URL;
  try {
    url = new URL(whole, base);
  } catch {
    return whyNot(text);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return isOther(text) ? unsupported(url.protocol) : notAUrl;
  }
  if (url.href.includes('#')) url.hash = '';
  return url.href.length > MAX_URL_CHARS ? tooLong : { url: url.href };
}

const tooLong = rejection('too-long', because('address-too-long'));
const notAUrl = rejection('not-a-url', because('no-address-here'));

function withScheme(text: string): string {
  if (local.test(text)) return `http://${text}`;
  if (schemeless.test(text)) return `https://${text}`;
  return text.startsWith('//') ? `https:${text}` : text;
}

/** A scheme that somebody meant; `Note: ...` is none. */
function isOther(text: string): boolean {
  return opaque.test(text) || /^(?:(?:file|ftps?|s3|sftp):|[a-z][a-z0-9+.-]+:\/\/)/i.test(text);
}

function unsupported(protocol: string): Rejection {
  return rejection('unsupported-scheme', because('scheme-unfit', { scheme: protocol }));
}

/** What is wrong with a text that the URL standard refuses. */
function whyNot(text: string): Rejection {
  const [, scheme, authority] = /^([a-z][a-z0-9+.-]+:)[/\\]*([^/\\?#]*)/i.exec(text) ?? [];
  if (scheme === undefined || authority === undefined || !/^https?:/i.test(text)) {
    return scheme !== undefined && isOther(text) ? unsupported(scheme.toLowerCase()) : notAUrl;
  }
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  const port = /:([^:\]]*)$/.exec(host)?.[1];
  if (host === '' || host.startsWith(':')) return rejection('no-host', because('names-no-host'));
  if (port && !(/^\d+$/.test(port) && Number(port) <= 65_535)) {
    return rejection('bad-port', because('port-wrong'));
  }
  return rejection('not-a-url', because('address-wrong'));
}
