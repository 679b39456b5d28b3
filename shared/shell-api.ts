// The contract between the window and the shell around it: what only the desktop can do, and what it tells.
import { z } from 'zod';
import type { Answer, HandlersOf } from './answer.ts';
import type { CallArg, CallName, CallResult, EngineEvent } from './api.ts';
import { Coordination } from './coordination.ts';
import { DownloadId } from './download.ts';
import { Found, Helping, HelpOrder } from './helping.ts';
import type { Told } from './told.ts';

export const PowerAction = z.enum(['quit', 'sleep', 'shutdown']);
export type PowerAction = z.infer<typeof PowerAction>;
/** What is about to happen after the last download, and when, in ms since 1970. */
export const Countdown = z.object({ action: PowerAction, endsAt: z.number() });
export type Countdown = z.infer<typeof Countdown>;

/** Every shell call: its argument and its result, as in the engine's table. */
export const shellCalls = {
  /** Asks for a folder, starting at `dir`; null when the person thought better of it. */
  chooseFolder: { arg: z.object({ dir: z.string() }), result: z.string().nullable() },
  /** Asks for list files; empty when cancelled. */
  chooseLists: { arg: z.null(), result: z.array(z.string()) },
  /** Asks where to write a file that is to be called `name`; null when the person thought better of it. */
  chooseSave: { arg: z.object({ name: z.string() }), result: z.string().nullable() },
  openFile: { arg: z.object({ id: DownloadId }), result: z.null() },
  showInFolder: { arg: z.object({ id: DownloadId }), result: z.null() },
  copyText: { arg: z.object({ text: z.string() }), result: z.null() },
  readClipboard: { arg: z.null(), result: z.object({ text: z.string(), html: z.string() }) },
  /** Links that were copied in other programs and are offered, one a line; `forget`: they were taken, or not wanted. */
  copiedLinks: { arg: z.object({ do: z.enum(['look', 'forget']) }), result: z.string() },
  /** The window itself put this into the clipboard: it is not offered. */
  ownCopy: { arg: z.object({ text: z.string() }), result: z.null() },
  /** Links and lists that the program was started with, or was handed since; each is told once. */
  takeOpened: { arg: z.null(), result: z.object({ files: z.array(z.string()), text: z.string() }) },
  /** The window says that its list is there and painted. */
  shown: { arg: z.null(), result: z.null() },
  /** The doors to other machines and programs. */
  coordination: { arg: z.null(), result: Coordination },
  /** The secret of a door; only asked for when a person wants to see it. */
  coordinationKey: { arg: z.object({ of: z.enum(['coordinator', 'python']) }), result: z.string() },
  /** This machine at work for another one. */
  helping: { arg: z.null(), result: Helping },
  /** `key` null: the one that is kept from the last time. */
  startHelping: { arg: z.object({ order: HelpOrder, key: z.string().min(1).max(1000).nullable() }), result: Helping },
  stopHelping: { arg: z.null(), result: Helping },
  /** Who answers on the network now; takes a second or two. */
  findCoordinators: { arg: z.null(), result: z.array(Found) },
  /** The countdown after the last download, if one runs: to be looked at, stopped, or ended at once. */
  countdown: { arg: z.object({ do: z.enum(['look', 'stop', 'now']) }), result: Countdown.nullable() },
  about: {
    arg: z.null(),
    result: z.object({
      version: z.string(),
      electron: z.string(),
      chrome: z.string(),
      node: z.string(),
      platform: z.string(),
      machine: z.string(),
      home: z.string(),
      dataDir: z.string(),
      locale: z.string(),
    }),
  },
} as const;

export type ShellCallName = keyof typeof shellCalls;
export type ShellCallArg<N extends ShellCallName> = z.input<(typeof shellCalls)[N]['arg']>;
export type ShellCallResult<N extends ShellCallName> = z.output<(typeof shellCalls)[N]['result']>;
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
