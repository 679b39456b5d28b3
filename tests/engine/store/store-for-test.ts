// Stores by themselves: what their tests share.
import { onTestFinished } from 'vitest';
import * as v from 'valibot';
import { foldName, isPlainName, numbered, partName } from '../../../main/engine/names.ts';
import { Store, type Prepared } from '../../../main/engine/store/store.ts';
import { ListQuery } from '../../../shared/api.ts';
import { sorter, usualCategories } from '../../../shared/category.ts';
import type { Status } from '../../../shared/download.ts';

/** As the engine has them. */
const names = { fold: foldName, isPlainName, numbered, partName, category: sorter(usualCategories) };
/** Of the list as it stands, but for what is given. */
export const query = (given: object = {}) => v.parse(ListQuery, given);

/** Closed when the test ends. */
export function open(dir: string, now = Date.now()): Store {
  const store = new Store({ dir, names, now });
  onTestFinished(() => {
    try {
      store.close();
    } catch {
      // Closed by the test.
    }
  });
  return store;
}

export function prepared(name: string, status: Status = 'queued', host = 'a.test'): Prepared {
  const url = `http://${host}/${name}`;
  return { download: { url }, urlKey: url, host, dir: '/d', name, status, producer: 'test' };
}
