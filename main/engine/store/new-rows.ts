// How new rows are written: most say nothing but their address, and each value that is bound takes its time.
import type { NewDownload } from '../../../shared/download.ts';
import { priorityNumber } from './rows.ts';

/** What every new row says. */
const bare = 'id url url_key host dir name folded part_name category status position producer added_at'.split(' ');
/** What some say besides; the others have the columns' defaults. */
const more = 'mirrors name_given headers checksum limit_bytes_per_s connections category_given priority'.split(' ');

/** `whole` takes the values of `moreOf` after those that `bare` takes. A name that is taken changes nothing. */
export const inserts = { bare: insertOf(bare), whole: insertOf([...bare, ...more]) };

function insertOf(columns: readonly string[]): string {
  return `INSERT INTO downloads (${columns.join()}) VALUES (${columns.map(() => '?').join()}) ON CONFLICT DO NOTHING`;
}

/** What is said of a download besides its address. */
export function moreOf({ mirrors = [], name, headers = {}, checksum, ...rest }: NewDownload): unknown[] {
  return [
    JSON.stringify(mirrors),
    Number(name !== undefined),
    JSON.stringify(headers),
    checksum ? JSON.stringify(checksum) : null,
    rest.limitBytesPerS ?? null,
    rest.connections ?? null,
    Number(rest.category !== undefined),
    priorityNumber(rest.priority ?? 'normal'),
  ];
}
