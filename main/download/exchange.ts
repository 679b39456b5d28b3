// One request and its answer as people may see them: names and values, what is secret in them masked.
import { EXCHANGE_HEADERS_MAX, EXCHANGE_VALUE_MAX, type Exchange } from '../../shared/download.ts';
import { maskCredentials } from '../../shared/url.ts';
import type { Answer } from './lanes/lane.ts';

/** Of a request, what Sluice says itself; any other header came from a person and may be a secret, whatever its name. */
const OPEN_TO_SERVER = new Set(['accept', 'accept-encoding', 'if-range', 'range', 'referer', 'user-agent']);
/** Of an answer, what lets somebody else in. */
const SECRET_FROM_SERVER =
  /^(?:set-cookie2?|authentication-info|proxy-authenticat.*|authorization|.*token.*|.*secret.*)$/;

/** What was asked and what was answered; long values are cut, of very many headers the first are kept. */
export function exchangeOf({ head, asked, lane }: Answer): Exchange {
  return {
    url: maskCredentials(head.url).slice(0, 4 * EXCHANGE_VALUE_MAX),
    status: head.status,
    lane,
    request: shown(Object.entries(asked), (name) => OPEN_TO_SERVER.has(name)),
    response: shown([...head.headers], (name) => !SECRET_FROM_SERVER.test(name)),
  };
}

function shown(headers: [string, string][], isOpen: (name: string) => boolean): [string, string][] {
  return headers
    .slice(0, EXCHANGE_HEADERS_MAX)
    .map(([name, value]) => [
      name.slice(0, 100),
      isOpen(name.toLowerCase()) ? maskCredentials(value).slice(0, EXCHANGE_VALUE_MAX) : '***',
    ]);
}
