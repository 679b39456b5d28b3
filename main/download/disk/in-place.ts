// Quick work on files is done in place, where handing it to a thread would cost more than the work; a slow disk gets the threads.

/** An answer that took so long came from a disk that is not quick (a network's, a sleeping one, a throttled one). */
const SLOW_MS = 10;
/** So long the threads have the work then, so that a slow disk holds the loop up for a hundredth of the time at most. */
const THREADS_FACTOR = 100;

let threadsUntilMs = 0;

/**
 * Does a short operation on a file: in place while the disk answers at once, else by `inThread`. Rejects with the system's
 * error either way.
 */
export async function quickly<T>(inPlace: () => T, inThread: () => Promise<T>): Promise<T> {
  const begunMs = performance.now();
  if (begunMs < threadsUntilMs) return await inThread();
  try {
    return inPlace();
  } finally {
    const endMs = performance.now();
    if (endMs - begunMs > SLOW_MS) threadsUntilMs = endMs + (endMs - begunMs) * THREADS_FACTOR;
  }
}
