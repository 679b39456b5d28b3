// A clock for promises about time on a machine that does other things, too: it counts only while this process could run.
import { onTestFinished } from 'vitest';

const TICK_MS = 5;

/**
 * Starts it; it tells milliseconds since then. A moment in which the loop stood still counts as far as this process used the
 * processor meanwhile (so what blocks the loop by its own work counts in full), not as far as it waited for others.
 */
export function livedClock(): () => number {
  let livedMs = 0;
  let lastAt = performance.now();
  let lastCpu = process.cpuUsage();
  const look = (): void => {
    const now = performance.now();
    const cpu = process.cpuUsage(lastCpu);
    livedMs += Math.min(now - lastAt, Math.max(2 * TICK_MS, (cpu.user + cpu.system) / 1000));
    lastAt = now;
    lastCpu = process.cpuUsage();
  };
  const timer = setInterval(look, TICK_MS);
  onTestFinished(() => clearInterval(timer));
  return () => {
    look();
    return livedMs;
  };
}
