// Turns a list query or a selection into a WHERE clause; the only place that knows how lists are filtered and sorted.
import type { ListQuery, Selection } from '../../../shared/api.ts';
import { foldName } from '../names.ts';

export type Where = { sql: string; params: Record<string, unknown> };

/**
 * What a list is sorted by, of the row named `of`. What is not known comes before all that is; nothing is NULL.
 * Speeds are never stored: see `LiveOrder`.
 */
const sortKeys: Record<ListQuery['sort'], (of: string) => string> = {
  position: (of) => `${of}position`,
  priority: (of) => `${of}priority, ${of}position`,
  // The plus: not by the index of names, whose rows lie far apart where a filter has to look at them.
  name: (of) => `+${of}folded`,
  host: (of) => `${of}host`,
  status: (of) => `${of}status`,
  size: (of) => `ifnull(${of}size_bytes, -1)`,
  // As a part of the whole: what is done is more than all that is not.
  done: (of) =>
    `CASE WHEN ${of}status = 'done' THEN 2.0 WHEN ${of}size_bytes > 0 THEN 1.0 * ${of}done_bytes / ${of}size_bytes ELSE -1.0 END`,
  added: (of) => `${of}added_at`,
  finished: (of) => `ifnull(${of}finished_at, -1)`,
  speed: (of) => `${of}position`,
  left: (of) => `${of}position`,
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
    // SQLite itself knows only of ASCII that upper and lower case are alike.
    parts.push(`(folded LIKE @folded ESCAPE '\\' OR url LIKE @text ESCAPE '\\')`);
    params['folded'] = anywhere(foldName(query.text));
    params['text'] = anywhere(query.text);
  }
  return { sql: parts.join(' AND '), params };
}

function anywhere(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`;
}

/** The rows that an action is for. */
export function whereSelected(selection: Selection): Where {
  if ('query' in selection) return whereOf(selection.query);
  return {
    sql: 'removed_at IS NULL AND id IN (SELECT value FROM json_each(@ids))',
    params: { ids: JSON.stringify(selection.ids) },
  };
}

/** What the query's list is sorted by; the id after it makes the order total, so that pages never overlap. */
export function sortKey(query: ListQuery, of = ''): string {
  return sortKeys[query.sort](of);
}

/** Whether it asks for all in the queue's own order, up or down: an index gives that page by page, without a look at the rest. */
export function isWholeQueue({ sort, status, category, host, text }: ListQuery): boolean {
  return sort === 'position' && status === 'all' && category === null && host === null && text === '';
}
