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
