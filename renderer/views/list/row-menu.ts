// The context menu of the selected rows, and the one of priorities.
import type { Selection as Which } from '../../../shared/api.ts';
import type { Row } from '../../../shared/download.ts';
import type { App } from '../../state/app.svelte.ts';
import type { MenuItem } from '../../ui/menu.ts';

/** The priorities to choose from for some downloads; `rows`: what is known of them. */
export function priorityMenu(app: App, which: Which, rows: readonly Row[]): MenuItem[] {
  return (['high', 'normal', 'low'] as const).map((priority) => ({
    kind: 'item',
    label: app.words.priority[priority],
    checked: rows.every((row) => row.priority === priority),
    run: () => void app.setPriority(which, priority),
  }));
}

/** `choose`: shows another menu in the place of this one. */
export function rowMenu(app: App, choose: (items: MenuItem[]) => void): MenuItem[] {
  const { words, selection, downloads, preferences } = app;
  const which = selection.which();
  const row = selection.row();
  if (which === null || row === null) return [];
  const one = selection.count === 1;
  const ids = 'ids' in which ? which.ids : null;
  const rows = selection.rows();
  const unfinished = rows.filter(({ status }) => status !== 'done');
  const any = (...wanted: Row['status'][]) => rows.some(({ status }) => wanted.includes(status));
  /** Of long selections only some rows are known. */
  const may = (...wanted: Row['status'][]) => any(...wanted) || rows.length < selection.count;
  const runs = any('queued', 'running');
  const items: (MenuItem | false)[] = [
    may('queued', 'running') && {
      kind: 'item',
      label: words.pause,
      icon: 'paused',
      key: runs ? 'Space' : '',
      run: () => void app.act('pause', which),
    },
    may('paused') && {
      kind: 'item',
      label: words.resume,
      icon: 'play',
      key: runs ? '' : 'Space',
      run: () => void app.act('resume', which),
    },
    may('failed') && {
      kind: 'item',
      label: words.retry,
      icon: 'retry',
      run: () => void app.act('retry', which),
    },
    may('done') && {
      kind: 'item',
      label: one ? words.again : words.againDone,
      icon: 'retry',
      run: () => void app.act('redownload', which),
    },
    one &&
      row.status !== 'done' && {
        kind: 'item',
        label: words.newLink,
        icon: 'link',
        run: () => (app.question = { kind: 'new-link', id: row.id, url: row.url }),
      },
    ids !== null &&
      row.status !== 'done' && {
        kind: 'item',
        label: words.limitOneAsk,
        icon: 'gauge',
        run: () => void app.askLimit(ids),
      },
    { kind: 'line' },
    one &&
      row.status === 'done' && {
        kind: 'item',
        label: words.openFile,
        icon: 'open',
        run: () => void app.onDisk('openFile', row.id),
      },
    one && {
      kind: 'item',
      label: words.showInFolder,
      icon: 'folder',
      run: () => void app.onDisk('showInFolder', row.id),
    },
    one && {
      kind: 'item',
      label: words.openDetail,
      icon: 'detail',
      key: 'Enter',
      run: () => app.inspected.open(row.id),
    },
    {
      kind: 'item',
      label: words.copyUrl,
      icon: 'copy',
      key: preferences.keys('Ctrl C'),
      run: () => void app.copySelected('url'),
    },
    { kind: 'item', label: words.copyName, icon: 'copy', run: () => void app.copySelected('name') },
    one &&
      downloads.query.host === null && {
        kind: 'item',
        label: words.onlyHost(row.host),
        icon: 'search',
        run: () => app.filter({ host: row.host }),
      },
    unfinished.length > 0 && { kind: 'line' },
    unfinished.length > 0 && {
      kind: 'item',
      label: words.priorityAsk,
      icon: 'high',
      run: () => choose(priorityMenu(app, which, unfinished)),
    },
    ids !== null &&
      unfinished.length > 0 && {
        kind: 'item',
        label: words.moveFirst,
        icon: 'first',
        run: () => void app.move(ids, 'first'),
      },
    ids !== null &&
      unfinished.length > 0 && {
        kind: 'item',
        label: words.moveLast,
        icon: 'last',
        run: () => void app.move(ids, 'last'),
      },
    { kind: 'line' },
    {
      kind: 'item',
      label: words.removeAsk,
      icon: 'trash',
      key: 'Delete',
      danger: true,
      run: () => app.askRemove(which, selection.count, one ? row.name : null),
    },
  ];
  return items.filter((item) => item !== false);
}
