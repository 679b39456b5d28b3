// How parts of a whole are drawn: as one striped bar, or as a field of cells. Parts are fractions, sorted, not overlapping.

export type Part = readonly [start: number, end: number];
export type Tone = 'accent' | 'warn' | 'bad' | 'ok';

/** Parts as one CSS background, whatever their number. Parts thinner than a hair are drawn as a hair. */
export function stripes(parts: readonly Part[]): string {
  const stops: string[] = [];
  for (const [start, end] of parts) {
    const from = (start * 100).toFixed(2);
    const to = (Math.max(end, start + 0.004) * 100).toFixed(2);
    stops.push(`transparent ${from}%, currentcolor ${from}%, currentcolor ${to}%, transparent ${to}%`);
  }
  return stops.length === 0 ? 'none' : `linear-gradient(to right, ${stops.join(', ')})`;
}

/** How full each of `count` equal cells is, 0 to 1. */
export function cellsOf(parts: readonly Part[], count: number): number[] {
  const cells = new Array<number>(count).fill(0);
  for (const [start, end] of parts) {
    for (let cell = Math.floor(start * count); cell < Math.min(count, Math.ceil(end * count)); cell += 1) {
      const there = Math.min(end * count, cell + 1) - Math.max(start * count, cell);
      cells[cell] = Math.min(1, cells[cell]! + Math.max(0, there));
    }
  }
  return cells;
}
