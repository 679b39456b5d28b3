// Connections kept alive and shared by host, with a time limit on connecting and the certificates a person trusts.
import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { rootCertificates } from 'node:tls';
import { ruleFor } from '../../../shared/host-rules.ts';
import type { TransferSettings } from '../../../shared/protocol.ts';
import { noConnection } from '../failures.ts';
import { proxyFor } from './proxies.ts';

export interface Agents {
  /** Rejects with a `FailureError` where the proxy is none. */
  for(url: URL): Promise<http.Agent>;
  /** Whether requests to `url` go through a proxy. */
  proxied(url: URL): boolean;
  /** Closes idle connections; the others when their answer is over. */
  close(): void;
}

const keep = { keepAlive: true, maxFreeSockets: 64, scheduling: 'lifo' } as const;

/** Agents for one state of the settings; each is made when it is first needed. */
export function createAgents(settings: TransferSettings, env: NodeJS.ProcessEnv = process.env): Agents {
  const made = new Map<string, http.Agent>();
  const proxies = new Map<string, string | null>();
  const trust = settings.extraCa === null ? {} : { ca: [...rootCertificates, settings.extraCa] };
  // Looking into the environment for each request would cost more than the request's own head.
  const proxyOf = (url: URL): string | null => {
    let proxy = proxies.get(url.origin);
    if (proxy === undefined) proxies.set(url.origin, (proxy = proxyFor(url, settings, env)));
    return proxy;
  };
  const make = async (url: URL, proxy: string | null): Promise<http.Agent> => {
    const secure = url.protocol === 'https:';
    const optionsFor = (to: URL): object =>
      isUnchecked(to, settings) ? { ...keep, rejectUnauthorized: false } : { ...keep, ...trust };
    const options = optionsFor(url);
    if (proxy !== null) {
      const { proxyAgent } = await import('./proxy-agents.ts');
      return proxyAgent(proxy, secure, options, optionsFor);
    }
    const { connectTimeoutMs } = settings;
    return secure
      ? withConnectTimeout(new https.Agent(options), 'secureConnect', connectTimeoutMs)
      : withConnectTimeout(new http.Agent(options), 'connect', connectTimeoutMs);
  };
  return {
    async for(url) {
      const proxy = proxyOf(url);
      const key = `${url.protocol} ${isUnchecked(url, settings)} ${proxy}`;
      const agent = made.get(key) ?? (await make(url, proxy));
      // Another request may have made one meanwhile.
      const kept = made.get(key) ?? agent;
      made.set(key, kept);
      return kept;
    },
    proxied: (url) => proxyOf(url) !== null,
    close: () => [...made.values()].forEach(closeIdle),
  };
}

/** Whether a person chose not to have the certificate of `url`'s host checked. */
export function isUnchecked(url: URL, { hosts }: TransferSettings): boolean {
  return url.protocol === 'https:' && ruleFor(hosts, url.host)?.insecure === true;
}

/** Unlike `destroy`, leaves alone what is in use; that closes when it is done. */
function closeIdle(agent: http.Agent): void {
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  agent.maxFreeSockets = 0;
}

type Connect = (options: object, done?: (error: Error | null, socket?: Duplex) => void) => Duplex | undefined;

function withConnectTimeout<A extends http.Agent>(agent: A, connected: string, timeoutMs: number): A {
  const connecting = agent as unknown as { createConnection: Connect };
  const connect = connecting.createConnection.bind(agent);
  connecting.createConnection = (options, done) => {
    const socket = connect(options, done);
    if (!socket) return socket;
    const timer = setTimeout(() => {
      socket.destroy(noConnection(timeoutMs));
    }, timeoutMs);
    socket.once(connected, () => clearTimeout(timer));
    socket.once('close', () => clearTimeout(timer));
    return socket;
  };
  return agent;
}
