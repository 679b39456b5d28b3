// Which proxy a request goes through, from the settings or the environment.
import { BlockList, isIP } from 'node:net';
import { withScheme } from '../../../shared/proxy.ts';

type ProxySettings = { proxy: string | null; noProxy: string };

/**
 * The proxy's URL for a request to `url`, or null for none. A proxy in the settings is for everything but this machine;
 * the environment's are per scheme, with the exceptions of `NO_PROXY`. The settings' exceptions hold for both.
 */
export function proxyFor(url: URL, { proxy: own, noProxy }: ProxySettings, env: NodeJS.ProcessEnv): string | null {
  if (isExcepted(url, noProxy)) return null;
  if (own) return isLoopback(url.hostname) && !isLoopback(hostOf(own)) ? null : own;
  const name = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  // HTTP_PROXY in capitals is what a web server may set from a request's header; curl leaves it alone, too.
  const proxy =
    env[name] || (name === 'https_proxy' ? env['HTTPS_PROXY'] : undefined) || env['all_proxy'] || env['ALL_PROXY'];
  return proxy && !isExcepted(url, env['no_proxy'] ?? env['NO_PROXY'] ?? '') ? proxy : null;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host.startsWith('127.');
}

function hostOf(proxy: string): string {
  return parsed(withScheme(proxy))?.hostname ?? '';
}

export function parsed(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

/** Whether a `NO_PROXY` list names the host: `*`, a name with those below it, an address, a subnet, each with a port or without. */
function isExcepted(url: URL, noProxy: string): boolean {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => {
      if (entry === '*') return true;
      const [, address = '', bits] = /^([\d.]+|[0-9a-f:]+:[0-9a-f:.]*)\/(\d{1,3})$/.exec(entry) ?? [];
      if (bits !== undefined) return isWithin(host, address, Number(bits));
      if (entry.replace(/^\[|\]$/g, '') === host) return true;
      const [, name = '', only] = /^\*?\.?(.+?)(?::(\d+))?$/.exec(entry) ?? [];
      if (only !== undefined && only !== port) return false;
      return host === name.replace(/^\[|\]$/g, '') || host.endsWith(`.${name}`);
    });
}

function isWithin(host: string, address: string, bits: number): boolean {
  const family = isIP(host);
  if (family === 0 || isIP(address) !== family || bits > (family === 4 ? 32 : 128)) return false;
  const subnet = new BlockList();
  const type = family === 4 ? 'ipv4' : 'ipv6';
  subnet.addSubnet(address, bits, type);
  return subnet.check(host, type);
}
