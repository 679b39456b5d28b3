// A pair of Ports within one process; messages are cloned as JSON, so that nothing is shared by accident.
import { Inbox } from './inbox.ts';
import type { Port } from './port.ts';

/** Two ends of one pipe. */
export function memoryPorts(): [Port, Port] {
  const left = new Inbox();
  const right = new Inbox();
  return [end(left, right), end(right, left)];
}

function end(own: Inbox, other: Inbox): Port {
  return {
    send(message) {
      if (own.ended) return false;
      const clone: unknown = JSON.parse(JSON.stringify(message));
      queueMicrotask(() => other.deliver(clone));
      return true;
    },
    onMessage: (listener) => own.listen(listener),
    onClose: (listener) => own.whenClosed(listener),
    drained: () => Promise.resolve(),
    close() {
      if (own.ended) return;
      own.end({ kind: 'closed' });
      queueMicrotask(() => other.end({ kind: 'eof' }));
    },
  };
}
