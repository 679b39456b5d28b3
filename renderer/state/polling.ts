// Asks again and again while somebody looks.

/** Asks now and every `ms` from now on, but while the window is hidden; returns what ends it. */
export function every(ms: number, ask: () => Promise<void>): () => void {
  void ask();
  const timer = setInterval(() => {
    if (!globalThis.document?.hidden) void ask();
  }, ms);
  return () => clearInterval(timer);
}
