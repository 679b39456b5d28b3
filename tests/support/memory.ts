// How much memory is really in use: measured right after the garbage is gone.
import v8 from 'node:v8';
import vm from 'node:vm';

v8.setFlagsFromString('--expose-gc');
const collectGarbage = vm.runInNewContext('gc') as () => void;

/** In MiB: the heap with what hangs on it, and the process as the system sees it. */
export function memoryMiB(): { heap: number; rss: number } {
  collectGarbage();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: (heapUsed + external) / 1024 / 1024, rss: rss / 1024 / 1024 };
}
