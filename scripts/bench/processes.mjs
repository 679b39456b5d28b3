// What Linux tells of processes: their children, their memory, the time they took.
import { readdirSync, readFileSync } from 'node:fs';

const PAGE_BYTES = 4096;

/**
 * Everything that a process started and that still runs, without itself.
 * @param {number} pid
 * @returns {number[]}
 */
export function descendants(pid) {
  const children = tasksOf(pid).flatMap((task) =>
    read(`/proc/${pid}/task/${task}/children`)
      .split(' ')
      .map(Number)
      .filter((child) => child > 0),
  );
  return children.flatMap((child) => [child, ...descendants(child)]);
}

/** @param {number} pid */
function tasksOf(pid) {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** @param {number} pid */
export function rssBytes(pid) {
  return Number(read(`/proc/${pid}/statm`).split(' ')[1] ?? 0) * PAGE_BYTES;
}

/** @param {number} pid */
export function pssBytes(pid) {
  return Number(/^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1024;
}

/** @param {number} pid */
export function cpuTicks(pid) {
  const stat = read(`/proc/${pid}/stat`);
  // The name stands in brackets and may hold anything; user and system time are the 12th and 13th after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
}

/**
 * The text of a file of /proc; empty when the process is gone.
 * @param {string} path
 */
export function read(path) {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
