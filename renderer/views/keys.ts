// The keys that work wherever the focus is; those of the list are with the list.
import type { App } from '../state/app.svelte.ts';
import { isWrittenIn } from '../state/commands.ts';

export function onWindowKey(app: App, event: KeyboardEvent): void {
  if (event.defaultPrevented) return;
  const command = event.ctrlKey || event.metaKey;
  const key = event.key.toLowerCase();
  if (command && !event.altKey && !event.shiftKey) {
    if (key === 'f') return done(event, () => app.command('find'));
    if (key === 'n') return done(event, () => app.command('add'));
    if (key === 'o') return done(event, () => app.command('add-files'));
    if (key === ',') return done(event, () => app.command('settings'));
    if (isWrittenIn(event.target)) return;
    if (key === 'v') return done(event, () => void app.paste());
    if (key === 'z' && app.toasts.runNewest()) event.preventDefault();
    return;
  }
  if (event.key === 'Escape') {
    if (app.sidebarOpen) app.sidebarOpen = false;
    else if (app.inspected.id !== null) app.inspected.close();
    else if (app.selection.count > 0) app.selection.clear();
    else if (app.view === 'list' && app.downloads.query.text !== '') app.filter({ text: '' });
    else if (app.view === 'list' && app.downloads.query.host !== null) app.filter({ host: null });
  }
}

/** What the browser is about to copy or cut. */
export function copiedText({ target }: ClipboardEvent): string {
  if (target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement) {
    return target.value.slice(target.selectionStart ?? 0, target.selectionEnd ?? 0);
  }
  return String(getSelection() ?? '');
}

function done(event: KeyboardEvent, action: () => void): void {
  event.preventDefault();
  action();
}
