// Which file an `app:` address names, and what a page may do that came from there.
import path from 'node:path';

/** Scripts and styles of our own only; nothing is fetched, framed, embedded or posted anywhere. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The file that a URL names inside `folder`; null when it names none there. */
export function fileFor(url: string, folder: string): string | null {
  let name: string;
  try {
    const { host, pathname } = new URL(url);
    if (host !== 'sluice') return null;
    name = decodeURIComponent(pathname);
  } catch {
    return null;
  }
  const file = path.join(folder, name);
  return name.includes('\0') || !file.startsWith(folder + path.sep) ? null : file;
}
