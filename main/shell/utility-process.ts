// A worker as an Electron utility process.
import { utilityProcess } from 'electron';
import type { SpawnedWorker } from '../engine/engine.ts';
import { utilityProcessPort } from './utility-port.ts';

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
