// Starting at login: a login item where Electron knows them, an autostart entry on Linux.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { app } from 'electron';

/** Whether the system will start the program at login. */
export function startsAtLogin(): boolean {
  return process.platform === 'linux' ? fs.existsSync(entryFile()) : app.getLoginItemSettings().openAtLogin;
}

/** Throws when the system does not take it. */
export function setStartAtLogin(on: boolean): void {
  if (process.platform !== 'linux') return app.setLoginItemSettings({ openAtLogin: on });
  if (!on) return fs.rmSync(entryFile(), { force: true });
  // An AppImage is mounted at another place each time; it tells where its own file lies.
  const program = process.env['APPIMAGE'] ?? process.execPath;
  const words = app.isPackaged ? [program] : [program, app.getAppPath()];
  fs.mkdirSync(path.dirname(entryFile()), { recursive: true });
  fs.writeFileSync(entryFile(), desktopEntry(words));
}

/** An entry of the Desktop Entry Specification that starts those words. */
function desktopEntry(words: readonly string[]): string {
  return `[Desktop Entry]
Type=Application
Name=Sluice
Exec=${words.map(quoted).join(' ')}
X-GNOME-Autostart-enabled=true
`;
}

/** Quoted for `Exec`: once for the value's own escapes, once for the words in it, and percent signs are no field codes. */
function quoted(word: string): string {
  const plain = word.replace(/["`$\\]/g, '\\$&').replaceAll('%', '%%');
  return `"${plain.replaceAll('\\', '\\\\')}"`;
}

function entryFile(): string {
  const config = process.env['XDG_CONFIG_HOME'] || path.join(os.homedir(), '.config');
  return path.join(config, 'autostart', 'sluice.desktop');
}
