// The contract between the engine and whoever steers it: the window, the command line, a test.
import { z } from 'zod';
import type { HandlersOf } from './answer.ts';
import { DownloadEvent, DownloadId, Exchange, NewDownload, Priority, Row, Status, Validators } from './download.ts';
import { Headers } from './host-rules.ts';
import { Machine, MachineDownload, MachineMode, MachineOrder } from './machines.ts';
import { hourKinds } from './schedule.ts';
import { Settings, SettingsChange } from './settings.ts';
import { rejections, Told } from './told.ts';
import { Traffic } from './traffic.ts';
import { Said } from './why.ts';

/** What became of one line of a list. `text` is the line, cut to 300 characters, credentials masked. */
export const Verdict = z.object({
  line: z.number().int(),
  text: z.string(),
  kind: z.enum(['url', 'duplicate', 'known', 'rejected']),
  name: z.string().optional(),
  /** For `rejected`: why, as a code, with a plain English text beside it and what that was made of. */
  reason: z.enum(rejections).optional(),
  message: z.string().optional(),
  said: Said.optional(),
});
export type Verdict = z.infer<typeof Verdict>;

export const Preview = z.object({
  /** Names the understood list until it is added or discarded. */
  batch: z.string(),
  counts: z.object({ url: z.number(), duplicate: z.number(), known: z.number(), rejected: z.number() }),
  /** The first verdicts; the rest through `previewLines`. */
  lines: z.array(Verdict),
  total: z.number(),
  /** How many downloads got theirs from checksum files beside the list. */
  checksums: z.number(),
  dir: z.string(),
  freeBytes: z.number().nullable(),
  /** What goes where when nobody chooses a folder, for every category; empty while all go to `dir`. */
  folders: z.array(
    z.object({
      category: z.string(),
      dir: z.string(),
      url: z.number(),
      known: z.number(),
      freeBytes: z.number().nullable(),
    }),
  ),
});
export type Preview = z.infer<typeof Preview>;

/** What could not be taken over from a file, by its name and, where the form has lines, its line. */
const SettingProblem = z.object({
  name: z.string(),
  line: z.number().nullable(),
  why: Told,
  atLeast: z.number().optional(),
  atMost: z.number().optional(),
});
export type SettingProblem = z.infer<typeof SettingProblem>;

/** Where an export goes, in which form, and whether with what only its owner should have. */
const ExportTo = z.object({
  file: z.string().min(1),
  format: z.enum(['text', 'json']),
  secrets: z.boolean().default(false),
});

export const ListQuery = z.object({
  status: z.union([Status, z.literal('all')]).default('all'),
  text: z.string().max(1000).default(''),
  category: z.string().nullable().default(null),
  host: z.string().nullable().default(null),
  /** `priority` is the order in which the queued ones start, `done` the part of the whole. `speed` and `left` (the time that is left) are of the running ones; all others come after them, in the queue's order. */
  sort: z
    .enum(['position', 'priority', 'name', 'host', 'status', 'size', 'done', 'added', 'finished', 'speed', 'left'])
    .default('position'),
  descending: z.boolean().default(false),
});
export type ListQuery = z.infer<typeof ListQuery>;

/** Which downloads an action is for: some ids, or all that a query finds. */
export const Selection = z.union([z.object({ ids: z.array(DownloadId) }), z.object({ query: ListQuery })]);
export type Selection = z.infer<typeof Selection>;

export const Counts = z.object({
  all: z.number(),
  queued: z.number(),
  running: z.number(),
  paused: z.number(),
  done: z.number(),
  failed: z.number(),
  categories: z.record(z.string(), z.number()),
});
export type Counts = z.infer<typeof Counts>;

