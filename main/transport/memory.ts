// A pair of Ports within one process; messages are cloned as JSON, so that nothing is shared by accident.
import { postedPort } from './posted.ts';
import type { Port } from './port.ts';

/** Two ends of one pipe. */
export function memoryPorts(): [Port, Port] {
  const carry = (hear: (raw: unknown) => void, value: unknown) => {
    const clone: unknown = JSON.parse(JSON.stringify(value));
    queueMicrotask(() => hear(clone));
  };
  const left = postedPort({ post: (value) => carry((raw) => right.hear(raw), value) });
  const right = postedPort({ post: (value) => carry((raw) => left.hear(raw), value) });
  return [left.port, right.port];
}
