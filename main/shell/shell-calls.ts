// What only the desktop can do for the window: dialogs, the clipboard, opening what has been downloaded.
import os from 'node:os';
import path from 'node:path';
import { app, dialog, shell, type BrowserWindow } from 'electron';
import { refusal } from '../../shared/answer.ts';
import type { Handlers } from '../../shared/api.ts';
import { firstLocale } from '../../shared/language.ts';
import type { ShellHandlers } from '../../shared/shell-api.ts';
import { because } from '../../shared/why.ts';
import type { Opened } from '../engine/instance.ts';
import type { Doors } from '../gateway/doors.ts';
import type { Helping } from '../gateway/helping.ts';
import { readClipboard, writeClipboard } from './clipboard.ts';
import type { ClipboardWatch } from './clipboard-watch.ts';
import type { WhenDone } from './when-done.ts';
import type { ShellWords } from './words.ts';

export type ShellCallOptions = {
  window: () => BrowserWindow | undefined;
  handlers: Handlers;
  dataDir: string;
  version: string;
  takeOpened: () => Opened;
  shown: () => void;
  doors: () => Doors | undefined;
  helping: () => Promise<Helping>;
  whenDone: WhenDone;
  clipboardWatch: ClipboardWatch;
  words: () => ShellWords;
};

const listExtensions = [
  'txt',
  'urls',
  'csv',
  'tsv',
  'list',
  'json',
  'url',
  'webloc',
  'html',
  'htm',
  'meta4',
  'metalink',
  'desktop',
  'md',
];

export function createShellHandlers(options: ShellCallOptions): ShellHandlers {
  const { handlers, window } = options;

  async function fileOf(id: number): Promise<{ file: string; done: boolean }> {
    const detail = await handlers.detail({ id });
    if (!detail) throw refusal('not-found', because('not-in-list'));
    return { file: detail.path, done: detail.row.status === 'done' };
  }

  return {
    async chooseFolder({ dir }) {
      const result = await ask(window(), {
        ...(dir === '' ? {} : { defaultPath: dir }),
        properties: ['openDirectory', 'createDirectory'],
      });
      return result[0] ?? null;
    },
    chooseLists: () =>
      ask(window(), {
        properties: ['openFile', 'multiSelections'],
        filters: [
          { name: options.words().lists, extensions: listExtensions },
          { name: '*', extensions: ['*'] },
        ],
      }),
    async chooseSave({ name }) {
      const form = (extension: string) => ({ name: `*.${extension}`, extensions: [extension] });
      const asked: Electron.SaveDialogOptions = {
        defaultPath: path.join(app.getPath('documents'), name),
        filters: name.endsWith('.json') ? [form('json'), form('txt')] : [form('txt'), form('json')],
      };
      const owner = window();
      const result = owner ? await dialog.showSaveDialog(owner, asked) : await dialog.showSaveDialog(asked);
      return result.canceled || !result.filePath ? null : result.filePath;
    },
    async openFile({ id }) {
      const { file, done } = await fileOf(id);
      if (!done) throw refusal('not-done', because('not-done'));
      return open(file, path.basename(file));
    },
    async showInFolder({ id }) {
      const { file, done } = await fileOf(id);
      if (!done) return open(path.dirname(file), path.dirname(file));
      shell.showItemInFolder(file);
      return null;
    },
    async copyText({ text }) {
      options.clipboardWatch.own(text);
      await writeClipboard(text);
      return null;
    },
    ownCopy({ text }) {
      options.clipboardWatch.own(text);
      return null;
    },
    copiedLinks({ do: what }) {
      if (what === 'forget') options.clipboardWatch.forget();
      return options.clipboardWatch.copied;
    },
    readClipboard: () => readClipboard(),
    takeOpened: options.takeOpened,
    shown() {
      options.shown();
      return null;
    },
    helping: async () => (await options.helping()).state(),
    async startHelping({ order, key }) {
      const helping = await options.helping();
      const wrong = await helping.start(order, key);
      if (wrong !== null) throw refusal('not-started', wrong);
      return helping.state();
    },
    async stopHelping() {
      const helping = await options.helping();
      await helping.stop();
      return helping.state();
    },
    async findCoordinators() {
      const { discover } = await import('../gateway/discovery.ts');
      return discover();
    },
    coordination: () => options.doors()?.state() ?? { coordinator: null, python: null, trouble: null },
    coordinationKey({ of }) {
      const doors = options.doors();
      if (!doors) throw refusal('not-open', because('doors-not-open'));
      return doors.keyText(of);
    },
    countdown({ do: what }) {
      const { whenDone } = options;
      if (what === 'stop') whenDone.stop();
      if (what === 'now') whenDone.now();
      return whenDone.countdown;
    },
    about: () => ({
      version: options.version,
      electron: process.versions.electron ?? '',
      chrome: process.versions['chrome'] ?? '',
      node: process.versions.node,
      platform: process.platform,
      machine: os.hostname(),
      home: os.homedir(),
      dataDir: options.dataDir,
      locale: systemLocale(),
    }),
  };
}

/** With the program that the system has for it. */
async function open(file: string, name: string): Promise<null> {
  const cause = await shell.openPath(file);
  if (cause !== '') throw refusal('not-opened', because('not-opened', { name, cause }));
  return null;
}

/** The language of the system, as a BCP 47 tag. */
export function systemLocale(): string {
  return firstLocale([...app.getPreferredSystemLanguages(), app.getLocale()]);
}

async function ask(window: BrowserWindow | undefined, options: Electron.OpenDialogOptions): Promise<string[]> {
  const result = window ? await dialog.showOpenDialog(window, options) : await dialog.showOpenDialog(options);
  return result.canceled ? [] : result.filePaths;
}
