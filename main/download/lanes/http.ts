// Asks: one GET with its redirects followed by hand, over connections that are kept and shared.
import fetch, { type Response } from 'node-fetch';
import { fail } from '../../../shared/failure.ts';
import type { TransferSettings } from '../../../shared/protocol.ts';
import { maskCredentials } from '../../../shared/url.ts';
import { because } from '../../../shared/why.ts';
import { createAgents, isUnchecked, type Agents } from './agents.ts';
import { bodyLength, type Head } from '../answers.ts';
import { DirectLane } from './direct-lane.ts';
import { FailureError, noAnswer } from '../failures.ts';
import type { Answer, Request } from './lane.ts';
import { RequestHeaders } from './request-headers.ts';
import { Replay } from './replay.ts';
import { StreamBody } from './stream-body.ts';

const MAX_REDIRECTS = 20;
/** The settings that connections are made with; when others change the connections stay. */
const lineSettings = ['connectTimeoutMs', 'idleTimeoutMs', 'proxy', 'noProxy', 'extraCa', 'hosts'] as const;
/** So many answers that the direct lane could not take, and an origin is left to node-fetch. */
const UNUSUAL_MAX = 3;

export class Http {
  #settings: TransferSettings;
  #headers: RequestHeaders;
  #agents: Agents;
  #direct: DirectLane;
  /** Origins whose answers were plain, with how often the direct lane met something else there. */
  readonly #plainOrigins = new Map<string, number>();

  constructor(settings: TransferSettings) {
    this.#settings = settings;
    this.#headers = new RequestHeaders(settings);
    this.#agents = createAgents(settings);
    this.#direct = new DirectLane(settings);
  }

  /** Requests from now on follow these settings; answers that are open go on. */
  configure(settings: TransferSettings): void {
    const before = this.#settings;
    this.#headers = new RequestHeaders(settings);
    const same = lineSettings.every((name) => JSON.stringify(before[name]) === JSON.stringify(settings[name]));
    if (same) {
      this.#settings = settings;
      return;
    }
    this.close();
    this.#settings = settings;
    this.#agents = createAgents(settings);
    this.#direct = new DirectLane(settings);
  }

  /** Closes idle connections. */
  close(): void {
    this.#agents.close();
    this.#direct.close();
  }

