// The week's timetable by local time: also where the clocks change.
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { fullWeek, hourKinds, scheduledAt } from '../../shared/schedule.ts';

const zone = process.env['TZ'];
afterEach(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

/** A week that is full but for some hours: `{ 0: '8L 9N' }` is Monday. */
function week(hours: Record<number, string>): string[] {
  return fullWeek.map((day, index) =>
    (hours[index] ?? '').split(' ').reduce((text, hour) => {
      const at = parseInt(hour, 10);
      return hour === '' ? text : text.slice(0, at) + hour.at(-1)! + text.slice(at + 1);
    }, day),
  );
}
const at = (text: string) => Date.parse(text);

test('the hour says what holds, and the next other hour until when', () => {
  process.env['TZ'] = 'Asia/Shanghai';
  const grid = week({ 0: '8L 9L 10N', 6: '23N' });
  // 2026-11-23 is a Monday.
  expect(scheduledAt(grid, at('2026-11-23T08:30:00+08:00'))).toEqual({
    kind: 'L',
    until: at('2026-11-23T10:00:00+08:00'),
  });
  expect(scheduledAt(grid, at('2026-11-23T10:59:59.999+08:00'))).toEqual({
    kind: 'N',
    until: at('2026-11-23T11:00:00+08:00'),
  });
  expect(scheduledAt(grid, at('2026-11-23T11:00:00+08:00'))).toEqual({
    kind: 'F',
    until: at('2026-11-29T23:00:00+08:00'),
  });
  expect(scheduledAt(grid, at('2026-11-29T23:15:00+08:00'))).toEqual({
    kind: 'N',
    until: at('2026-11-30T00:00:00+08:00'),
  });
});

test('a week of one kind has no end', () => {
  expect(scheduledAt(fullWeek, Date.now())).toEqual({ kind: 'F', until: null });
  const one = week({ 2: '5N' });
  const inside = scheduledAt(one, scheduledAt(one, Date.now()).until!);
  expect(inside.kind).toBe('N');
});

test('an hour that the clocks skip is not waited for, one that they repeat is twice as long', () => {
  process.env['TZ'] = 'Europe/Berlin';
  // Spring: 2026-03-29 (a Sunday), 02:00 becomes 03:00.
  const spring = week({ 6: '1L 2N 3L' });
  expect(scheduledAt(spring, at('2026-03-29T01:30:00+01:00'))).toEqual({
    kind: 'L',
    until: at('2026-03-29T04:00:00+02:00'),
  });
  // Autumn: 2026-10-25 (a Sunday), 03:00 becomes 02:00.
  const autumn = week({ 6: '2N' });
  expect(scheduledAt(autumn, at('2026-10-25T02:30:00+02:00'))).toEqual({
    kind: 'N',
    until: at('2026-10-25T03:00:00+01:00'),
  });
});

test.each(['Australia/Lord_Howe', 'Asia/Kolkata', 'America/St_Johns', 'UTC'])(
  'in %s nothing changes before it was said to, and then it does',
  (name) => {
    process.env['TZ'] = name;
    const day = fc
      .array(fc.constantFrom(...hourKinds), { minLength: 24, maxLength: 24 })
      .map((kinds) => kinds.join(''));
    const grids = fc.array(day, { minLength: 7, maxLength: 7 });
    fc.assert(
      fc.property(
        grids,
        fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2027-01-01T00:00:00Z') }),
        (grid, now) => {
          const { kind, until } = scheduledAt(grid, now);
          if (until === null) return;
          expect(scheduledAt(grid, until).kind).not.toBe(kind);
          for (let t = now; t < until; t += 600_000) expect(scheduledAt(grid, t)).toEqual({ kind, until });
        },
      ),
      { numRuns: 100 },
    );
  },
);
