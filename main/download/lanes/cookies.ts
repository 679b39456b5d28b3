// Cookies out of a Netscape cookies.txt, matched to each request by domain, path, secure and expiry (RFC 6265 5.1.3, 5.1.4, 5.4).

export interface Cookie {
  name: string;
  value: string;
  domain: string;
  /** Whether it is for the domain's subdomains, too. */
  subdomains: boolean;
  path: string;
  /** Only over https. */
  secure: boolean;
  /** In ms since 1970; Infinity: as long as the session. */
  expiresAt: number;
}

/**
 * The cookies of a Netscape cookies.txt: seven fields a line, divided by tabs: domain, subdomains, path, secure, expiry in
 * seconds, name, value. `#HttpOnly_` before a domain is no comment. Lines that are no cookie are passed over.
 */
export function parseCookies(text: string): Cookie[] {
  return text.split(/\r\n?|\n/).flatMap((line): Cookie[] => {
    const plain = line.startsWith('#HttpOnly_') ? line.slice('#HttpOnly_'.length) : line;
    if (plain.startsWith('#')) return [];
    const [domain = '', subdomains = '', path = '', secure = '', expires = '', name, value = ''] = plain.split('\t');
    // What would be two headers, or not fit into one, is no cookie.
    if (name === undefined || domain === '' || !/^[\x21-\x3a\x3c-\x7e]*$/.test(name)) return [];
    if (!/^[\x20-\x3a\x3c-\x7e]*$/.test(value) || !/^\d{1,12}(\.\d*)?$/.test(expires)) return [];
    const seconds = Number(expires);
    return [
      {
        name,
        value,
        domain: domain.replace(/^\./, '').toLowerCase(),
        subdomains: subdomains.toUpperCase() === 'TRUE',
        path: path.startsWith('/') ? path : '/',
        secure: secure.toUpperCase() === 'TRUE',
        expiresAt: seconds === 0 ? Infinity : seconds * 1000,
      },
    ];
  });
}

/** Those that go along with a request to `url`: longer paths first. */
export function cookiesFor(cookies: readonly Cookie[], url: URL, nowMs: number): Cookie[] {
  return cookies
    .filter(
      (cookie) =>
        isDomain(cookie, url.hostname.toLowerCase()) &&
        isPath(cookie.path, url.pathname) &&
        (!cookie.secure || url.protocol === 'https:') &&
        cookie.expiresAt > nowMs,
    )
    .sort((a, b) => b.path.length - a.path.length);
}

function isDomain({ domain, subdomains }: Cookie, host: string): boolean {
  if (host === domain) return true;
  // An address has no subdomains, though it may end like one.
  return subdomains && host.endsWith(`.${domain}`) && !/^[\d.]+$|^\[/.test(host);
}

function isPath(path: string, asked: string): boolean {
  return asked === path || (asked.startsWith(path) && (path.endsWith('/') || asked.charAt(path.length) === '/'));
}