export const Totals = z.object({
  bytesPerS: z.number(),
  leftMs: z.number().nullable(),
  freeBytes: z.number().nullable(),
  /** The limit for everything that holds now. */
  limitBytesPerS: z.number().nullable(),
  /** What the week's timetable says now and until when; null when there is none. */
  schedule: z.object({ kind: z.enum(hourKinds), until: z.number().nullable() }).nullable(),
  workers: z.number(),
  /** What this computer is to do; unless it works, others may. */
  modeHere: MachineMode,
  /** What stops the work as a whole (workers that keep crashing), else null. */
  trouble: Told.nullable(),
});
export type Totals = z.infer<typeof Totals>;

export const Detail = z.object({
  row: Row,
  path: z.string(),
  finalUrl: z.string().nullable(),
  validators: Validators.nullable(),
  checksum: z.string().nullable(),
  sha256: z.string().nullable(),
  headers: z.record(z.string(), z.string()),
  exchange: Exchange.nullable(),
  limitBytesPerS: z.number().nullable(),
  events: z.array(DownloadEvent),
});
export type Detail = z.infer<typeof Detail>;

const Source = z.union([
  z.object({ text: z.string() }),
  z.object({ html: z.string() }),
  /** Paths, and addresses and pieces of pages that are meant with them: checksum files are for all. */
  z.object({ files: z.array(z.string()).max(1000), links: z.string().optional(), page: z.string().optional() }),
]);

