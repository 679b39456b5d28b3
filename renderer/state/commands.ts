// What the entries of the menu do in the window.
import type { MenuCommand } from '../../shared/shell-api.ts';
import type { App } from './app.svelte.ts';

export function runCommand(app: App, command: MenuCommand): void {
  switch (command) {
    case 'add':
      return app.adding.openEmpty();
    case 'add-files':
      return void app.addFromFiles();
    case 'settings':
    case 'traffic':
      return app.show(command);
    case 'find':
      app.show('list');
      app.findAsked += 1;
      return;
    case 'undo':
      if (isWrittenIn(document.activeElement)) document.execCommand('undo');
      else app.toasts.runNewest();
      return;
    case 'select-all':
      if (isWrittenIn(document.activeElement)) document.execCommand('selectAll');
      else if (app.view === 'list') app.selection.selectAll();
      return;
    case 'export-list':
      return void app.exchange.exportTo('list');
    case 'export-settings':
      return void app.exchange.exportTo('settings');
    case 'import':
      return void app.exchange.importFrom();
    case 'paste':
      return void app.paste();
    case 'shortcuts':
    case 'about':
      app.question = { kind: command };
      return;
    default:
      command satisfies never;
  }
}

/** Whether people write there, which is not done in a box to tick: what undoes and selects there is the browser's. */
export function isWrittenIn(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return target.type !== 'checkbox' && target.type !== 'radio';
  return target instanceof HTMLTextAreaElement;
}
