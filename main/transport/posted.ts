// A Port over anything that carries posted values in order and never says that it is full: the reader tells what it has taken.
import { Inbox } from './inbox.ts';
import type { CloseReason, Port } from './port.ts';

/** As many messages may wait for the other end to take them before `send` says that the pipe is full. */
const FULL_AT = 128;
/** What was taken is told in portions, so that the telling costs next to nothing; a full pipe has room again at this. */
const PORTION = 32;
const ROOM_AT = FULL_AT / 2;

/** What travels: what was said in one go, how many messages were taken, and the last word. */
type Posted = { messages: unknown[] } | { taken: number } | { end: true };

export type Channel = {
  /** Carries a value to the other end, behind those before it. */
  post(value: Posted): void;
  /** Lets go of what carries, once what was posted is away. */
  leave?(): void;
};

/** The Port, and what its owner tells it: `hear` what came, `gone` when nothing will come any more. */
export function postedPort(channel: Channel): {
  port: Port;
  hear: (raw: unknown) => void;
  gone: (reason: CloseReason) => void;
} {
  const inbox = new Inbox();
  // What is said in one go travels in one go: carrying each message by itself would cost more than the message.
  let batch: unknown[] = [];
  let waiting = 0;
  let untold = 0;
  let wakers: (() => void)[] = [];

  const wake = () => {
    const woken = wakers;
    wakers = [];
    for (const resolve of woken) resolve();
  };
  const flush = () => {
    if (batch.length === 0) return;
    const messages = batch;
    batch = [];
    channel.post({ messages });
  };
  const gone = (reason: CloseReason) => {
    inbox.end(reason);
    wake();
  };
  const tookOne = () => {
    if (++untold < PORTION || inbox.ended) return;
    channel.post({ taken: untold });
    untold = 0;
  };

  return {
    hear(raw) {
      const posted = raw as Partial<Posted> | null;
      if (typeof posted !== 'object' || posted === null) inbox.deliver(raw);
      else if ('messages' in posted && Array.isArray(posted.messages)) {
        for (const message of posted.messages) inbox.deliver(message);
      } else if ('taken' in posted && typeof posted.taken === 'number') {
        waiting -= posted.taken;
        if (waiting < ROOM_AT) wake();
      } else if ('end' in posted) gone({ kind: 'eof' });
      // No word of ours; the reader will say so.
      else inbox.deliver(raw);
    },
    gone,
    port: {
      send(message) {
        if (inbox.ended) return false;
        waiting++;
        if (batch.push(message) === 1) queueMicrotask(flush);
        return waiting < FULL_AT;
      },
      onMessage: (listener) =>
        inbox.listen((message) => {
          listener(message);
          tookOne();
        }),
      onClose: (listener) => inbox.whenClosed(listener),
      drained: () =>
        waiting < ROOM_AT || inbox.ended ? Promise.resolve() : new Promise((resolve) => wakers.push(resolve)),
      close() {
        if (inbox.ended) return;
        flush();
        channel.post({ end: true });
        gone({ kind: 'closed' });
        channel.leave?.();
      },
    },
  };
}
