// The desktop face of the engine: one window, its menu, and the way from the first start to the last byte kept.
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { app, dialog, nativeTheme, type BrowserWindow } from 'electron';
import type { Settings } from '../../shared/settings.ts';
import type { MenuCommand, ShellEvent } from '../../shared/shell-api.ts';
import type { ThreadCounts } from '../../shared/traffic.ts';
import type { Doors } from '../gateway/doors.ts';
import type { Helping } from '../gateway/helping.ts';
import type { OpenIncoming } from '../gateway/back/receiving.ts';
import { Engine, type Hasher } from '../engine/engine.ts';
import { firstOrGiven, type First, type Opened, type Remote } from '../engine/instance.ts';
import { serveApp } from './app-protocol.ts';
import type { Arguments } from './arguments.ts';
import { readClipboardText } from './clipboard.ts';
import { ClipboardWatch } from './clipboard-watch.ts';
import { startDemoOrigin, type DemoOrigin } from './demo-origin.ts';
import { Everyday } from './everyday.ts';
import { answerWindow, tellWindow } from './ipc.ts';
import { showMenu } from './menu.ts';
import { notStarted } from './not-started.ts';
import { openedBy, type OpenedBySystem } from './opened.ts';
import { settled, takePicture } from './screenshot.ts';
import { createShellHandlers, systemLocale } from './shell-calls.ts';
import { leaveOnUnforeseen } from './unforeseen.ts';
import { startProgram } from './utility-program.ts';
import { spawnUtilityWorker } from './utility-process.ts';
import { guardPages, keepPlace, openWindow, preloadPath } from './window.ts';

export type ShellOptions = {
  args: Arguments;
  /** What the system hands to the program from its very start on. */
  openedBySystem: OpenedBySystem;
  dataDir: string;
  /** Where the bundle of the main process lies. */
  folder: string;
  version: string;
  nativeBinding: string | undefined;
  /** Writes the files that workers elsewhere send back. */
  openIncoming: OpenIncoming;
  /** Hashes finished files in the background. */
  hasher: Hasher;
  /** How the threads stand that hash what is sent back. */
  receiving: () => ThreadCounts;
};

const SCREENSHOT_PATIENCE_MS = 20_000;
/** Downloads begin by then, window or no window. */
const WINDOW_PATIENCE_MS = 3000;

/** Starts the whole program; or hands what was asked for to the one that runs already, and leaves. */
export async function startShell(options: ShellOptions): Promise<void> {
  try {
    const { dataDir, nativeBinding, args } = options;
    const instance = await firstOrGiven(dataDir, nativeBinding, (remote) => handOver(remote, args));
    if (instance.kind === 'given') return app.exit(0);
    const shell = new Shell(options, instance);
    await instance.listen(shell.engine.handlers, (opened) => shell.receive(opened));
    shell.start();
  } catch (error) {
    console.error(error);
    if (options.args.screenshot === undefined) {
      const { title, message } = await notStarted(error, systemLocale());
      dialog.showErrorBox(title, message);
    }
    app.exit(1);
  }
}

/** Gives links and lists to the running instance: to its window, which shows them first; to its list where it has none. */
async function handOver(remote: Remote, args: Arguments): Promise<void> {
  const opened = openedBy(args);
  if (!(await remote.open(opened))) {
    const { files, text } = opened;
    const { batch } = await remote.call('preview', files.length > 0 ? { files, links: text } : { text });
    await remote.call('addBatch', { batch });
  }
  if (args.demo) await remote.call('startDemo', null);
}

