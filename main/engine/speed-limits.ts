// Which limits hold now, by the settings, their rules for hosts and the clock, and which worker gets how much of each.
import { ruleFor } from '../../shared/host-rules.ts';
import type { SpeedShares } from '../../shared/protocol.ts';
import { scheduledAt, type Scheduled } from '../../shared/schedule.ts';
import type { Settings } from '../../shared/settings.ts';
import type { Lease } from './lease.ts';
import { shareOut } from './speed-share.ts';
import type { WorkerLink } from './worker-link.ts';

export type SpeedLimitsParts = {
  settings: () => Settings;
  now: () => number;
  /** Workers on this machine that take messages. */
  workers: () => readonly WorkerLink[];
  leases: () => Iterable<Lease>;
};

/** Smaller changes of a share than this part of it are not worth a message. */
const WORTH_TELLING = 0.02;

export class SpeedLimits {
  readonly #parts: SpeedLimitsParts;
  readonly #told = new Map<number, SpeedShares>();
  #schedule: { week: Settings['week']; at: number; scheduled: Scheduled } | null = null;

  constructor(parts: SpeedLimitsParts) {
    this.#parts = parts;
  }

  /** What the week's timetable says now; null when there is none. */
  get scheduled(): Scheduled | null {
    const { scheduleOn, week } = this.#parts.settings();
    if (!scheduleOn) return null;
    const now = this.#parts.now();
    const known = this.#schedule;
    // The clock may have been set back.
    if (known?.week === week && now >= known.at && now < (known.scheduled.until ?? Infinity)) return known.scheduled;
    const scheduled = scheduledAt(week, now);
    this.#schedule = { week, at: now, scheduled };
    return scheduled;
  }

  /** The limit for all downloads together that holds now. */
  get allBytesPerS(): number | null {
    const { limitBytesPerS, scheduleLimitBytesPerS } = this.#parts.settings();
    if (this.scheduled?.kind !== 'L') return limitBytesPerS;
    return Math.min(limitBytesPerS ?? Infinity, scheduleLimitBytesPerS);
  }

  /** A worker is gone. */
  forget(link: WorkerLink): void {
    this.#told.delete(link.id);
  }

  /** Moves the limits to where they are used; tells the workers whose shares changed. */
  share(): void {
    const workers = this.#parts.workers();
    const leases = [...this.#parts.leases()].filter(({ ahead }) => !ahead);
    const { hostRules } = this.#parts.settings();
    const next = new Map<number, SpeedShares>(workers.map(({ id }) => [id, { all: null, hosts: {} }]));
    const all = this.allBytesPerS;
    if (all !== null) {
      for (const [id, share] of this.#divide(all, workers, leases, (told) => told.all)) next.get(id)!.all = share;
    }
    for (const { host, limitBytesPerS } of hostRules) {
      if (limitBytesPerS === null) continue;
      const theirs = leases.filter(({ stored }) => ruleFor(hostRules, stored.host)?.host === host);
      const shares = this.#divide(limitBytesPerS, workers, theirs, (told) => told.hosts[host] ?? null);
      for (const [id, share] of shares) next.get(id)!.hosts[host] = share;
    }
    for (const link of workers) {
      const shares = next.get(link.id)!;
      const before = this.#told.get(link.id);
      if (before ? isNear(before, shares) : shares.all === null && Object.keys(shares.hosts).length === 0) continue;
      this.#told.set(link.id, shares);
      link.send({ kind: 'shares', shares });
    }
  }

  #divide(
    limitBytesPerS: number,
    workers: readonly WorkerLink[],
    leases: readonly Lease[],
    shareIn: (told: SpeedShares) => number | null,
  ): Map<number, number> {
    const sharers = workers.map((link) => {
      const own = leases.filter(({ holder }) => holder === link);
      const told = this.#told.get(link.id);
      return {
        id: link.id,
        tasks: own.length,
        bytesPerS: own.reduce((sum, lease) => sum + lease.bytesPerS, 0),
        share: told ? shareIn(told) : null,
      };
    });
    return shareOut(limitBytesPerS, sharers);
  }
}

function isNear(before: SpeedShares, shares: SpeedShares): boolean {
  const near = (a: number | null | undefined, b: number | null | undefined): boolean =>
    a === b || (a != null && b != null && Math.abs(a - b) < a * WORTH_TELLING);
  const hosts = new Set([...Object.keys(before.hosts), ...Object.keys(shares.hosts)]);
  return near(before.all, shares.all) && [...hosts].every((host) => near(before.hosts[host], shares.hosts[host]));
}
