// The engine's end of the Port to a utility process.
import type { UtilityProcess } from 'electron';
import { Inbox } from '../transport/inbox.ts';
import type { Port } from '../transport/port.ts';

/**
 * The parent's end of a utility process. Messages are cloned; nothing is ever transferred, because an ArrayBuffer in a
 * transfer list does not arrive. Chromium's pipe has no visible fill level: it never says that it is full.
 */
export function utilityProcessPort(child: Pick<UtilityProcess, 'postMessage' | 'on' | 'once'>): Port {
  const inbox = new Inbox();
  child.on('message', (message: unknown) => inbox.deliver(message));
  child.once('exit', () => inbox.end({ kind: 'eof' }));
  return {
    send(message) {
      if (inbox.ended) return false;
      child.postMessage(message);
      return true;
    },
    onMessage: (listener) => inbox.listen(listener),
    onClose: (listener) => inbox.whenClosed(listener),
    drained: () => Promise.resolve(),
    close: () => inbox.end({ kind: 'closed' }),
  };
}
