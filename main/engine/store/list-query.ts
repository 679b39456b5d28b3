// Turns a list query or a selection into a WHERE clause; the only place that knows how lists are filtered and sorted.
import type { ListQuery, Selection } from '../../../shared/api.ts';

export type Where = { sql: string; params: Record<string, unknown> };

const orderColumns: Record<ListQuery['sort'], string> = {
  position: 'position',
  name: 'folded',
  host: 'host',
  status: 'status',
  size: 'size_bytes',
  done: 'done_bytes',
  added: 'added_at',
  finished: 'finished_at',
};

/** The rows that a query finds, removed ones left out. */
export function whereOf(query: ListQuery): Where {
  const parts = ['removed_at IS NULL'];
  const params: Record<string, unknown> = {};
  if (query.status !== 'all') {
    parts.push('status = @status');
    params['status'] = query.status;
  }
  if (query.category !== null) {
    parts.push('category = @category');
    params['category'] = query.category;
  }
  if (query.host !== null) {
    parts.push('host = @host');
    params['host'] = query.host;
  }
  if (query.text !== '') {
    parts.push(`(name LIKE @text ESCAPE '\\' OR url LIKE @text ESCAPE '\\')`);
    params['text'] = `%${query.text.replace(/[\\%_]/g, '\\$&')}%`;
  }
  return { sql: parts.join(' AND '), params };
}

/** The rows that an action is for. */
export function whereSelected(selection: Selection): Where {
  if ('query' in selection) return whereOf(selection.query);
  return {
    sql: 'removed_at IS NULL AND id IN (SELECT value FROM json_each(@ids))',
    params: { ids: JSON.stringify(selection.ids) },
  };
}

/** A total order, so that pages never overlap. */
export function orderOf(query: ListQuery): string {
  const direction = query.descending ? 'DESC' : 'ASC';
  const column = orderColumns[query.sort];
  return column === 'position' ? `position ${direction}` : `${column} ${direction}, id ${direction}`;
}
