// The filter and order that the list starts with.
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
