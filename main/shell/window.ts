// The one window: sandboxed, isolated, bound to our own pages.
import path from 'node:path';
import { app, BrowserWindow, nativeTheme, screen, session } from 'electron';
import { appOrigin } from './app-protocol.ts';
import { keepWindowState, readWindowState } from './window-state.ts';

export type WindowOptions = { dataDir: string; preload: string; show: boolean; devUrl: string | undefined };

const RELOADS = 5;

/** Opens the window where it stood the last time. It shows itself at its first paint. */
export function openWindow({ dataDir, preload, show, devUrl }: WindowOptions): BrowserWindow {
  const state = readWindowState(
    dataDir,
    screen.getAllDisplays().map((display) => display.workArea),
  );
  const { maximized, ...bounds } = state;
  const window = new BrowserWindow({
    ...bounds,
    minWidth: 400,
    minHeight: 360,
    show: false,
    title: 'Sluice',
    autoHideMenuBar: process.platform !== 'darwin',
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#171b1f' : '#ffffff',
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: false,
      navigateOnDragDrop: false,
    },
  });
  if (maximized) window.maximize();
  window.once('ready-to-show', () => {
    if (show) window.show();
  });
  // A page that crashed comes back by itself, unless it does so again and again.
  let crashes = 0;
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    if (reason === 'clean-exit' || ++crashes > RELOADS) return;
    // Not from within the event, where Chromium is still clearing the old process away (electron#51900).
    setTimeout(() => {
      if (!window.isDestroyed()) window.webContents.reload();
    });
  });
  window.on('page-title-updated', (event) => event.preventDefault());
  window.on('close', () => keepPlace(window, dataDir));

  void window.loadURL(devUrl ?? `${appOrigin}/index.html`);
  return window;
}

/** Remembers where the window stands for the next start. */
export function keepPlace(window: BrowserWindow, dataDir: string): void {
  keepWindowState(dataDir, { ...window.getNormalBounds(), maximized: window.isMaximized() });
}

/** Rules for every page of the program, whichever way it came up: it stays where it is and asks for nothing. */
export function guardPages(devUrl: string | undefined): void {
  const home = devUrl === undefined ? appOrigin : new URL(devUrl).origin;
  app.on('web-contents-created', (_event, contents) => {
    contents.on('will-navigate', (event, url) => {
      if (!url.startsWith(`${home}/`)) event.preventDefault();
    });
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  });
  session.defaultSession.setPermissionRequestHandler((_contents, _permission, decide) => decide(false));
  session.defaultSession.setPermissionCheckHandler(() => false);
}

/** The preload lies beside the bundle of the main process. */
export function preloadPath(mainFolder: string): string {
  return path.join(mainFolder, '../preload/preload.cjs');
}
