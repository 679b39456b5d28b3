// Which limits hold now, by the settings, their rules for hosts and the clock, and which worker gets how much of each.
import { ruleFor } from '../../../shared/host-rules.ts';
import type { SharedLimit, SpeedShares } from '../../../shared/protocol.ts';
import { scheduledAt, type Scheduled } from '../../../shared/schedule.ts';
import type { Settings } from '../../../shared/settings.ts';
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

/** Smaller changes of shares than this part of them are not worth a message. */
const WORTH_TELLING = 0.02;
const NO_SHARES: SpeedShares = { all: null, hosts: {} };

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
      for (const [id, share] of divide(all, workers, leases, 'all')) next.get(id)!.all = share;
    }
    for (const { host, limitBytesPerS } of hostRules) {
      if (limitBytesPerS === null) continue;
      const theirs = leases.filter(({ stored }) => ruleFor(hostRules, stored.host)?.host === host);
      for (const [id, share] of divide(limitBytesPerS, workers, theirs, 'host')) next.get(id)!.hosts[host] = share;
    }
    // All or none: what one has more, others have less.
    if ([...next].every(([id, shares]) => isNear(this.#told.get(id) ?? NO_SHARES, shares))) return;
    for (const link of workers) {
      const shares = next.get(link.id)!;
      if (isNear(this.#told.get(link.id) ?? NO_SHARES, shares, 0)) continue;
      this.#told.set(link.id, shares);
      link.send({ kind: 'shares', shares });
    }
  }
}

function divide(
  limitBytesPerS: number,
  workers: readonly WorkerLink[],
  leases: readonly Lease[],
  limit: SharedLimit,
): Map<number, number> {
  const ids = workers.map(({ id }) => id);
  const downloads = leases
    .filter(({ holder }) => ids.includes(holder.id))
    .map(({ holder, bytesPerS, heldBy }) => ({
      worker: holder.id,
      bytesPerS,
      held: heldBy && heldBy.includes(limit),
    }));
  return shareOut(limitBytesPerS, ids, downloads);
}

function isNear(before: SpeedShares, shares: SpeedShares, part = WORTH_TELLING): boolean {
  const near = (a: number | null | undefined, b: number | null | undefined): boolean =>
    a === b || (a != null && b != null && Math.abs(a - b) <= a * part);
  const hosts = new Set([...Object.keys(before.hosts), ...Object.keys(shares.hosts)]);
  return near(before.all, shares.all) && [...hosts].every((host) => near(before.hosts[host], shares.hosts[host]));
}
