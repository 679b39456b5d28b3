// Painting the week's timetable: what a stroke, a key or a preset makes of it.
import { fullWeek, hourKinds, type HourKind, type Week } from '../../../shared/schedule.ts';

export type Cell = { day: number; hour: number };

export function kindIn(week: Week, { day, hour }: Cell): HourKind {
  return (week[day]?.charAt(hour) ?? 'F') as HourKind;
}

/** The week with one hour, or all from one corner to the other, of another kind. */
export function painted(week: Week, from: Cell, to: Cell, kind: HourKind): string[] {
  const [first, last] = [Math.min(from.day, to.day), Math.max(from.day, to.day)];
  const [start, end] = [Math.min(from.hour, to.hour), Math.max(from.hour, to.hour) + 1];
  return week.map((day, index) =>
    index < first || index > last ? day : day.slice(0, start) + kind.repeat(end - start) + day.slice(end),
  );
}

export function nextKind(kind: HourKind): HourKind {
  return hourKinds[(hourKinds.indexOf(kind) + 1) % hourKinds.length]!;
}

/** Where a key leads from a cell; null: it is none of the grid's. */
export function moved({ day, hour }: Cell, key: string): Cell | null {
  switch (key) {
    case 'ArrowLeft':
      return { day, hour: Math.max(0, hour - 1) };
    case 'ArrowRight':
      return { day, hour: Math.min(23, hour + 1) };
    case 'ArrowUp':
      return { day: Math.max(0, day - 1), hour };
    case 'ArrowDown':
      return { day: Math.min(6, day + 1), hour };
    case 'Home':
      return { day, hour: 0 };
    case 'End':
      return { day, hour: 23 };
    default:
      return null;
  }
}

const everyDay = { from: { day: 0, hour: 0 }, to: { day: 6, hour: 23 } };

/** Weeks that many people want, by the name that words give them. */
export const weekPresets: Record<'always' | 'working' | 'nights', string[]> = {
  always: [...fullWeek],
  working: painted(fullWeek, { day: 0, hour: 8 }, { day: 4, hour: 17 }, 'L'),
  nights: painted(painted(fullWeek, everyDay.from, everyDay.to, 'N'), { day: 0, hour: 0 }, { day: 6, hour: 6 }, 'F'),
};
