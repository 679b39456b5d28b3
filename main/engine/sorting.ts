// Where downloads belong: the category of a name, and its folder when nobody chose one.
import os from 'node:os';
import path from 'node:path';
import type { Preview } from '../../shared/api.ts';
import { OTHER, sorter, type Category } from '../../shared/category.ts';
import type { NewDownload } from '../../shared/download.ts';
import type { Settings } from '../../shared/settings.ts';
import type { Dispatch } from './dispatch/dispatch.ts';
import { chooseName } from './names.ts';
import type { Store } from './store/store.ts';

export class Sorting {
  readonly #settings: () => Settings;
  #read: readonly Category[] | undefined;
  #tell: (name: string) => string = () => OTHER;

  constructor(settings: () => Settings) {
    this.#settings = settings;
  }

  /** Where downloads go that name no folder and whose category has none. */
  get downloadDir(): string {
    return this.#settings().dir || path.join(os.homedir(), 'Downloads');
  }

  /** The category of files that are called `name`. */
  categoryOf(name: string): string {
    const { categories } = this.#settings();
    if (categories !== this.#read) {
      this.#read = categories;
      this.#tell = sorter(categories);
    }
    return this.#tell(name);
  }

  /** The category that a download is put into, before a server has named its file. */
  categoryOfNew(download: NewDownload): string {
    return download.category ?? this.categoryOf(chooseName({ given: download.name, finalUrl: download.url }));
  }

  /** Where files of a category go; the download folder for one that has no own. */
  dirOf(category: string): string {
    const own = this.#settings().categories.find(({ name }) => name === category)?.dir ?? '';
    return path.resolve(this.downloadDir, own);
  }

  /** How many of a preview's downloads go where; nothing while all go to the download folder. */
  foldersOf(
    downloads: readonly NewDownload[],
    known: readonly NewDownload[],
    freeBytes: (dir: string) => number | null,
  ): Preview['folders'] {
    const { categories } = this.#settings();
    if (categories.every(({ dir }) => dir === '')) return [];
    const folders = [...categories.map(({ name }) => name), OTHER].map((category) => {
      const dir = this.dirOf(category);
      return { category, dir, url: 0, known: 0, freeBytes: freeBytes(dir) };
    });
    const byCategory = new Map(folders.map((folder) => [folder.category, folder]));
    const folderOf = (download: NewDownload) => byCategory.get(this.categoryOfNew(download)) ?? byCategory.get(OTHER)!;
    for (const download of downloads) folderOf(download).url++;
    for (const download of known) folderOf(download).known++;
    return folders;
  }

  /** After a change of the categories: every download to where it belongs now, running ones, too. */
  sortAnew(before: readonly Category[], store: Store, dispatch: Dispatch): void {
    store.list.sortAnew(before, this.#settings().categories, (name) => this.categoryOf(name));
    for (const lease of dispatch.leases.values()) {
      const { category, categoryGiven } = store.get(lease.id) ?? lease.stored;
      lease.stored = { ...lease.stored, category, categoryGiven };
    }
    dispatch.listChanged();
  }
}
