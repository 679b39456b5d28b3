// A logged-in connection as a Port: heartbeats, a clean `exit`, and a cap on how fast the other end may talk.
import { WhyError } from '../../shared/system-why.ts';
import { because } from '../../shared/why.ts';
import type { CloseReason, Port } from '../transport/port.ts';
import type { TcpPort } from '../transport/tcp.ts';

export interface SessionOptions {
  /** How often to say that we are here, in ms. Default 2,000. */
  beatMs?: number;
  /** A peer that has said nothing for this long is gone at the next beat, in ms. Default 7,500: within 10 s. */
  silentMs?: number;
  /** Messages a second that are taken, after a burst of twice as many; more wait in the peer. Default 50,000. */
  messagesPerS?: number;
}

/** So many messages are kept for a listener that is still to come; the rest waits in the socket. */
const MAX_EARLY = 64;

const isSignal = (message: unknown, kind: string): boolean =>
  typeof message === 'object' && message !== null && (message as { kind?: unknown }).kind === kind;

/** Takes over a port. Messages of kind `beat` and `exit` are its own; all others pass through. */
export function openSession(port: TcpPort, options: SessionOptions = {}): Port {
  const { beatMs = 2_000, silentMs = 7_500, messagesPerS = 50_000 } = options;
  let heardAt = performance.now();
  let allowance = 2 * messagesPerS;
  let countedAt = heardAt;
  let held: NodeJS.Timeout | undefined;
  let early: unknown[] | undefined = [];
  let listener: ((message: unknown) => void) | undefined;
  let closeListener: ((reason: CloseReason) => void) | undefined;
  let ended: CloseReason | undefined;
  let told = false;

  let beatAt = heardAt;
  const heart = setInterval(() => {
    const now = performance.now();
    // What waits on our own side, or while this whole process stood still, is no silence of the other's.
    if (held || early?.length || now - beatAt > 2 * beatMs) heardAt = now;
    beatAt = now;
    if (now - heardAt > silentMs)
      return end({ kind: 'error', cause: new WhyError(because('nothing-heard', { ms: silentMs })) });
    port.send({ kind: 'beat' });
  }, beatMs);

  port.onMessage((message) => {
    if (ended) return;
    heardAt = performance.now();
    slowDown();
    if (isSignal(message, 'beat')) return;
    if (isSignal(message, 'exit')) return end({ kind: 'eof' });
    if (listener) listener(message);
    else if (early?.push(message) === MAX_EARLY) port.pause();
  });
  port.onClose(end);

  function slowDown(): void {
    allowance = Math.min(2 * messagesPerS, allowance + ((heardAt - countedAt) / 1000) * messagesPerS);
    countedAt = heardAt;
    allowance--;
    if (allowance > 0 || held) return;
    port.pause();
    held = setTimeout(() => {
      held = undefined;
      port.resume();
    }, 100);
  }

  function end(reason: CloseReason): void {
    if (ended) return;
    ended = reason;
    clearInterval(heart);
    clearTimeout(held);
    port.close();
    if (reason.kind === 'closed') {
      early = undefined;
      queueMicrotask(tell);
    } else tell();
  }

  function tell(): void {
    if (!ended || !closeListener || told || early?.length) return;
    told = true;
    closeListener(ended);
  }

  return {
    send: (message) => !ended && port.send(message),
    onMessage(next) {
      listener = next;
      const waiting = early ?? [];
      early = undefined;
      for (const message of waiting) listener(message);
      if (waiting.length >= MAX_EARLY && !held) port.resume();
      tell();
    },
    onClose(next) {
      closeListener = next;
      tell();
    },
    drained: () => port.drained(),
    close() {
      if (ended) return;
      port.send({ kind: 'exit' });
      end({ kind: 'closed' });
    },
  };
}
