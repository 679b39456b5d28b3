// Reads the CPU profiles that Node writes: how much of a process's time went to the database.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {{ id: number, callFrame: { functionName: string, url: string }, children?: number[] }} ProfileNode
 * @typedef {{ nodes: ProfileNode[], samples: number[], timeDeltas: number[], startTime: number, endTime: number }} Profile
 */

/**
 * The share of one core that the engine's process spent under its store.
 * @param {string} folder where the profiles of all its processes are
 * @returns {number} 0 to 1
 */
export function databaseShare(folder) {
  const profiles = readdirSync(folder)
    .filter((name) => name.endsWith('.cpuprofile'))
    .map((name) => /** @type {Profile} */ (JSON.parse(readFileSync(join(folder, name), 'utf8'))));
  const engines = profiles.filter(({ nodes }) => nodes.some(({ callFrame }) => isStore(callFrame.url)));
  return Math.max(0, ...engines.map(shareUnderStore));
}

/** @param {string} url */
function isStore(url) {
  return url.includes('/engine/store/') || url.includes('/better-sqlite3/');
}

/** @param {Profile} profile */
function shareUnderStore({ nodes, samples, timeDeltas, startTime, endTime }) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  /** @type {Set<number>} */
  const under = new Set();
  const mark = (/** @type {ProfileNode} */ node, /** @type {boolean} */ inside) => {
    // Opening the list comes before the downloads.
    if (node.callFrame.url.endsWith('/engine/store/open.ts')) return;
    // What the engine does within a transaction is its own work; what has no file (SQLite, the system) is its caller's.
    const here = node.callFrame.url.startsWith('file:') ? isStore(node.callFrame.url) : inside;
    if (here) under.add(node.id);
    for (const id of node.children ?? []) {
      const child = byId.get(id);
      if (child) mark(child, here);
    }
  };
  const [top] = nodes;
  if (top) mark(top, false);
  const inStore = samples.reduce((sum, id, index) => sum + (under.has(id) ? (timeDeltas[index] ?? 0) : 0), 0);
  return inStore / (endTime - startTime);
}
