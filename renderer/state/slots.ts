// The rows of a long list that exist: as many as the screen takes, each used again for the row that comes when it has left.

/** A place in the list. While its row has not come, `row` is the one that it held before and `coming` is true. */
export type Slot<T> = { key: number; index: number; row: T | null; coming: boolean };

/**
 * The slots for rows from index `first` on; what was in the slots before stays in them. At rest they are in the order of
 * the list, as a screen reader reads them. While the list moves they keep an order of their own, so that nothing in the
 * page changes its place but by a coordinate.
 */
export function slotsOf<T>(
  { rows, first, count }: { rows: readonly (T | null)[]; first: number; count: number },
  before: readonly Slot<T>[],
  moving: boolean,
): Slot<T>[] {
  const held = new Map(before.map((slot) => [slot.key, slot]));
  const slots = rows.map((row, i) => {
    const index = first + i;
    const key = index % Math.max(1, count);
    const was = held.get(key);
    const slot = { key, index, row: row ?? was?.row ?? null, coming: row === null };
    // The same object says that nothing is to be done for it.
    return was && was.index === index && was.row === slot.row && was.coming === slot.coming ? was : slot;
  });
  return moving ? slots.sort((a, b) => a.key - b.key) : slots;
}
