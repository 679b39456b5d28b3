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
export function followsSpeeds({ sort }: ListQuery): boolean {
  return sort === 'speed' || sort === 'left';
}

/** The order after a click on a column: upwards, downwards, and back to the queue's own; the fastest come first. */
export function nextOrder({ sort, descending }: ListQuery, clicked: Sort): Pick<ListQuery, 'sort' | 'descending'> {
  const first = clicked === 'speed';
  if (sort !== clicked) return { sort: clicked, descending: first };
  return descending === first ? { sort, descending: !first } : { sort: 'position', descending: false };
}
