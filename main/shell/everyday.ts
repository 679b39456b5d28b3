// What a program on a desktop is expected to do besides its window: tray, notifications, task bar, staying awake, what comes after the end.
import path from 'node:path';
import { app, Notification, powerSaveBlocker, type BrowserWindow } from 'electron';
import type { EngineEvent } from '../../shared/api.ts';
import { createFormat, type Format } from '../../shared/format.ts';
import { languageFor, localeFor } from '../../shared/language.ts';
import { defaultSettings, type Settings } from '../../shared/settings.ts';
import type { PowerAction, ShellEvent } from '../../shared/shell-api.ts';
import { systemWhy } from '../../shared/system-why.ts';
import { because, type Why } from '../../shared/why.ts';
import type { Engine } from '../engine/engine.ts';
import { Batch, type Activity } from './activity.ts';
import { setStartAtLogin, startsAtLogin } from './login-item.ts';
import { Notices, type Notice } from './notices.ts';
import { createTray, hasTray, type TrayState } from './tray.ts';
import { runPower, WhenDone } from './when-done.ts';
import { shellWords, type ShellWords } from './words.ts';

export type EverydayOptions = {
  engine: Engine;
  window: () => BrowserWindow | undefined;
  /** Brings the window to the front, or back. */
  raise: () => void;
  tell: (event: ShellEvent) => void;
  iconFolder: string;
  systemLocale: string;
};

const TRAY_MS = 1000;
const everything = {
  query: { status: 'all', text: '', category: null, host: null, sort: 'position', descending: false },
} as const;
type Changed = Extract<EngineEvent, { event: 'changed' }>;

export class Everyday {
  readonly whenDone: WhenDone;
  words!: ShellWords;
  readonly #options: EverydayOptions;
  readonly #batch = new Batch();
  readonly #notices = new Notices((notice) => void this.#notify(notice));
  readonly #shown = new Map<Notice['kind'], Notification>();
  #format!: Format;
  #settings: Settings = defaultSettings;
  #begun = false;
  #tray: { show: (state: TrayState) => void } | null = null;
  #last: Changed | undefined;
  #trayTimer: NodeJS.Timeout | undefined;
  #awake: number | undefined;
  #barShows = '';

  constructor(options: EverydayOptions) {
    this.#options = options;
    this.whenDone = new WhenDone({
      act: (action) => this.#act(action),
      reset: () => void options.engine.handlers.changeSettings({ whenDone: 'nothing' }),
      tell: (countdown) => {
        if (countdown) options.raise();
        options.tell({ event: 'countdown', countdown });
      },
    });
  }

