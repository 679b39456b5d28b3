// From Chromium's own trace: how long frames were, and how much processor time the page's main thread took for each.

/** @typedef {{ name: string, ph: string, pid: number, tid: number, ts: number, dur?: number, tdur?: number, args: any }} TraceEvent times in microseconds; tdur: of the processor */
/** @typedef {{ p50: number, p95: number, longest: number }} Spread in ms */

/** What has to be traced for `framesOf`. */
export const traced = ['toplevel', 'devtools.timeline'];

/**
 * The frames between the first and the last animation callback of the page.
 * @param {TraceEvent[]} events
 * @returns {{ frames: number, frame: Spread, work: Spread }}
 */
export function framesOf(events) {
  const main = events.find(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain');
  const own = events.filter(({ pid, tid, ph }) => pid === main?.pid && tid === main.tid && ph === 'X');
  const callbacks = own.filter(({ name }) => name === 'FireAnimationFrame').sort((a, b) => a.ts - b.ts);
  // A frame begins with the task in which its callbacks run; what runs until the next one is its work.
  const tasks = outermost(own.filter(({ name }) => name.endsWith('RunTask')));
  const begins = callbacks.map(({ ts }) => tasks.filter((task) => task.ts <= ts).at(-1)?.ts ?? ts);
  /** @type {number[]} */
  const lengths = [];
  /** @type {number[]} */
  const works = [];
  for (const [at, begin] of begins.entries()) {
    const end = begins[at + 1];
    if (end === undefined || end === begin) continue;
    lengths.push((end - begin) / 1000);
    const inside = tasks.filter(({ ts }) => ts >= begin && ts < end);
    works.push(inside.reduce((sum, { dur = 0, tdur = dur }) => sum + tdur, 0) / 1000);
  }
  return { frames: lengths.length, frame: spread(lengths), work: spread(works) };
}

/**
 * Tasks that are not within another one.
 * @param {TraceEvent[]} tasks
 */
function outermost(tasks) {
  let end = -Infinity;
  return tasks
    .sort((a, b) => a.ts - b.ts)
    .filter(({ ts, dur = 0 }) => {
      if (ts < end) return false;
      end = ts + dur;
      return true;
    });
}

/**
 * @param {number[]} values
 * @returns {Spread}
 */
export function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (/** @type {number} */ part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  return { p50: at(0.5), p95: at(0.95), longest: sorted.at(-1) ?? 0 };
}
