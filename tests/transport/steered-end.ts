// An end of a Port in another process, steered line by line: what is told to do, what it tells, and the stand-in that tells it.
import type { Readable, Writable } from 'node:stream';
import { createInterface } from 'node:readline';
import { Inbox } from '../../main/transport/inbox.ts';
import type { CloseReason, Port } from '../../main/transport/port.ts';

type Order = { send: unknown } | { listen: true } | { close: true };
type Said = { message: unknown } | { closed: CloseReason['kind'] };

/** In the other process: does what it is told with its end. `leave` runs once the port has ended and that was told. */
export function obey(port: Port, orders: Readable, tellTo: Writable, leave: () => void): void {
  const tell = (said: Said, then?: () => void) => void tellTo.write(`${JSON.stringify(said)}\n`, then);
  port.onClose(({ kind }) => tell({ closed: kind }, () => setTimeout(leave, 50)));
  createInterface({ input: orders }).on('line', (line) => {
    const order = JSON.parse(line) as Order;
    if ('send' in order) port.send(order.send);
    else if ('close' in order) port.close();
    else port.onMessage((message) => tell({ message }));
  });
}

/** Here: the stand-in for that end. */
export function steer(orders: Writable, told: Readable): Port {
  const inbox = new Inbox();
  createInterface({ input: told }).on('line', (line) => {
    const said = JSON.parse(line) as Said;
    if ('closed' in said)
      inbox.end(
        said.closed === 'eof' || said.closed === 'closed' ? { kind: said.closed } : { kind: 'error', cause: null },
      );
    else inbox.deliver(said.message);
  });
  const order = (what: Order) => orders.write(`${JSON.stringify(what)}\n`);
  orders.on('error', () => undefined);
  return {
    send: (message) => !inbox.ended && order({ send: message }),
    onMessage(listener) {
      inbox.listen(listener);
      order({ listen: true });
    },
    onClose: (listener) => inbox.whenClosed(listener),
    drained: () => Promise.resolve(),
    close: () => void order({ close: true }),
  };
}
