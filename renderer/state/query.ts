// The filter and order of the list: what it starts with, and what comes of a click on a column.
import type { ListQuery as Query } from '../../shared/api.ts';

export type ListQuery = Query;
export const ListQuery: Query = {
  status: 'all',
  text: '',
  category: null,
  host: null,
  sort: 'position',
  descending: false,
};

export type Sort = ListQuery['sort'];

/** Whether the order changes by itself while downloads run. */
export function changesByItself({ sort }: ListQuery): boolean {
  return sort === 'speed' || sort === 'left' || sort === 'done';
}

type Order = Pick<ListQuery, 'sort' | 'descending'>;

/** The order that a list of a state starts with: what is done by its end, the newest first; what is queued as it will start; all others in the queue's. */
function firstOrder(status: ListQuery['status']): Order {
  if (status === 'done') return { sort: 'finished', descending: true };
  return { sort: status === 'queued' ? 'priority' : 'position', descending: false };
}

/** The order of a list of another state: a column that was clicked stays, but for and after what is done. */
export function orderFor(status: ListQuery['status'], { status: before, sort, descending }: ListQuery): Order {
  const first = firstOrder(before);
  const clicked = sort !== first.sort || descending !== first.descending;
  return clicked && (status === 'done') === (before === 'done') ? { sort, descending } : firstOrder(status);
}

/** The order after a click on a column: upwards, downwards, and back to the list's own; the fastest come first. */
export function nextOrder({ status, sort, descending }: ListQuery, clicked: Sort): Order {
  const first = clicked === 'speed';
  if (sort !== clicked) return { sort: clicked, descending: first };
  return descending === first ? { sort, descending: !first } : firstOrder(status);
}
