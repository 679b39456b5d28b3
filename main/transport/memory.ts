// A pair of Ports within one process; messages are cloned as JSON, so that nothing is shared by accident.
import { Inbox } from './inbox.ts';
import type { Port } from './port.ts';

/** Two ends of one pipe. */
export function memoryPorts(): [Port, Port] {
  const left = new Inbox();
  const right = new Inbox();
  return [end(left, right), end(right, left)];
}

/** As many messages may be on their way before `send` says that the pipe is full. */
const FULL_AT = 128;

function end(own: Inbox, other: Inbox): Port {
  let underWay = 0;
  const waiting: (() => void)[] = [];
  const drain = () => {
    for (const resolve of waiting.splice(0)) resolve();
  };
  return {
    send(message) {
      if (own.ended) return false;
      const clone: unknown = JSON.parse(JSON.stringify(message));
      underWay++;
      queueMicrotask(() => {
        underWay--;
        other.deliver(clone);
        if (underWay === 0) drain();
      });
      return underWay < FULL_AT;
    },
    onMessage: (listener) => own.listen(listener),
    onClose: (listener) => own.whenClosed(listener),
    drained: () => (underWay === 0 || own.ended ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    close() {
      if (own.ended) return;
      own.end({ kind: 'closed' });
      queueMicrotask(() => other.end({ kind: 'eof' }));
    },
  };
}
