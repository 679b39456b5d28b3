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

/** The order that a list of a state starts with: what is done by its end, the newest first; all others in the queue's. */
export function firstOrder(status: ListQuery['status']): Pick<ListQuery, 'sort' | 'descending'> {
  return status === 'done' ? { sort: 'finished', descending: true } : { sort: 'position', descending: false };
}

/** The order after a click on a column: upwards, downwards, and back to the list's own; the fastest come first. */
export function nextOrder(
  { status, sort, descending }: ListQuery,
  clicked: Sort,
): Pick<ListQuery, 'sort' | 'descending'> {
  const first = clicked === 'speed';
  if (sort !== clicked) return { sort: clicked, descending: first };
  return descending === first ? { sort, descending: !first } : firstOrder(status);
}
