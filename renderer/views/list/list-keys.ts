// The keys of the list.
import type { App } from '../../state/app.svelte.ts';
import { nudge } from './reorder.ts';

/** `page` is how many rows a page has. */
export function onListKey(app: App, event: KeyboardEvent, page: number, openMenu: () => void): void {
  if (event.target !== event.currentTarget) return;
  const { selection, downloads } = app;
  const command = event.ctrlKey || event.metaKey;
  const how = event.shiftKey ? 'extend' : command ? 'walk' : 'only';
  const row = selection.cursor >= 0 ? downloads.rowAt(selection.cursor) : null;
  // With Caps Lock on, letters come as capitals.
  if (event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
    event.preventDefault();
    return void nudge(app, event.key === 'ArrowUp' ? -1 : 1);
  }
  switch (event.key.length === 1 ? event.key.toLowerCase() : event.key) {
    case 'ArrowDown':
      void selection.move(1, how);
      break;
    case 'ArrowUp':
      void selection.move(-1, how);
      break;
    case 'PageDown':
      void selection.move(page, how);
      break;
    case 'PageUp':
      void selection.move(-page, how);
      break;
    case 'Home':
      void selection.goTo(0, how);
      break;
    case 'End':
      void selection.goTo(downloads.total - 1, how);
      break;
    case ' ':
      void (command ? selection.goTo(selection.cursor, 'toggle') : app.toggle());
      break;
    case 'Enter':
      if (row) app.inspected.open(row.id);
      break;
    case 'Delete':
    case 'Backspace':
      app.askRemove(selection.which(), selection.count, selection.count === 1 ? (selection.row()?.name ?? null) : null);
      break;
    case 'ContextMenu':
      openMenu();
      break;
    case 'F10':
      if (!event.shiftKey) return;
      openMenu();
      break;
    case 'a':
      if (!command) return;
      selection.selectAll();
      break;
    case 'c':
      if (!command) return;
      void app.copySelected('url');
      break;
    default:
      return;
  }
  event.preventDefault();
}