  /** Before the first window, so that nothing that is chosen in it is taken back. What the system was told about logins outside of Sluice is the truth. */
  async begin(): Promise<Settings> {
    const { engine } = this.#options;
    if (process.platform === 'win32') app.setAppUserModelId('app.sluice.Sluice');
    engine.onSignal((signal) => {
      if (signal.event !== 'done' && signal.event !== 'failed') return;
      this.#batch.ended();
      if (!this.#settings.notifications || this.#options.window()?.isFocused()) return;
      const { id } = signal;
      this.#notices.ended(signal.event === 'done' ? { kind: 'done', id } : { kind: 'failed', id, code: signal.code });
    });
    engine.onEvent((event) => {
      if (event.event === 'changed') this.#changed(event);
    });
    const settings = await this.#truthOfToday();
    this.applySettings(settings);
    this.#begun = true;
    return settings;
  }

  /** From the first window on: it need not wait for this. */
  async showTray(): Promise<void> {
    const { engine, iconFolder, raise, tell } = this.#options;
    const { handlers } = engine;
    this.#tray = createTray(iconFolder, {
      show: raise,
      pauseAll: () => void handlers.pause(everything),
      resumeAll: () => void handlers.resume(everything),
      addFromClipboard: () => {
        raise();
        tell({ event: 'menu', command: 'paste' });
      },
      quit: () => app.quit(),
    });
    this.#changed({ event: 'changed', running: [], ...(await handlers.overview(null)) });
  }

  /** The settings with what the system says, written down where it differs; that it cannot be written costs nothing else. */
  async #truthOfToday(): Promise<Settings> {
    const { handlers } = this.#options.engine;
    const settings = await handlers.settings(null);
    let truth = { whenDone: 'nothing', startAtLogin: settings.startAtLogin } as const;
    try {
      truth = { ...truth, startAtLogin: startsAtLogin() };
      if (settings.whenDone === truth.whenDone && settings.startAtLogin === truth.startAtLogin) return settings;
      return await handlers.changeSettings(truth);
    } catch (error) {
      this.applySettings(settings);
      this.#trouble(because('settings-not-written', { because: systemWhy(error) }));
      return { ...settings, ...truth };
    }
  }

  applySettings(settings: Settings): void {
    const { systemLocale, engine } = this.#options;
    const language = languageFor(settings.language, systemLocale);
    this.#format = createFormat(localeFor(language, systemLocale));
    this.words = shellWords(language, this.#format);
    const { startAtLogin } = this.#settings;
    this.#settings = settings;
    if (!this.#begun) return;
    if (settings.startAtLogin !== startAtLogin) {
      try {
        setStartAtLogin(settings.startAtLogin);
      } catch (error) {
        this.#trouble(because('login-unchanged', { because: systemWhy(error) }));
        void engine.handlers.changeSettings({ startAtLogin: startsAtLogin() });
      }
    }
    if (!settings.notifications) this.#notices.seen();
    if (settings.whenDone === 'nothing') this.whenDone.stop();
    this.#showTray();
    if (this.#last) this.#stayAwake(this.#last.counts.running > 0);
  }

  /** Looks after a new window: what is seen in it needs no notification, and closing it may mean the tray. */
  adopt(window: BrowserWindow, leaving: () => boolean): void {
    this.#barShows = '';
    window.on('focus', () => this.#notices.seen());
    window.on('close', (event) => {
      if (leaving() || !this.#settings.closeToTray) return;
      event.preventDefault();
      void hasTray().then((there) => {
        if (there) window.hide();
        else window.minimize();
      });
    });
  }

  #changed(event: Changed): void {
    const activity = this.#batch.changed(event);
    this.#last = event;
    this.#showProgress(activity);
    this.#stayAwake(activity.running > 0);
    if (this.#trayTimer === undefined) {
      this.#trayTimer = setTimeout(() => {
        this.#trayTimer = undefined;
        this.#showTray();
      }, TRAY_MS);
    }
    if (activity.unfinished > 0) this.whenDone.interrupt();
    if (!activity.allDone) return;
    this.#notices.allEnded();
    if (this.#settings.whenDone !== 'nothing') this.whenDone.begin(this.#settings.whenDone);
  }

  #showProgress({ progress, unfinished }: Activity): void {
    const part = progress === null ? -1 : Math.round(progress * 100) / 100;
    const shows = `${part} ${unfinished}`;
    const window = this.#options.window();
    if (shows === this.#barShows || !window || window.isDestroyed()) return;
    this.#barShows = shows;
    window.setProgressBar(part);
    if (process.platform !== 'win32') app.setBadgeCount(unfinished);
  }

  #showTray(): void {
    if (!this.#last) return;
    const { counts, totals } = this.#last;
    this.#tray?.show({
      words: this.words.tray,
      running: counts.running,
      speed: this.#format.speed(totals.bytesPerS),
      canPause: counts.running + counts.queued > 0,
      canResume: counts.paused > 0,
    });
  }

  #stayAwake(working: boolean): void {
    const wanted = working && this.#settings.keepAwake;
    if (wanted === (this.#awake !== undefined)) return;
    if (wanted) this.#awake = powerSaveBlocker.start('prevent-app-suspension');
    else {
      powerSaveBlocker.stop(this.#awake!);
      this.#awake = undefined;
    }
  }

  async #notify({ kind, count, first }: Notice): Promise<void> {
    if (!Notification.isSupported()) return;
    const detail = await this.#options.engine.handlers.detail({ id: first.id });
    if (!detail) return;
    const { name } = detail.row;
    const { notice } = this.words;
    const notification = new Notification({
      title: notice[kind](count, name),
      body: first.kind === 'failed' ? notice.failedBody(count, name, first.code) : notice.doneBody(count, name),
      icon: path.join(this.#options.iconFolder, '128x128.png'),
    });
    notification.on('click', () => {
      this.#options.raise();
      this.#options.tell({ event: 'reveal', status: kind, id: count === 1 ? first.id : null });
    });
    this.#shown.get(kind)?.close();
    // Kept, or it would be collected and its click lost.
    this.#shown.set(kind, notification);
    notification.show();
  }

  #trouble({ message, ...said }: Why): void {
    this.#options.tell({ event: 'trouble', message, said });
  }

  #act(action: PowerAction): void {
    if (action === 'quit') return app.quit();
    runPower(action).catch((error: unknown) => {
      this.#trouble(because('power-refused', { cause: (error as Error).message }));
    });
  }
}
