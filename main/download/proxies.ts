// Which proxy a request goes through, from the settings or the environment, and how.
import type http from 'node:http';
import { HttpProxyAgent } from 'http-proxy-agent';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { SocksProxyAgent } from 'socks-proxy-agent';
import { fail, FailureError } from './failures.ts';

/**
 * The proxy's URL for a request to `url`, or null for none. A proxy in the settings is for everything but this machine;
 * the environment's are per scheme, with the exceptions of `NO_PROXY`.
 */
export function proxyFor(url: URL, setting: string | null, env: NodeJS.ProcessEnv): string | null {
  if (setting) return isLoopback(url.hostname) && !isLoopback(hostOf(setting)) ? null : setting;
  const name = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  // HTTP_PROXY in capitals is what a web server may set from a request's header; curl leaves it alone, too.
  const proxy =
    env[name] || (name === 'https_proxy' ? env['HTTPS_PROXY'] : undefined) || env['all_proxy'] || env['ALL_PROXY'];
  return proxy && !isExcepted(url, env['no_proxy'] ?? env['NO_PROXY'] ?? '') ? proxy : null;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host.startsWith('127.');
}

function hostOf(text: string): string {
  try {
    return new URL(text).hostname;
  } catch {
    return '';
  }
}

function isExcepted(url: URL, noProxy: string): boolean {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return noProxy
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => {
      if (entry === '*') return true;
      const [, name = '', only] = /^\*?\.?(.+?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
      if (only !== undefined && only !== port) return false;
      return url.hostname === name || url.hostname.endsWith(`.${name}`) || url.hostname === `[${name}]`;
    });
}

/** An agent that reaches http or (`secure`) https servers through `proxy`. Throws a `FailureError` when that is no proxy. */
export function proxyAgent(proxy: string, secure: boolean, options: object): http.Agent {
  const text = proxy.includes('://') ? proxy : `http://${proxy}`;
  const scheme = text.slice(0, text.indexOf(':')).toLowerCase();
  // Names are left to the proxy: this machine may not know them.
  if (/^socks[45]?[ah]?$/.test(scheme)) return new SocksProxyAgent(text.replace(/^socks5?:/, 'socks5h:'), options);
  if (scheme !== 'http' && scheme !== 'https') {
    throw new FailureError(fail('bad-url', `Not a proxy: ${scheme}`, 'by-hand'));
  }
  if (!secure) return new HttpProxyAgent(text, options);
  // Those given to the constructor are about the proxy; these are about the server behind it.
  const agent: http.Agent & { options?: object } = new HttpsProxyAgent(text, options);
  Object.assign(agent.options ?? {}, options);
  return agent;
}