class Shell {
  readonly engine: Engine;
  readonly #everyday: Everyday;
  readonly #clipboardWatch = new ClipboardWatch({
    read: readClipboardText,
    changed: () => tellWindow(this.#window?.webContents, { event: 'copied' }),
  });
  readonly #options: ShellOptions;
  readonly #instance: First;
  readonly #devUrl: string | undefined;
  #window: BrowserWindow | undefined;
  #demo: DemoOrigin | undefined;
  #doors: Doors | undefined;
  #helping: Promise<Helping> | undefined;
  #opened: Opened;
  #left = false;
  #leaving = false;
  #shown: () => void = () => {};
  readonly #isShown = new Promise<void>((resolve) => (this.#shown = resolve));
  #pageShown: () => void = () => {};
  /** The page of the window that is there now listens. */
  #page = this.#nextPage();

  constructor(options: ShellOptions, instance: First) {
    const { args, dataDir, folder, version, nativeBinding, hasher, receiving } = options;
    this.#options = options;
    this.#instance = instance;
    this.#devUrl = app.isPackaged ? undefined : process.env['ELECTRON_RENDERER_URL'];
    this.#opened = openedBy(args);
    this.engine = new Engine({
      dataDir,
      nativeBinding,
      hasher,
      receiving,
      version,
      spawnWorker: () => spawnUtilityWorker(path.join(folder, 'worker.cjs')),
      startDemo: async (add) => {
        this.#demo ??= await startDemoOrigin();
        await add(this.#demo.downloads);
        return this.#demo.downloads.length;
      },
    });
    this.#everyday = new Everyday({
      engine: this.engine,
      window: () => this.#window,
      raise: () => this.raise(),
      tell: (event) => this.#tellPage(event),
      iconFolder: path.join(folder, '../icons'),
      systemLocale: systemLocale(),
    });
  }

  start(): void {
    const { args, folder, dataDir, version } = this.#options;
    const { handlers } = this.engine;
    serveApp(path.join(folder, '../renderer'));
    guardPages(this.#devUrl);
    answerWindow(
      () => this.#window?.webContents,
      handlers,
      createShellHandlers({
        window: () => this.#window,
        handlers,
        dataDir,
        version,
        takeOpened: () => this.#takeOpened(),
        shown: () => {
          this.#shown();
          this.#pageShown();
        },
        doors: () => this.#doors,
        helping: () => (this.#helping ??= this.#startHelping()),
        whenDone: this.#everyday.whenDone,
        clipboardWatch: this.#clipboardWatch,
        words: () => this.#everyday.words,
      }),
    );
    this.engine.onEvent((event) => {
      if (event.event === 'settings') {
        this.#applySettings(event.settings);
        if (this.#doors) void this.#applyDoors(event.settings);
      }
      tellWindow(this.#window?.webContents, event);
    });
    void this.#begin();
    void this.#isShown.then(() => this.#openDoors());
    if (args.screenshot === undefined) void this.#isShown.then(() => this.#everyday.showTray());
    this.#listen();
    // Processes that start beside the window's own would have it come later.
    void Promise.race([this.#isShown, sleep(WINDOW_PATIENCE_MS)]).then(() => this.engine.start());
    if (args.demo) void handlers.startDemo(null);
    if (args.screenshot !== undefined) {
      this.#picture(args.screenshot).catch((error: unknown) => {
        console.error(error);
        app.exit(1);
      });
    }
  }

  async #begin(): Promise<void> {
    const { args, openedBySystem } = this.#options;
    const forPicture = args.screenshot !== undefined;
    this.#applySettings(await (forPicture ? this.engine.handlers.settings(null) : this.#everyday.begin()));
    leaveOnUnforeseen(() => this.#everyday.words.unforeseen, forPicture);
    this.#open();
    openedBySystem.receive((opened) => this.receive(opened));
  }

  /** Brings the window to the front, or back. */
  raise(): void {
    if (!this.#window) return this.#open();
    if (this.#window.isMinimized()) this.#window.restore();
    this.#window.show();
    this.#window.focus();
  }

  #open(): void {
    if (this.#window) return;
    const { dataDir, folder } = this.#options;
    this.#window = openWindow({ dataDir, preload: preloadPath(folder), show: true, devUrl: this.#devUrl });
    this.#everyday.adopt(this.#window, () => this.#leaving);
    this.#window.on('closed', () => {
      this.#window = undefined;
      this.#page = this.#nextPage();
    });
  }

  /** After the window is there, so that nobody waits for them. */
  async #openDoors(): Promise<void> {
    const { Doors } = await import('../gateway/doors.ts');
    if (this.#leaving) return;
    const onError = (error: unknown) => console.error('python door:', error);
    const { dataDir, openIncoming } = this.#options;
    this.#doors = new Doors({ engine: this.engine, dataDir, openIncoming, onError });
    await this.#applyDoors(await this.engine.handlers.settings(null));
  }

  async #startHelping(): Promise<Helping> {
    const { Helping } = await import('../gateway/helping.ts');
    const { dataDir, folder } = this.#options;
    return new Helping({
      dataDir,
      spawn: (words) => startProgram(path.join(folder, 'cli.cjs'), words),
      changed: () => tellWindow(this.#window?.webContents, { event: 'coordination' }),
    });
  }

  async #applyDoors(settings: Settings): Promise<void> {
    const { doorPlan } = await import('../gateway/doors.ts');
    await this.#doors?.apply(doorPlan(settings));
    tellWindow(this.#window?.webContents, { event: 'coordination' });
  }

  #listen(): void {
    app.on('window-all-closed', () => {
      // On a Mac programs stay; the dock brings the window back.
      if (process.platform !== 'darwin') app.quit();
    });
    app.on('activate', () => this.raise());
    app.on('before-quit', (event) => {
      if (this.#left) return;
      event.preventDefault();
      void this.#leave();
    });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => app.quit());
  }

  /** Comes to the front and shows what was opened, before anything of it is added. */
  receive(opened: Opened): void {
    const text = [this.#opened.text, opened.text].filter((one) => one !== '').join('\n');
    this.#opened = { files: [...this.#opened.files, ...opened.files], text };
    tellWindow(this.#window?.webContents, { event: 'opened' });
    this.raise();
  }

  #takeOpened(): Opened {
    const opened = this.#opened;
    this.#opened = { files: [], text: '' };
    return opened;
  }

  #applySettings(settings: Settings): void {
    const { theme } = settings;
    nativeTheme.themeSource = theme;
    this.#everyday.applySettings(settings);
    this.#clipboardWatch.set(settings.clipboardWatch);
    showMenu({
      words: this.#everyday.words.menu,
      theme,
      run: (command) => this.#command(command),
      setTheme: (chosen) => void this.engine.handlers.changeSettings({ theme: chosen }),
    });
  }

  #command(command: MenuCommand): void {
    this.raise();
    this.#tellPage({ event: 'menu', command });
  }

  #nextPage(): Promise<void> {
    return new Promise((resolve) => (this.#pageShown = resolve));
  }

  /** A window that was just opened hears it when its page listens. */
  #tellPage(event: ShellEvent): void {
    void this.#page.then(() => tellWindow(this.#window?.webContents, event));
  }

  async #picture(file: string): Promise<void> {
    const { handlers } = this.engine;
    await this.#isShown;
    let unfinished = 1;
    const stop = this.engine.onEvent((event) => {
      if (event.event === 'changed') unfinished = event.counts.running + event.counts.queued;
    });
    const { counts } = await handlers.overview(null);
    unfinished = counts.running + counts.queued;
    await settled({ unfinished: () => unfinished, patienceMs: SCREENSHOT_PATIENCE_MS });
    stop();
    if (this.#window) await takePicture(this.#window, file);
    app.quit();
  }

  /** Everything durable, everything closed, then out. */
  async #leave(): Promise<void> {
    this.#leaving = true;
    this.#instance.leave();
    try {
      if (this.#window) keepPlace(this.#window, this.#options.dataDir);
      await (await this.#helping)?.stop();
      await this.#doors?.shut();
      await this.engine.close();
      await this.#doors?.close();
      this.#demo?.close();
      this.#instance.close();
    } finally {
      this.#left = true;
      app.exit(0);
    }
  }
}