  /**
   * Asks for `request.url` and follows redirects: at most 20, never from https to http unless the settings allow it,
   * with the owner's secrets only where they belong. Rejects with a `FailureError` or the network's error.
   */
  async ask(request: Request): Promise<Answer> {
    parseUrl(request.owner.url);
    let uncheckedHost: string | undefined;
    for (let url = parseUrl(request.url), hops = 0; ; hops += 1) {
      if (isUnchecked(url, this.#settings)) uncheckedHost ??= url.host;
      const asked = this.#headers.of(url, request);
      const answer = await this.#hop(withoutCredentials(url), asked, request);
      const location = isRedirect(answer.head.status) ? answer.head.headers.get('location') : undefined;
      if (location === undefined) {
        const head = hops === 0 ? answer.head : { ...answer.head, redirected: true };
        return { ...answer, head, asked, uncheckedHost };
      }
      answer.body.skip();
      if (hops >= MAX_REDIRECTS) {
        throw new FailureError(
          fail(
            'too-many-redirects',
            because('redirects-too-often', { most: MAX_REDIRECTS, host: url.host }),
            'by-hand',
          ),
        );
      }
      url = this.#follow(url, location);
    }
  }

  /** One request, by the fastest lane that suits. */
  async #hop(
    url: URL,
    headers: Record<string, string>,
    request: Pick<Request, 'isLimited' | 'signal'>,
  ): Promise<Omit<Answer, 'asked'>> {
    const { signal } = request;
    let replay: Replay | null = null;
    if (this.#suitsDirect(url)) {
      const answer = await this.#direct.ask(url, headers, request);
      if (answer && !(answer instanceof Replay)) return answer;
      replay = answer;
      this.#plainOrigins.set(url.origin, (this.#plainOrigins.get(url.origin) ?? 0) + 1);
    }
    const response = await this.#send(url, headers, signal, replay);
    const named = new Map<string, string>();
    for (const [name, values] of Object.entries(response.headers.raw())) named.set(name, values[0] ?? '');
    const head: Head = { status: response.status, headers: named, url: url.href, redirected: false };
    if (bodyLength(head) !== null && !this.#plainOrigins.has(url.origin)) this.#plainOrigins.set(url.origin, 0);
    const body = new StreamBody(response.body, head, this.#settings.idleTimeoutMs, signal);
    return { head, lane: 'fetch', body };
  }

  #suitsDirect(url: URL): boolean {
    const { lane } = this.#settings;
    if (lane === 'fetch' || this.#agents.proxied(url)) return false;
    return lane === 'direct' || (this.#plainOrigins.get(url.origin) ?? Infinity) < UNUSUAL_MAX;
  }

  #follow(from: URL, location: string): URL {
    // Some servers send raw UTF-8 here; Node hands it over byte by byte.
    const url = parseUrl(Buffer.from(location, 'latin1').toString('utf8'), from);
    if (from.protocol === 'https:' && url.protocol === 'http:' && !this.#settings.allowInsecureRedirect) {
      throw new FailureError(
        fail('insecure-redirect', because('redirects-to-http', { host: from.host, to: url.host }), 'by-hand'),
      );
    }
    return url;
  }

  /** `replay`: the connection that has the answer already. */
  async #send(
    url: URL,
    headers: Record<string, string>,
    signal: AbortSignal,
    replay: Replay | null,
  ): Promise<Response> {
    const agent = replay?.agent(url.protocol === 'https:') ?? (await this.#agents.for(url));
    const late = new AbortController();
    const stop = (): void => late.abort();
    if (signal.aborted) stop();
    const timer = setTimeout(stop, this.#settings.connectTimeoutMs + this.#settings.idleTimeoutMs);
    signal.addEventListener('abort', stop);
    const options = {
      redirect: 'manual',
      // Decoding is done where a truncated body is noticed.
      compress: false,
      agent,
      // It cannot be read twice, and nothing comes after this answer that could be taken for another.
      ...(replay ? { insecureHTTPParser: true } : {}),
      headers,
      signal: late.signal,
    } as const;
    try {
      return await fetch(url.href, options).catch((error: unknown) => {
        // A body with a length and chunks: the length is to be ignored (RFC 9112 6.3), which the strict parser refuses.
        if (replay || !/^HPE_\w+_(CONTENT_LENGTH|TRANSFER_ENCODING)$/.test(codeOf(error))) throw error;
        return fetch(url.href, { ...options, insecureHTTPParser: true });
      });
    } catch (error) {
      if (!late.signal.aborted && this.#agents.proxied(url) && codeOf(error) === 'undefined') {
        throw new FailureError(
          fail('refused', because('proxy-refused', { cause: maskCredentials(String(error)) }), 'soon'),
        );
      }
      if (!late.signal.aborted || signal.aborted) throw error;
      throw noAnswer(url.host);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    }
  }
}

/** Parses a URL that must be http or https. Throws a `FailureError`. */
function parseUrl(text: string, base?: URL): URL {
  let url: URL;
  try {
    url = new URL(text, base);
  } catch {
    throw new FailureError(fail('bad-url', because('not-a-url', { text: text.slice(0, 200) }), 'by-hand'));
  }
  if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  throw new FailureError(fail('unsupported-scheme', because('not-http-url', { scheme: url.protocol }), 'by-hand'));
}

function withoutCredentials(url: URL): URL {
  if (!url.username && !url.password && !url.hash) return url;
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  bare.hash = '';
  return bare;
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | null)?.code);
}

function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}
