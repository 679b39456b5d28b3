import { expect, test } from 'vitest';
import * as v from 'valibot';
import { fullWeek } from '../../shared/schedule.ts';
import { Settings } from '../../shared/settings.ts';
import { kindIn, moved, nextKind, painted, weekPresets } from '../../renderer/views/settings/week.ts';

test('a stroke paints from one corner to the other, in whichever direction it went', () => {
  const there = painted(fullWeek, { day: 1, hour: 22 }, { day: 2, hour: 23 }, 'N');
  expect(painted(fullWeek, { day: 2, hour: 23 }, { day: 1, hour: 22 }, 'N')).toEqual(there);
  expect(there.join('').match(/N/g)).toHaveLength(4);
  expect(kindIn(there, { day: 2, hour: 22 })).toBe('N');
  expect(kindIn(there, { day: 0, hour: 22 })).toBe('F');
});

test('Space goes round, arrows stop at the edges', () => {
  expect(nextKind(nextKind(nextKind('F')))).toBe('F');
  expect(moved({ day: 0, hour: 0 }, 'ArrowUp')).toEqual({ day: 0, hour: 0 });
  expect(moved({ day: 6, hour: 22 }, 'ArrowRight')).toEqual({ day: 6, hour: 23 });
  expect(moved({ day: 3, hour: 3 }, 'End')).toEqual({ day: 3, hour: 23 });
  expect(moved({ day: 3, hour: 3 }, 'a')).toBeNull();
});

test('every preset is a week that the settings take', () => {
  for (const week of Object.values(weekPresets)) expect(v.parse(Settings, { week }).week).toEqual(week);
});
