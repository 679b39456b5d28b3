// The native menu.
import { Menu, type MenuItemConstructorOptions } from 'electron';
import type { Settings } from '../../shared/settings.ts';
import type { MenuCommand } from '../../shared/shell-api.ts';
import type { ShellWords } from './words.ts';

type Theme = Settings['theme'];

export type MenuOptions = {
  words: ShellWords['menu'];
  theme: Theme;
  run: (command: MenuCommand) => void;
  setTheme: (theme: Theme) => void;
};

/** Puts the menu up; it is made anew when the words or the theme change. */
export function showMenu({ words, theme, run, setTheme }: MenuOptions): void {
  const command = (label: string, name: MenuCommand, accelerator?: string): MenuItemConstructorOptions => ({
    label,
    click: () => run(name),
    ...(accelerator ? { accelerator } : {}),
  });
  /** The page hears the key itself; only a Mac brings it to the menu where the page has no use for it. */
  const inPage = (label: string, name: MenuCommand, accelerator: string): MenuItemConstructorOptions => ({
    ...command(label, name, accelerator),
    registerAccelerator: false,
  });
  const themed = (label: string, value: Theme): MenuItemConstructorOptions => ({
    label,
    type: 'radio',
    checked: theme === value,
    click: () => setTheme(value),
  });
  const mac = process.platform === 'darwin';
  const template: MenuItemConstructorOptions[] = [
    ...(mac ? [{ role: 'appMenu' } as const] : []),
    {
      label: words.file,
      submenu: [
        command(words.addLinks, 'add', 'CmdOrCtrl+N'),
        command(words.addFromFile, 'add-files', 'CmdOrCtrl+O'),
        { type: 'separator' },
        command(words.exportList, 'export-list'),
        command(words.exportSettings, 'export-settings'),
        command(words.import, 'import'),
        { type: 'separator' },
        command(words.settings, 'settings', 'CmdOrCtrl+,'),
        // On a Mac the program's own menu has it.
        ...(mac ? [] : [{ type: 'separator' } as const, { label: words.quit, role: 'quit' } as const]),
      ],
    },
    {
      label: words.edit,
      submenu: [
        inPage(words.undo, 'undo', 'CmdOrCtrl+Z'),
        { label: words.redo, role: 'redo' },
        { type: 'separator' },
        { label: words.cut, role: 'cut' },
        { label: words.copy, role: 'copy' },
        { label: words.paste, role: 'paste' },
        inPage(words.selectAll, 'select-all', 'CmdOrCtrl+A'),
        { type: 'separator' },
        command(words.find, 'find', 'CmdOrCtrl+F'),
      ],
    },
    {
      label: words.view,
      submenu: [
        {
          label: words.theme,
          submenu: [
            themed(words.themeSystem, 'system'),
            themed(words.themeLight, 'light'),
            themed(words.themeDark, 'dark'),
          ],
        },
        command(words.traffic, 'traffic'),
        { type: 'separator' },
        { label: words.zoomIn, role: 'zoomIn' },
        { label: words.zoomOut, role: 'zoomOut' },
        { label: words.zoomReset, role: 'resetZoom' },
        { type: 'separator' },
        { label: words.fullScreen, role: 'togglefullscreen' },
      ],
    },
    {
      label: words.window,
      submenu: [
        { label: words.minimize, role: 'minimize' },
        { label: words.close, role: 'close' },
      ],
    },
    { label: words.help, submenu: [command(words.shortcuts, 'shortcuts', 'F1'), command(words.about, 'about')] },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
