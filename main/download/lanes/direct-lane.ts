// The direct lane: plain HTTP/1.1 asked over kept sockets, several times faster than a full client; anything unusual is left to that.
import { isIP } from 'node:net';
import { rootCertificates, type ConnectionOptions } from 'node:tls';
import type { TransferSettings } from '../../../shared/protocol.ts';
import { isUnchecked } from './agents.ts';
import type { Head } from '../answers.ts';
import { Buffers } from './buffers.ts';
import { DirectConnection } from './direct-connection.ts';
import type { Answer, Request } from './lane.ts';
import type { Replay } from './replay.ts';
import type { ResponseHead } from './response-head.ts';

/** An idle connection is closed after this long; most servers keep theirs at least five seconds. */
const IDLE_MS = 4000;

export class DirectLane {
  readonly #settings: TransferSettings;
  readonly #buffers = new Buffers();
  readonly #idle = new Map<string, DirectConnection[]>();
  #closed = false;

  constructor(settings: TransferSettings) {
    this.#settings = settings;
  }

  /** Asks for `url`. The answer again when it needs a full client; null when the request does: ask that. Rejects with the network's error. */
  async ask(
    url: URL,
    headers: Record<string, string>,
    { isLimited, signal }: Pick<Request, 'isLimited' | 'signal'>,
  ): Promise<Omit<Answer, 'asked'> | Replay | null> {
    const request = requestText(url, headers);
    if (request === null) return null;
    for (;;) {
      const connection = this.#idle.get(url.origin)?.pop() ?? this.#connect(url, isLimited);
      const { reused } = connection;
      let parsed: ResponseHead;
      try {
        parsed = await connection.ask(request, signal);
      } catch (error) {
        // The server may have closed a kept connection just as it was used again.
        if (reused && !signal.aborted && isLost(error)) continue;
        throw error;
      }
      const isRedirect = parsed.status >= 300 && parsed.status < 400;
      if (!parsed.plain && !isRedirect) return connection.surrender();
      const head: Head = { status: parsed.status, headers: parsed.headers, url: url.href, redirected: false };
      return { head, lane: 'direct', body: connection };
    }
  }

  /** Closes idle connections now and the others when their answer is over. */
  close(): void {
    this.#closed = true;
    for (const idle of this.#idle.values()) for (const connection of [...idle]) connection.drop();
  }

  #connect(url: URL, isLimited: boolean): DirectConnection {
    const connection = new DirectConnection(url, this.#security(url), this.#buffers, this.#settings, isLimited);
    let timer: NodeJS.Timeout | null = null;
    connection.onIdle = () => {
      if (this.#closed) return connection.drop();
      const idle = this.#idle.get(url.origin);
      if (idle) idle.push(connection);
      else this.#idle.set(url.origin, [connection]);
      timer = setTimeout(() => connection.drop(), IDLE_MS).unref();
    };
    connection.onBusy = () => {
      if (timer) clearTimeout(timer);
    };
    connection.onDead = () => {
      const idle = this.#idle.get(url.origin);
      const index = idle?.indexOf(connection) ?? -1;
      if (index >= 0) idle!.splice(index, 1);
      if (idle?.length === 0) this.#idle.delete(url.origin);
    };
    return connection;
  }

  #security(url: URL): ConnectionOptions {
    const { extraCa } = this.#settings;
    const host = url.hostname.replace(/^\[|\]$/g, '');
    return {
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: !isUnchecked(url, this.#settings),
      ...(isIP(host) ? {} : { servername: host }),
      ...(extraCa === null ? {} : { ca: [...rootCertificates, extraCa] }),
    };
  }
}

function isLost(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET' || code === 'EPIPE';
}

/** The request as it goes over the line. Null when a header holds what must not be in one. */
function requestText(url: URL, headers: Record<string, string>): string | null {
  let text = `GET ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\nconnection: keep-alive\r\n`;
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(value)) return null;
    text += `${name}: ${value}\r\n`;
  }
  return `${text}\r\n`;
}
