// The week's timetable of speed: each hour of each day full, limited or none, by the clock on the wall.

/** Monday first; each day 24 letters: `F` full speed, `L` limited, `N` no downloads. */
export type Week = readonly string[];
export const hourKinds = ['F', 'L', 'N'] as const;
export type HourKind = (typeof hourKinds)[number];

export const fullWeek: Week = Array.from({ length: 7 }, () => 'F'.repeat(24));

/** What the timetable says now, and until when in ms since 1970; null: for good. */
export type Scheduled = { kind: HourKind; until: number | null };

const HOUR_MS = 3_600_000;
/** A week, and the hours that a change of the clocks may add. */
const HOURS_AHEAD = 7 * 24 + 2;

/** Looks it up in local time, hour by hour, so that an hour that the clocks skip or repeat is one like any other. */
export function scheduledAt(week: Week, now: number): Scheduled {
  const kind = kindAt(week, now);
  for (let at = nextHour(now), n = 0; n < HOURS_AHEAD; at = nextHour(at), n++) {
    if (kindAt(week, at) !== kind) return { kind, until: at };
  }
  return { kind, until: null };
}

function kindAt(week: Week, at: number): HourKind {
  const local = new Date(at);
  const letter = week[(local.getDay() + 6) % 7]?.charAt(local.getHours());
  return letter === 'L' || letter === 'N' ? letter : 'F';
}

function nextHour(at: number): number {
  const local = new Date(at);
  return at + HOUR_MS - ((local.getMinutes() * 60 + local.getSeconds()) * 1000 + local.getMilliseconds());
}
