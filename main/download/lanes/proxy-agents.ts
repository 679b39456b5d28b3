// How requests go through a proxy; loaded when the first one does.
import type http from 'node:http';
import { HttpProxyAgent } from 'http-proxy-agent';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { SocksProxyAgent } from 'socks-proxy-agent';
import { fail } from '../../../shared/failure.ts';
import { withScheme } from '../../../shared/proxy.ts';
import { because } from '../../../shared/why.ts';
import { FailureError } from '../failures.ts';
import { parsed } from './proxies.ts';

/**
 * An agent that reaches http or (`secure`) https servers through `proxy`: with `options` the servers, with what
 * `optionsFor` says the proxy itself. Throws a `FailureError` when that is no proxy.
 */
export function proxyAgent(
  proxy: string,
  secure: boolean,
  options: object,
  optionsFor: (proxy: URL) => object,
): http.Agent {
  const text = withScheme(proxy);
  const scheme = text.slice(0, text.indexOf(':')).toLowerCase();
  const url = parsed(text);
  if (!url || url.hostname === '') throw new FailureError(fail('bad-url', because('proxy-no-address'), 'by-hand'));
  // Names are left to the proxy: this machine may not know them.
  if (/^socks[45]?[ah]?$/.test(scheme)) return new SocksProxyAgent(text.replace(/^socks5?:/, 'socks5h:'), options);
  if (scheme !== 'http' && scheme !== 'https') {
    throw new FailureError(fail('bad-url', because('not-a-proxy', { scheme }), 'by-hand'));
  }
  if (!secure) return new HttpProxyAgent(text, optionsFor(url));
  // Those given to the constructor are about the proxy; these are about the server behind it.
  const agent: http.Agent & { options?: object } = new HttpsProxyAgent(text, optionsFor(url));
  Object.assign(agent.options ?? {}, options);
  return agent;
}
