// Connections kept alive and shared by host, with a time limit on connecting and the certificates a person trusts.
import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { rootCertificates } from 'node:tls';
import type { TransferSettings } from '../../shared/protocol.ts';

export interface Agents {
  for(url: URL): http.Agent;
  /** Closes idle connections; the others when their answer is over. */
  close(): void;
}

const keep = { keepAlive: true, maxFreeSockets: 64, scheduling: 'lifo' } as const;

/** Agents for one state of the settings. */
export function createAgents(settings: TransferSettings): Agents {
  const trust = settings.extraCa === null ? {} : { ca: [...rootCertificates, settings.extraCa] };
  const plain = withConnectTimeout(new http.Agent(keep), settings.connectTimeoutMs);
  const secure = withConnectTimeout(new https.Agent({ ...keep, ...trust }), settings.connectTimeoutMs);
  const unchecked = withConnectTimeout(
    new https.Agent({ ...keep, rejectUnauthorized: false }),
    settings.connectTimeoutMs,
  );
  return {
    for(url) {
      if (url.protocol === 'http:') return plain;
      return settings.insecureHosts.includes(url.hostname) || settings.insecureHosts.includes(url.host)
        ? unchecked
        : secure;
    },
    close: () => [plain, secure, unchecked].forEach(closeIdle),
  };
}

/** Unlike `destroy`, leaves alone what is in use; that closes when it is done. */
function closeIdle(agent: http.Agent): void {
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  agent.maxFreeSockets = 0;
}

type Connect = (options: object, done?: (error: Error | null, socket?: Duplex) => void) => Duplex | undefined;

function withConnectTimeout<A extends http.Agent>(agent: A, timeoutMs: number): A {
  const connecting = agent as unknown as { createConnection: Connect };
  const connect = connecting.createConnection.bind(agent);
  connecting.createConnection = (options, done) => {
    const socket = connect(options, done);
    if (!socket) return socket;
    const timer = setTimeout(() => {
      socket.destroy(Object.assign(new Error(`No connection within ${timeoutMs} ms`), { code: 'ETIMEDOUT' }));
    }, timeoutMs);
    const connected = agent instanceof https.Agent ? 'secureConnect' : 'connect';
    socket.once(connected, () => clearTimeout(timer));
    socket.once('close', () => clearTimeout(timer));
    return socket;
  };
  return agent;
}
