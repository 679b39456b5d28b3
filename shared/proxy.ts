// How a proxy is written: as its address, or as a host with its port.
import { hostOf } from './url.ts';

/** A proxy's address; one without a scheme is an HTTP proxy's. */
export function withScheme(proxy: string): string {
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

/** Whether it is one of HTTP, HTTPS or SOCKS, with a host. */
export function isProxy(text: string): boolean {
  const [, scheme = '', rest = ''] = /^([^:/]*):\/\/(.*)$/s.exec(withScheme(text)) ?? [];
  // Of schemes that it does not know, a parser takes any host.
  return /^(https?|socks[45]?[ah]?)$/i.test(scheme) && hostOf(`http://${rest}`) !== '';
}
