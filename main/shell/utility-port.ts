// The engine's end of the Port to a utility process.
import type { UtilityProcess } from 'electron';
import type { Port } from '../transport/port.ts';
import { postedPort } from '../transport/posted.ts';

/**
 * The parent's end of a utility process. Messages are cloned; nothing is ever transferred, because an ArrayBuffer in a
 * transfer list does not arrive.
 */
export function utilityProcessPort(child: Pick<UtilityProcess, 'postMessage' | 'on' | 'once'>): Port {
  const { port, hear, gone } = postedPort({ post: (value) => child.postMessage(value) });
  child.on('message', hear);
  child.once('exit', () => gone({ kind: 'eof' }));
  return port;
}