/** Every call: its argument and its result. Names are `verb` or `verbThing`. */
export const calls = {
  preview: { arg: Source, result: Preview },
  previewLines: {
    arg: z.object({
      batch: z.string(),
      only: z.enum(['all', 'url', 'duplicate', 'known', 'rejected']).default('all'),
      offset: z.number().int().nonnegative(),
      limit: z.number().int().min(1).max(1000),
    }),
    result: z.object({ lines: z.array(Verdict), total: z.number() }),
  },
  addBatch: {
    arg: z.object({
      batch: z.string(),
      dir: z.string().optional(),
      /** Add those that are in the list already once more. */
      known: z.boolean().default(false),
      /** Those that are in the list already for this folder go on where they were; a finished one does while its file is gone. */
      again: z.boolean().default(false),
      paused: z.boolean().default(false),
      /** What all of them send, and how fast each may be. */
      headers: Headers.default({}),
      limitBytesPerS: z.number().int().min(1024).nullable().default(null),
      category: NewDownload.shape.category,
      connections: NewDownload.shape.connections,
      priority: NewDownload.shape.priority,
      /** Of a batch of one. */
      checksum: NewDownload.shape.checksum,
    }),
    result: z.object({ added: z.number(), resumed: z.number(), firstId: z.number().nullable() }),
  },
  /** How much room a folder's disk has, in bytes; null when the system does not tell. */
  room: { arg: z.object({ dir: z.string() }), result: z.object({ freeBytes: z.number().nullable() }) },
  discardBatch: { arg: z.object({ batch: z.string() }), result: z.null() },
  add: {
    arg: z.object({
      downloads: z.array(NewDownload).max(200_000),
      dir: z.string().optional(),
      paused: z.boolean().default(false),
      producer: z.string().default('window'),
    }),
    result: z.object({ ids: z.array(DownloadId) }),
  },
  list: {
    arg: z.object({
      query: ListQuery,
      offset: z.number().int().nonnegative(),
      limit: z.number().int().min(1).max(100_000),
    }),
    result: z.object({ rows: z.array(Row), total: z.number(), revision: z.number() }),
  },
  /** Ids in list order between two places, for a range selection. */
  listIds: {
    arg: z.object({ query: ListQuery, offset: z.number().int().nonnegative(), limit: z.number().int().min(1) }),
    result: z.object({ ids: z.array(DownloadId) }),
  },
  /** The addresses or the names of downloads: those of a query in its order, ids in theirs. */
  linesOf: {
    arg: z.object({ which: Selection, what: z.enum(['url', 'name']) }),
    result: z.object({ lines: z.array(z.string()) }),
  },
  /** Which hosts the downloads that a query finds come from, whatever host it names; those with the most first. */
  hosts: {
    arg: z.object({ query: ListQuery, limit: z.number().int().min(1).max(1000) }),
    result: z.object({ hosts: z.array(z.object({ host: z.string(), count: z.number() })), total: z.number() }),
  },
  overview: { arg: z.null(), result: z.object({ counts: Counts, totals: Totals, revision: z.number() }) },
  detail: { arg: z.object({ id: DownloadId }), result: Detail.nullable() },
  pause: { arg: Selection, result: z.object({ changed: z.number() }) },
  resume: { arg: Selection, result: z.object({ changed: z.number() }) },
  /** Those that failed or are paused for a failure once more, from what is on the disk. */
  retry: { arg: Selection, result: z.object({ changed: z.number() }) },
  /** Done ones once more, from zero. */
  redownload: { arg: Selection, result: z.object({ changed: z.number() }) },
  remove: {
    arg: z.object({ which: Selection, deleteFiles: z.boolean().default(false) }),
    /** `undo` brings the entries back for some seconds; files are deleted only after that. */
    result: z.object({ changed: z.number(), undo: z.string().nullable() }),
  },
  undoRemove: { arg: z.object({ undo: z.string() }), result: z.object({ changed: z.number() }) },
  move: {
    arg: z.object({
      ids: z.array(DownloadId).min(1),
      to: z.union([z.enum(['first', 'last']), z.object({ before: DownloadId })]),
    }),
    result: z.object({ changed: z.number() }),
  },
  /** A fresh address for the same content; the bytes so far are kept if they compare equal. */
  setUrl: { arg: z.object({ id: DownloadId, url: z.string() }), result: z.null() },
  setLimit: {
    arg: z.object({ id: DownloadId, limitBytesPerS: z.number().int().min(1024).nullable() }),
    result: z.null(),
  },
  /** Of all of them that are not done. */
  setPriority: {
    arg: z.object({ which: Selection, priority: Priority }),
    result: z.object({ changed: z.number() }),
  },
  settings: { arg: z.null(), result: Settings },
  changeSettings: { arg: SettingsChange, result: Settings },
  /** Writes the list into a file of the engine's machine. */
  exportList: { arg: ExportTo, result: z.object({ count: z.number() }) },
  exportSettings: { arg: ExportTo, result: z.null() },
  /**
   * Takes over what a file of settings has; what is wrong in it is named, of a number with the bound that it is beyond.
   * `no-settings` when it is something else.
   */
  importSettings: {
    arg: z.object({ file: z.string().min(1) }),
    result: z.object({
      changed: z.number(),
      problems: z.array(SettingProblem),
    }),
  },
  traffic: { arg: z.object({ afterSeq: z.number().default(0) }), result: Traffic },
  /** This computer, then those that have joined and are not forgotten, the ones that have left included. */
  machines: { arg: z.null(), result: z.array(Machine) },
  changeMachine: { arg: z.object({ place: z.string(), to: MachineOrder }), result: z.null() },
  /** What a machine elsewhere has downloaded, the newest first. */
  machineDownloads: {
    arg: z.object({
      place: z.string(),
      offset: z.number().int().nonnegative(),
      limit: z.number().int().min(1).max(1000),
    }),
    result: z.array(MachineDownload),
  },
  startDemo: { arg: z.null(), result: z.object({ added: z.number() }) },
} as const;

export type CallName = keyof typeof calls;
export type CallArg<N extends CallName> = z.input<(typeof calls)[N]['arg']>;
export type CallResult<N extends CallName> = z.output<(typeof calls)[N]['result']>;

export type Handlers = HandlersOf<typeof calls>;

/** What the engine tells without being asked. `changed` comes at most ten times a second. */
export const EngineEvent = z.discriminatedUnion('event', [
  z.object({
    event: z.literal('changed'),
    /** Grows when the list's membership, order or a settled row changed: a page fetched at an older one is stale. */
    revision: z.number(),
    counts: Counts,
    totals: Totals,
    /** The rows that are running now, fresh. */
    running: z.array(Row),
  }),
  z.object({ event: z.literal('settings'), settings: Settings }),
]);
export type EngineEvent = z.infer<typeof EngineEvent>;
