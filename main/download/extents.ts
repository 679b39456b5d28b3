// The algebra of byte ranges: sorted, not touching, `[start, end)`; pure.
import type { Extent } from '../../shared/download.ts';

export type Extents = readonly Extent[];

/** `extents` with `[start, end)` added, merged with what it touches. */
export function addExtent(extents: Extents, start: number, end: number): Extent[] {
  if (start >= end) return [...extents];
  const result: Extent[] = [];
  let [from, to] = [start, end];
  let placed = false;
  for (const extent of extents) {
    if (extent[1] < from) result.push(extent);
    else if (extent[0] > to) {
      if (!placed) result.push([from, to]);
      placed = true;
      result.push(extent);
    } else {
      from = Math.min(from, extent[0]);
      to = Math.max(to, extent[1]);
    }
  }
  if (!placed) result.push([from, to]);
  return result;
}

/** `extents` without `gone`. */
export function without(extents: Extents, gone: Extents): Extent[] {
  return extents.flatMap(([start, end]) =>
    runsOf(gone, start, end)
      .filter(({ known }) => !known)
      .map((run) => [run.start, run.end] satisfies Extent),
  );
}

/** Whether the two have a byte in common. */
export function meets(one: Extents, other: Extents): boolean {
  return one.some(([start, end]) => other.some((range) => range[0] < end && start < range[1]));
}

/** What is missing of `[0, totalBytes)`. */
export function gapsOf(extents: Extents, totalBytes: number): Extent[] {
  const gaps: Extent[] = [];
  let at = 0;
  for (const [start, end] of extents) {
    if (start > at && at < totalBytes) gaps.push([at, Math.min(start, totalBytes)]);
    at = Math.max(at, end);
  }
  if (at < totalBytes) gaps.push([at, totalBytes]);
  return gaps;
}

/** How many bytes the ranges hold together. */
export function bytesIn(extents: Extents): number {
  return extents.reduce((sum, [start, end]) => sum + end - start, 0);
}

/** The end of the last range; 0 when there is none. */
export function endOf(extents: Extents): number {
  return extents.at(-1)?.[1] ?? 0;
}

/** Whether every byte of `inner` is in `outer`. */
export function coversAll(outer: Extents, inner: Extents): boolean {
  return inner.every(([start, end]) => outer.some((extent) => extent[0] <= start && end <= extent[1]));
}

/** How many bytes before `position` are there without a gap, `maxBytes` at most. */
export function knownBefore(extents: Extents, position: number, maxBytes: number): number {
  const extent = extents.find(([start, end]) => start < position && position <= end);
  return extent ? Math.min(maxBytes, position - extent[0]) : 0;
}

/** How many bytes from `position` on are there without a gap, `maxBytes` at most. */
export function knownAfter(extents: Extents, position: number, maxBytes: number): number {
  const extent = extents.find(([start, end]) => start <= position && position < end);
  return extent ? Math.min(maxBytes, extent[1] - position) : 0;
}

/** Splits `[start, end)` at the borders of `extents` into runs that are inside (`known`) or outside of them. */
export function runsOf(extents: Extents, start: number, end: number): { start: number; end: number; known: boolean }[] {
  const runs: { start: number; end: number; known: boolean }[] = [];
  let at = start;
  for (const extent of extents) {
    if (extent[1] <= at) continue;
    if (extent[0] >= end) break;
    if (extent[0] > at) runs.push({ start: at, end: extent[0], known: false });
    const from = Math.max(at, extent[0]);
    at = Math.min(end, extent[1]);
    runs.push({ start: from, end: at, known: true });
  }
  if (at < end) runs.push({ start: at, end, known: false });
  return runs;
}
