// Numbers for people: sizes, speeds, times, in the reader's locale and with widths that do not jump.

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

export type Format = ReturnType<typeof createFormat>;

/**
 * Makes the formatters of one locale. Sizes are decimal (1 kB = 1000 B) with three significant digits.
 * `clockLocale`: where the reader lives, which says whether hours go to 12 or to 24, whatever the language.
 */
export function createFormat(locale: string, clockLocale = locale) {
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const decimals = [0, 1, 2].map(
    (digits) => new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }),
  );
  const percentage = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 });
  const { hour12 = false } = new Intl.DateTimeFormat(clockLocale, { hour: 'numeric' }).resolvedOptions();
  const hourCycle = hour12 ? 'h12' : 'h23';
  const time = { hour: hour12 ? 'numeric' : '2-digit', minute: '2-digit', hourCycle } as const;
  const clock = new Intl.DateTimeFormat(locale, { ...time, second: '2-digit' });
  const precise = new Intl.DateTimeFormat(locale, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
    hourCycle: 'h23',
  });
  const hour = new Intl.DateTimeFormat(locale, time);
  const dayHour = new Intl.DateTimeFormat(locale, { ...time, weekday: 'short' });
  const fullHour = new Intl.DateTimeFormat(locale, {
    ...(hour12 ? { hour: 'numeric', hourCycle } : time),
    timeZone: 'UTC',
  });
  const days = new Intl.NumberFormat(locale, { style: 'unit', unit: 'day', unitDisplay: 'narrow' });
  const hoursOfDay = new Intl.NumberFormat(locale, {
    ...{ style: 'unit', unit: 'hour', unitDisplay: 'narrow' },
    minimumIntegerDigits: 2,
  });
  const date = { year: 'numeric', month: 'short', day: 'numeric' } as const;
  const day = new Intl.DateTimeFormat(locale, date);
  const dateTime = new Intl.DateTimeFormat(locale, { ...date, ...time });

  function size(bytes: number): string {
    let value = Math.max(0, bytes);
    let unit = 0;
    // 999.5 would be shown as 1000: it belongs to the next unit already.
    while (value >= 999.5 && unit < units.length - 1) {
      value /= 1000;
      unit += 1;
    }
    const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    return `${decimals[digits]!.format(value)} ${units[unit]}`;
  }

  /** A length of time as a stop-watch shows it: `0:24`, `1:58:40`, `3d 04h`. */
  function duration(ms: number): string {
    const seconds = Math.max(0, Math.ceil(ms / 1000));
    const two = (value: number) => String(value).padStart(2, '0');
    const minutes = Math.floor(seconds / 60);
    const hours = Math.floor(minutes / 60);
    if (hours >= 100 * 24) return `> ${days.format(99)}`;
    if (hours >= 24) return `${days.format(Math.floor(hours / 24))} ${hoursOfDay.format(hours % 24)}`;
    if (hours > 0) return `${hours}:${two(minutes % 60)}:${two(seconds % 60)}`;
    return `${minutes}:${two(seconds % 60)}`;
  }

  return {
    locale,
    count: (value: number) => whole.format(value),
    size,
    speed: (bytesPerS: number) => `${size(bytesPerS)}/s`,
    /** A part of a whole, rounded down so that 100 % is said only of what is complete. */
    percent: (done: number, total: number) =>
      percentage.format(total > 0 ? Math.floor(Math.min(1, done / total) * 100) / 100 : 0),
    duration,
    clock: (atMs: number) => clock.format(atMs),
    preciseClock: (atMs: number) => precise.format(atMs),
    /** The hour of what was today, the day of what was before. */
    when: (atMs: number, nowMs: number) => (day.format(atMs) === day.format(nowMs) ? hour : day).format(atMs),
    /** The hour of what is still today, with the day of the week before what is later. */
    until: (atMs: number, nowMs: number) => (day.format(atMs) === day.format(nowMs) ? hour : dayHour).format(atMs),
    /** An hour of any day, 0 to 24. */
    hour: (ofDay: number) => fullHour.format(Date.UTC(2026, 0, 1, ofDay)),
    dateTime: (atMs: number) => dateTime.format(atMs),
  };
}
