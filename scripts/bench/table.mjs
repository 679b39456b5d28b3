// Figures as a person reads them: medians, one table a work, what was to be reached.
const MiB = 1 << 20;

/** @typedef {import('./works.mjs').Work} Work */
/** @typedef {import('./works.mjs').Figures} Figures */

/**
 * One tool's part in a work.
 * @typedef {object} Row
 * @property {string} tool
 * @property {Figures[]} runs those that ended right
 * @property {string[]} wrong what went wrong in the others
 * @property {boolean} able false: it has no way to do this
 */

/**
 * @param {number[]} values
 * @returns {number}
 */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = 0, high = 0] = sorted.length % 2 === 1 ? [sorted[middle], sorted[middle]] : sorted.slice(middle - 1);
  return (low + high) / 2;
}

/**
 * The median of each figure by itself; undefined when no run ended right.
 * @param {Figures[]} runs
 * @returns {Figures | undefined}
 */
export function medians(runs) {
  const [first] = runs;
  if (!first) return undefined;
  const of = (/** @type {keyof Figures} */ name) => median(runs.map((run) => run[name]));
  return {
    wallS: of('wallS'),
    cpuS: of('cpuS'),
    peakRssBytes: of('peakRssBytes'),
    peakPssBytes: of('peakPssBytes'),
    halfwayRssBytes: of('halfwayRssBytes'),
    startS: of('startS'),
    databaseShare: of('databaseShare'),
  };
}

/** @type {(value: number, digits: number) => string} */
const fixed = (value, digits) => (value > 0 ? value.toFixed(digits) : '-');

/**
 * @param {Work} work
 * @param {Row[]} rows Sluice's first
 * @returns {string}
 */
export function table(work, rows) {
  const ours = medians(rows[0]?.runs ?? []);
  const cells = rows.map(({ tool, runs, wrong }) => {
    const of = medians(runs);
    if (!of) return [tool, `${verdict(wrong)}: ${wrong[0] ?? 'did not run'}`];
    const walls = runs.map(({ wallS }) => wallS);
    const note =
      wrong.length > 0 ? `${verdict(wrong)} in ${wrong.length} of ${wrong.length + runs.length}: ${wrong[0]}` : '';
    const memory = [fixed(of.peakRssBytes / MiB, 0), fixed(of.peakPssBytes / MiB, 0)];
    if (work.kind === 'queued') return [tool, fixed(of.startS, 2), ...memory, note];
    const amount =
      work.kind === 'many'
        ? work.files.length / of.wallS
        : work.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) / MiB / of.wallS;
    return [
      tool,
      fixed(of.wallS, 2),
      `${fixed(Math.min(...walls), 2)}-${fixed(Math.max(...walls), 2)}`,
      fixed(amount, 0),
      fixed(of.cpuS, 2),
      ...memory,
      ours ? fixed(ours.wallS / of.wallS, 2) : '-',
      ours ? fixed(ours.cpuS / of.cpuS, 2) : '-',
      note,
    ];
  });
  const head =
    work.kind === 'queued'
      ? ['tool', 'first s', 'RSS MiB', 'PSS MiB', '']
      : [
          'tool',
          'wall s',
          'range',
          work.kind === 'many' ? 'files/s' : 'MiB/s',
          'CPU s',
          'RSS MiB',
          'PSS MiB',
          'wall x',
          'CPU x',
          '',
        ];
  return aligned([head, ...cells]);
}

/** @param {string[]} wrong */
function verdict(wrong) {
  return wrong.some((each) => each.startsWith('exit')) ? 'FAILED' : 'WRONG';
}

/**
 * @param {string[][]} lines
 * @returns {string}
 */
function aligned(lines) {
  const widths =
    lines[0]?.map((_, column) =>
      Math.max(...lines.filter((line) => line.length > 2).map((line) => line[column]?.length ?? 0)),
    ) ?? [];
  return lines
    .map((line) =>
      line
        .map((cell, column) =>
          column === 0
            ? cell.padEnd(widths[0] ?? 0)
            : line.length > 2 && column < line.length - 1
              ? cell.padStart(widths[column] ?? 0)
              : cell,
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/**
 * What a work was to reach and did.
 * @param {Work} work
 * @param {import('./works.mjs').Lookup} lookup
 * @returns {{ title: string, value: number, limit: number, sense: 'at most' | 'at least', reached: boolean }[]}
 */
export function outcomes({ targets }, lookup) {
  return targets.flatMap(({ title, value, limit, sense = 'at most' }) => {
    const is = value(lookup);
    if (is === undefined) return [];
    return [{ title, value: is, limit, sense, reached: sense === 'at most' ? is <= limit : is >= limit }];
  });
}
