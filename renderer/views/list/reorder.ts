// Moving rows within the queue by dragging them; only where the list stands in the queue's own order.
import type { Row } from '../../../shared/download.ts';
import type { App } from '../../state/app.svelte.ts';

/** Marks a drag as one of our rows, so that it is not taken for dropped links. */
export const ROWS_TYPE = 'application/x-sluice-rows';

/** Whether dragging has a meaning now: the order on the screen is the order of the queue. */
export function canReorder(app: App): boolean {
  const { sort, descending } = app.downloads.query;
  return (sort === 'position' || sort === 'priority') && !descending;
}

export function startDrag(app: App, event: DragEvent): void {
  if (!event.dataTransfer || !canReorder(app) || app.selection.all || app.selection.count === 0) {
    return event.preventDefault();
  }
  event.dataTransfer.setData(ROWS_TYPE, 'rows');
  event.dataTransfer.effectAllowed = 'move';
}

/** Before which row of the list something held at `y` px below its first row would go. */
export function gapAt(y: number, rowHeight: number, total: number): number {
  return Math.max(0, Math.min(total, Math.round(y / rowHeight)));
}

/** Moves the selected rows to the gap before row `gap`; at the end of the list to the end of the queue. */
export async function dropAt(app: App, gap: number): Promise<void> {
  const ids = app.selection.ids();
  if (ids.length === 0) return;
  const chosen = new Set(ids);
  // The first row from the gap on that does not move itself.
  let before = app.downloads.rowAt(gap);
  for (let index = gap; before !== null && chosen.has(before.id);) before = app.downloads.rowAt(++index);
  await app.move(inListOrder(app, ids), placeFor(app, chosen, before));
}

/** Before that row; where the list stands by priority, and it has another one than those that move: at that end of theirs. */
function placeFor(app: App, chosen: ReadonlySet<number>, before: Row | null): Parameters<App['move']>[1] {
  if (before === null) return 'last';
  const moved = app.downloads.fetched().find(({ id }) => chosen.has(id));
  if (app.downloads.query.sort === 'position' || !moved || moved.priority === before.priority) {
    return { before: before.id };
  }
  return before.priority === 'high' || moved.priority === 'low' ? 'first' : 'last';
}

/** Moves the selected rows one place up or down. */
export async function nudge(app: App, by: 1 | -1): Promise<void> {
  if (!canReorder(app) || app.selection.all) return;
  const places = app.selection
    .ids()
    .map((id) => app.downloads.indexOf(id))
    .filter((index) => index >= 0);
  if (places.length === 0) return;
  const gap = by < 0 ? Math.min(...places) - 1 : Math.max(...places) + 2;
  if (gap < 0 || gap > app.downloads.total) return;
  await dropAt(app, gap);
}

function inListOrder(app: App, ids: number[]): number[] {
  return ids.toSorted((a, b) => app.downloads.indexOf(a) - app.downloads.indexOf(b));
}
