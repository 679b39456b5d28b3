// A worker as an Electron utility process, and the engine's end of the Port to it.
import { utilityProcess, type UtilityProcess } from 'electron';
import type { SpawnedWorker } from '../engine/engine.ts';
import { Inbox } from '../transport/inbox.ts';
import type { Port } from '../transport/port.ts';

/** Starts a worker process from `entry`, a bundled script. */
export function spawnUtilityWorker(entry: string): SpawnedWorker {
  const child = utilityProcess.fork(entry, [], {
    serviceName: 'Sluice worker',
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const kill = () => {
    // The worker ignores SIGTERM on purpose (see worker.ts), and so it would this process's polite way.
    if (child.pid !== undefined) process.kill(child.pid, 'SIGKILL');
    else child.once('spawn', kill);
  };
  return {
    port: utilityProcessPort(child),
    // Known once it runs; the worker tells its pid in its hello anyway.
    get pid() {
      return child.pid;
    },
    kill,
  };
}

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
