// The contract between the window and the shell around it: what only the desktop can do, and what it tells.
import * as v from 'valibot';
import { number } from './schema.ts';
import type { Answer, HandlersOf } from './answer.ts';
import type { CallArg, CallName, CallResult, EngineEvent } from './api.ts';
import { Coordination } from './coordination.ts';
import { DownloadId } from './download.ts';
import { Found, Helping, HelpOrder } from './helping.ts';
import type { Told } from './told.ts';

export const PowerAction = v.picklist(['quit', 'sleep', 'shutdown']);
export type PowerAction = v.InferOutput<typeof PowerAction>;
/** What is about to happen after the last download, and when, in ms since 1970. */
export const Countdown = v.object({ action: PowerAction, endsAt: number() });
export type Countdown = v.InferOutput<typeof Countdown>;

/** Every shell call: its argument and its result, as in the engine's table. */
export const shellCalls = {
  /** Asks for a folder, starting at `dir`; null when the person thought better of it. */
  chooseFolder: { arg: v.object({ dir: v.string() }), result: v.nullable(v.string()) },
  /** Asks for list files; empty when cancelled. */
  chooseLists: { arg: v.null(), result: v.array(v.string()) },
  /** Asks where to write a file that is to be called `name`; null when the person thought better of it. */
  chooseSave: { arg: v.object({ name: v.string() }), result: v.nullable(v.string()) },
  openFile: { arg: v.object({ id: DownloadId }), result: v.null() },
  showInFolder: { arg: v.object({ id: DownloadId }), result: v.null() },
  copyText: { arg: v.object({ text: v.string() }), result: v.null() },
  readClipboard: { arg: v.null(), result: v.object({ text: v.string(), html: v.string() }) },
  /** Links that were copied in other programs and are offered, one a line; `forget`: they were taken, or not wanted. */
  copiedLinks: { arg: v.object({ do: v.picklist(['look', 'forget']) }), result: v.string() },
  /** The window itself put this into the clipboard: it is not offered. */
  ownCopy: { arg: v.object({ text: v.string() }), result: v.null() },
  /** Links and lists that the program was started with, or was handed since; each is told once. */
  takeOpened: { arg: v.null(), result: v.object({ files: v.array(v.string()), text: v.string() }) },
  /** The window says that its list is there and painted. */
  shown: { arg: v.null(), result: v.null() },
  /** The doors to other machines and programs. */
  coordination: { arg: v.null(), result: Coordination },
  /** The secret of a door; only asked for when a person wants to see it. */
  coordinationKey: { arg: v.object({ of: v.picklist(['coordinator', 'python']) }), result: v.string() },
  /** This machine at work for another one. */
  helping: { arg: v.null(), result: Helping },
  /** `key` null: the one that is kept from the last time. */
  startHelping: {
    arg: v.object({ order: HelpOrder, key: v.nullable(v.pipe(v.string(), v.minLength(1), v.maxLength(1000))) }),
    result: Helping,
  },
  stopHelping: { arg: v.null(), result: Helping },
  /** Who answers on the network now; takes a second or two. */
  findCoordinators: { arg: v.null(), result: v.array(Found) },
  /** The countdown after the last download, if one runs: to be looked at, stopped, or ended at once. */
  countdown: { arg: v.object({ do: v.picklist(['look', 'stop', 'now']) }), result: v.nullable(Countdown) },
  about: {
    arg: v.null(),
    result: v.object({
      version: v.string(),
      electron: v.string(),
      chrome: v.string(),
      node: v.string(),
      platform: v.string(),
      machine: v.string(),
      home: v.string(),
      dataDir: v.string(),
      locale: v.string(),
    }),
  },
} as const;

export type ShellCallName = keyof typeof shellCalls;
export type ShellCallArg<N extends ShellCallName> = v.InferInput<(typeof shellCalls)[N]['arg']>;
export type ShellCallResult<N extends ShellCallName> = v.InferOutput<(typeof shellCalls)[N]['result']>;
export type ShellHandlers = HandlersOf<typeof shellCalls>;

export const menuCommands = [
  'add',
  'add-files',
  'settings',
  'find',
  'undo',
  'select-all',
  'traffic',
  'shortcuts',
  'about',
  'paste',
  'export-list',
  'export-settings',
  'import',
] as const;
export type MenuCommand = (typeof menuCommands)[number];

/** What the shell tells. */
export type ShellEvent =
  | { event: 'menu'; command: MenuCommand }
  /** Something was opened and waits for `takeOpened`. */
  | { event: 'opened' }
  /** What `copiedLinks` tells has changed. */
  | { event: 'copied' }
  /** A door was opened or shut. */
  | { event: 'coordination' }
  /** The person wants to see downloads of a state; one of them when it is just one. */
  | { event: 'reveal'; status: 'done' | 'failed'; id: DownloadId | null }
  | { event: 'countdown'; countdown: Countdown | null }
  /** Something did not work that nobody waits for an answer to. */
  | ({ event: 'trouble' } & Pick<Told, 'message' | 'said'>);

/** The one object that a window gets. */
export type Bridge = {
  call<N extends CallName>(name: N, arg: CallArg<N>): Promise<Answer<CallResult<N>>>;
  shell<N extends ShellCallName>(name: N, arg: ShellCallArg<N>): Promise<Answer<ShellCallResult<N>>>;
  /** Returns what ends the listening. */
  onEvent(listener: (event: EngineEvent | ShellEvent) => void): () => void;
  /** Where a dropped file lies on the disk; empty when it has no path. */
  pathOf(file: object): string;
};

/** What the preload leaves on the page: of each event only its JSON, which comes over to the page much quicker than an object. */
export type PreloadBridge = Omit<Bridge, 'onEvent'> & { onEvent(listener: (json: string) => void): () => void };
