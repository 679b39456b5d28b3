// What a refusal means and what a person can do about it, with the name of the host that refused.
import { hostOf } from '../../shared/url.ts';

/** Of an answer that brings no file. */
export function statusMeans(url: string, status: number): string {
  const host = hostOf(url);
  switch (status) {
    case 401:
      return `${host} wants a login (401). Give it one in the address, or in a rule for this host.`;
    case 403:
      return `${host} does not give this file away (403). It may want a login, cookies or a referrer: a rule for this host can have them.`;
    case 404:
    case 410:
      return `${host} has no such file (${status}). Look whether the link is whole.`;
    case 407:
      return `The proxy on the way to ${host} wants a login (407). It belongs into the proxy's address.`;
    case 429:
    case 503:
      return `${host} is busy (${status}). Try again later, or with fewer connections to this host.`;
    default:
      return status === 408 || status === 425 || status >= 500
        ? `${host} has trouble (${status}). Try again later.`
        : `${host} answered ${status} instead of the file. Look at the link in a browser.`;
  }
}

/** Of a link that worked once. */
export function linkIsOver(url: string, status: number): string {
  return `The link to ${hostOf(url)} does not work any more (${status}). Give the download a new one: what is here is kept.`;
}

/** Of a page where a file was expected. */
export function pageInstead(url: string): string {
  return `A web page came from ${hostOf(url)} instead of the file. Open the link in a browser and give the download the address that the file has there.`;
}
