// The icon in the tray: what goes on at a glance, and the few things that people want without the window.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { Menu, nativeImage, Tray } from 'electron';
import type { ShellWords } from './words.ts';

export type TrayState = {
  words: ShellWords['tray'];
  running: number;
  speed: string;
  canPause: boolean;
  canResume: boolean;
};
export type TrayActions = Record<'show' | 'pauseAll' | 'resumeAll' | 'addFromClipboard' | 'quit', () => void>;

const NAME_ASKED_MS = 2000;

/** The icon; null on a system that takes none. */
export function createTray(iconFolder: string, actions: TrayActions): { show: (state: TrayState) => void } | null {
  const mac = process.platform === 'darwin';
  const size = mac || process.platform === 'win32' ? 16 : 32;
  const image = nativeImage.createFromPath(path.join(iconFolder, `${size}x${size}.png`));
  image.addRepresentation({
    scaleFactor: 2,
    buffer: nativeImage.createFromPath(path.join(iconFolder, `${size * 2}x${size * 2}.png`)).toPNG(),
  });
  let tray: Tray;
  try {
    tray = new Tray(image);
  } catch {
    return null;
  }
  // Linux gives the click to the menu, macOS too; Windows has it for opening the window.
  tray.on('click', actions.show);
  let shown = '';
  return {
    show({ words, running, speed, canPause, canResume }) {
      const status = running > 0 ? words.running(running, speed) : words.idle;
      const state = JSON.stringify([status, words.show, canPause, canResume]);
      if (state === shown) return;
      shown = state;
      tray.setToolTip(`Sluice – ${status}`);
      tray.setContextMenu(
        Menu.buildFromTemplate([
          { label: status, enabled: false },
          { type: 'separator' },
          { label: words.show, click: actions.show },
          { label: words.addFromClipboard, click: actions.addFromClipboard },
          { label: words.pauseAll, enabled: canPause, click: actions.pauseAll },
          { label: words.resumeAll, enabled: canResume, click: actions.resumeAll },
          { type: 'separator' },
          { label: words.quit, click: actions.quit },
        ]),
      );
    },
  };
}

/** Whether icons are shown anywhere. Desktops on Linux may have no tray; then nobody owns the name of its keeper. */
export function hasTray(): Promise<boolean> {
  if (process.platform !== 'linux') return Promise.resolve(true);
  const call = ['--session', '--print-reply', '--dest=org.freedesktop.DBus', '/org/freedesktop/DBus'];
  const asked = ['org.freedesktop.DBus.NameHasOwner', 'string:org.kde.StatusNotifierWatcher'];
  return new Promise((resolve) => {
    execFile('dbus-send', [...call, ...asked], { timeout: NAME_ASKED_MS }, (error, stdout) =>
      resolve(!error && stdout.includes('boolean true')),
    );
  });
}
