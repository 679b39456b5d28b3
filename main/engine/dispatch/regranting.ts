// Shares the connections of a host out anew among the downloads that run, as others come and go.
import type { Desk, Turn } from './desk.ts';
import { placesOf, type Lease } from './lease.ts';
import { hostPlaces } from './scheduler.ts';

/** Not more often than this, and not for those that began less long ago: most are done sooner. */
const EVERY_MS = 500;

/**
 * How many connections each of `running` should have of a host's `places`, while `waiting` more could start if it had room.
 * Nobody is left without one; what one has beyond its share is taken only for another that waits, or when all have more than
 * there are: a host was seen to take fewer. `own`: what it has of its own instead of `perDownload`.
 */
export function regrant(
  running: readonly { connections: number; own?: number | null }[],
  places: number,
  waiting: number,
  perDownload: number,
): number[] {
  const share = Math.max(1, Math.floor(places / Math.max(1, running.length + waiting)));
  const isShort = waiting > 0 || running.reduce((sum, { connections }) => sum + connections, 0) > places;
  return running.map(({ connections, own }) => {
    const most = own ?? perDownload;
    const granted = Math.min(most, share);
    return isShort ? Math.min(connections, granted) : Math.max(Math.min(connections, most), granted);
  });
}

export class Regranting {
  readonly #desk: Desk;
  #lookedAt = -Infinity;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /**
   * Looks at all hosts in use by `leases`, those that this turn begins among them; `free`: how many more downloads could run.
   * What changes is told after the turn.
   */
  look(turn: Turn, leases: readonly Lease[], free: number): void {
    const { store, now, settings } = this.#desk.options;
    if (now() - this.#lookedAt < EVERY_MS) return;
    this.#lookedAt = now();
    const limits = settings();
    const settled = leases.filter((lease) => lease.ending === null && now() - lease.leasedAt >= EVERY_MS);
    if (settled.length === 0) return;
    const running = leases.map((lease) => placesOf(lease, turn.begun.get(lease)));
    const hosts = hostPlaces(running, (host) => this.#desk.capOf(host), limits);
    const queued = store.queued.ofHosts(hosts.map(({ host }) => host));
    for (const { host, used, places } of hosts) {
      // One that is new counts, but keeps what it was given.
      const all = leases.filter(({ stored }) => stored.host === host);
      const isSettled = all.every((lease) => settled.includes(lease));
      const waits = queued.get(host) ?? 0;
      const waiting = Math.min(waits, free, Math.max(0, places - all.length));
      if (!isSettled || (used <= places && waits > 0 && (waiting === 0 || used < places))) continue;
      const each = all.map(({ connections, stored }) => ({ connections, own: stored.connections }));
      // What others have there, for which it is a mirror, they keep.
      const ofMirrors = leases.reduce((sum, { mirrorConnections }) => sum + (mirrorConnections[host] ?? 0), 0);
      const grants = regrant(each, places - ofMirrors, waiting, limits.connectionsPerDownload);
      turn.after.push(() => all.forEach((lease, index) => this.#tell(lease, grants[index]!)));
    }
  }

  #tell(lease: Lease, connections: number): void {
    if (connections === lease.connections || this.#desk.leases.get(lease.id) !== lease) return;
    lease.connections = connections;
    lease.holder.send({ kind: 'connections', id: lease.id, epoch: lease.epoch, connections });
  }
}
