// What goes along with a request: the settings' headers, the rule for its host, and what belongs to the download alone.
import { ruleFor } from '../../../shared/host-rules.ts';
import type { TransferSettings } from '../../../shared/protocol.ts';
import { splitCredentials } from '../../../shared/url.ts';
import { cookiesFor, parseCookies, type Cookie } from './cookies.ts';
import type { Request } from './lane.ts';

/** Headers of a person that would break what Sluice itself must say. */
const OURS = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'host',
  'if-range',
  'proxy-authorization',
  'range',
  'te',
  'transfer-encoding',
  'upgrade',
]);

export class RequestHeaders {
  readonly #settings: TransferSettings;
  readonly #parsed = new Map<string, Cookie[]>();

  constructor(settings: TransferSettings) {
    this.#settings = settings;
  }

  /**
   * The headers of one request, each hop of a redirect anew. What is the download's own, and the credentials in the
   * address that was asked for, go to the origin they were given for and to no other; rules and cookies go by the host.
   */
  of(url: URL, request: Request): Record<string, string> {
    const rule = ruleFor(this.#settings.hosts, url.host);
    const asked = new URL(request.url);
    const headers: Record<string, string> = { accept: '*/*', 'user-agent': this.#settings.userAgent };
    take(headers, rule?.headers ?? {});
    if (url.origin === asked.origin) take(headers, credentialsOf(request.url));
    const owner = new URL(request.owner.url);
    if (url.origin === owner.origin) {
      take(headers, credentialsOf(request.owner.url));
      take(headers, request.owner.headers);
    }
    const cookies = this.#cookies(url, headers['cookie'] ?? '', [this.#settings.cookies, rule?.cookies ?? null]);
    if (cookies !== '') headers['cookie'] = cookies;
    return { ...headers, ...request.range, 'accept-encoding': 'identity' };
  }

  /** A cookie that was given by hand stands before the files' one of the same name. */
  #cookies(url: URL, given: string, files: readonly (string | null)[]): string {
    const found = files.flatMap((text) => (text === null ? [] : cookiesFor(this.#parse(text), url, Date.now())));
    const pairs = [given.trim().replace(/;$/, '')].filter(Boolean);
    const names = new Set(given.split(';').map((pair) => pair.trim().split('=', 1)[0]));
    for (const { name, value } of found) {
      if (names.has(name)) continue;
      names.add(name);
      pairs.push(name === '' ? value : `${name}=${value}`);
    }
    return pairs.join('; ');
  }

  #parse(text: string): Cookie[] {
    const cookies = this.#parsed.get(text) ?? parseCookies(text);
    this.#parsed.set(text, cookies);
    return cookies;
  }
}

function take(into: Record<string, string>, headers: Record<string, string>): void {
  for (const [name, value] of Object.entries(headers)) {
    if (!OURS.has(name.toLowerCase())) into[name.toLowerCase()] = value;
  }
}

function credentialsOf(url: string): Record<string, string> {
  const split = splitCredentials(url);
  return split ? { authorization: split.authorization } : {};
}
