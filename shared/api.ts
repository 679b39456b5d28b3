// The contract between the engine and whoever steers it: the window, the command line, a test.
import * as v from 'valibot';
import { integer, number, text } from './schema.ts';
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
export const Verdict = v.object({
  line: integer(),
  text: v.string(),
  kind: v.picklist(['url', 'duplicate', 'known', 'rejected']),
  name: v.optional(v.string()),
  /** For `rejected`: why, as a code, with a plain English text beside it and what that was made of. */
  reason: v.optional(v.picklist(rejections)),
  message: v.optional(v.string()),
  said: v.optional(Said),
});
export type Verdict = v.InferOutput<typeof Verdict>;

export const Preview = v.object({
  /** Names the understood list until it is added or discarded. */
  batch: v.string(),
  counts: v.object({ url: number(), duplicate: number(), known: number(), rejected: number() }),
  /** The first verdicts; the rest through `previewLines`. */
  lines: v.array(Verdict),
  total: number(),
  /** How many downloads got theirs from checksum files beside the list. */
  checksums: number(),
  dir: v.string(),
  freeBytes: v.nullable(number()),
  /** What goes where when nobody chooses a folder, for every category; empty while all go to `dir`. */
  folders: v.array(
    v.object({
      category: v.string(),
      dir: v.string(),
      url: number(),
      known: number(),
      freeBytes: v.nullable(number()),
    }),
  ),
});
export type Preview = v.InferOutput<typeof Preview>;

/** What could not be taken over from a file, by its name and, where the form has lines, its line. */
const SettingProblem = v.object({
  name: v.string(),
  line: v.nullable(number()),
  why: Told,
  atLeast: v.optional(number()),
  atMost: v.optional(number()),
});
export type SettingProblem = v.InferOutput<typeof SettingProblem>;

/** Where an export goes, in which form, and whether with what only its owner should have. */
const ExportTo = v.object({
  file: v.pipe(v.string(), v.minLength(1)),
  format: v.picklist(['text', 'json']),
  secrets: v.optional(v.boolean(), false),
});

export const ListQuery = v.object({
  status: v.optional(v.union([Status, v.literal('all')]), 'all'),
  text: v.optional(text(1000), ''),
  category: v.optional(v.nullable(v.string()), null),
  host: v.optional(v.nullable(v.string()), null),
  /** `priority` is the order in which the queued ones start, `done` the part of the whole. `speed` and `left` (the time that is left) are of the running ones; all others come after them, in the queue's order. */
  sort: v.optional(
    v.picklist([
      'position',
      'priority',
      'name',
      'host',
      'status',
      'size',
      'done',
      'added',
      'finished',
      'speed',
      'left',
    ]),
    'position',
  ),
  descending: v.optional(v.boolean(), false),
});
export type ListQuery = v.InferOutput<typeof ListQuery>;

/** Which downloads an action is for: some ids, or all that a query finds. */
export const Selection = v.union([v.object({ ids: v.array(DownloadId) }), v.object({ query: ListQuery })]);
export type Selection = v.InferOutput<typeof Selection>;

export const Counts = v.object({
  all: number(),
  queued: number(),
  running: number(),
  paused: number(),
  done: number(),
  failed: number(),
  categories: v.record(v.string(), number()),
});
export type Counts = v.InferOutput<typeof Counts>;

export const Totals = v.object({
  bytesPerS: number(),
  leftMs: v.nullable(number()),
  freeBytes: v.nullable(number()),
  /** The limit for everything that holds now. */
  limitBytesPerS: v.nullable(number()),
  /** What the week's timetable says now and until when; null when there is none. */
  schedule: v.nullable(v.object({ kind: v.picklist(hourKinds), until: v.nullable(number()) })),
  workers: number(),
  /** What this computer is to do; unless it works, others may. */
  modeHere: MachineMode,
  /** What stops the work as a whole (workers that keep crashing), else null. */
  trouble: v.nullable(Told),
});
export type Totals = v.InferOutput<typeof Totals>;

export const Detail = v.object({
  row: Row,
  path: v.string(),
  finalUrl: v.nullable(v.string()),
  validators: v.nullable(Validators),
  checksum: v.nullable(v.string()),
  sha256: v.nullable(v.string()),
  headers: v.record(v.string(), v.string()),
  exchange: v.nullable(Exchange),
  limitBytesPerS: v.nullable(number()),
  events: v.array(DownloadEvent),
});
export type Detail = v.InferOutput<typeof Detail>;

const Source = v.union([
  v.object({ text: v.string() }),
  v.object({ html: v.string() }),
  /** Paths, and addresses and pieces of pages that are meant with them: checksum files are for all. */
  v.object({
    files: v.pipe(v.array(v.string()), v.maxLength(1000)),
    links: v.optional(v.string()),
    page: v.optional(v.string()),
  }),
]);

/** Every call: its argument and its result. Names are `verb` or `verbThing`. */
export const calls = {
  preview: { arg: Source, result: Preview },
  previewLines: {
    arg: v.object({
      batch: v.string(),
      only: v.optional(v.picklist(['all', 'url', 'duplicate', 'known', 'rejected']), 'all'),
      offset: integer(0),
      limit: integer(1, 1000),
    }),
    result: v.object({ lines: v.array(Verdict), total: number() }),
  },
  addBatch: {
    arg: v.object({
      batch: v.string(),
      dir: v.optional(v.string()),
      /** Add those that are in the list already once more. */
      known: v.optional(v.boolean(), false),
      /** Those that are in the list already for this folder go on where they were; a finished one does while its file is gone. */
      again: v.optional(v.boolean(), false),
      paused: v.optional(v.boolean(), false),
      /** What all of them send, and how fast each may be. */
      headers: v.optional(Headers, {}),
      limitBytesPerS: v.optional(v.nullable(integer(1024)), null),
      category: NewDownload.entries.category,
      connections: NewDownload.entries.connections,
      priority: NewDownload.entries.priority,
      /** Of a batch of one. */
      checksum: NewDownload.entries.checksum,
    }),
    result: v.object({ added: number(), resumed: number(), firstId: v.nullable(number()) }),
  },
  /** How much room a folder's disk has, in bytes; null when the system does not tell. */
  room: { arg: v.object({ dir: v.string() }), result: v.object({ freeBytes: v.nullable(number()) }) },
  discardBatch: { arg: v.object({ batch: v.string() }), result: v.null() },
  add: {
    arg: v.object({
      downloads: v.pipe(v.array(NewDownload), v.maxLength(200_000)),
      dir: v.optional(v.string()),
      paused: v.optional(v.boolean(), false),
      producer: v.optional(v.string(), 'window'),
    }),
    result: v.object({ ids: v.array(DownloadId) }),
  },
  list: {
    arg: v.object({
      query: ListQuery,
      offset: integer(0),
      limit: integer(1, 100_000),
    }),
    result: v.object({ rows: v.array(Row), total: number(), revision: number() }),
  },
  /** Ids in list order between two places, for a range selection. */
  listIds: {
    arg: v.object({ query: ListQuery, offset: integer(0), limit: integer(1) }),
    result: v.object({ ids: v.array(DownloadId) }),
  },
  /** The addresses or the names of downloads: those of a query in its order, ids in theirs. */
  linesOf: {
    arg: v.object({ which: Selection, what: v.picklist(['url', 'name']) }),
    result: v.object({ lines: v.array(v.string()) }),
  },
  /** Which hosts the downloads that a query finds come from, whatever host it names; those with the most first. */
  hosts: {
    arg: v.object({ query: ListQuery, limit: integer(1, 1000) }),
    result: v.object({ hosts: v.array(v.object({ host: v.string(), count: number() })), total: number() }),
  },
  overview: { arg: v.null(), result: v.object({ counts: Counts, totals: Totals, revision: number() }) },
  detail: { arg: v.object({ id: DownloadId }), result: v.nullable(Detail) },
  pause: { arg: Selection, result: v.object({ changed: number() }) },
  resume: { arg: Selection, result: v.object({ changed: number() }) },
  /** Those that failed or are paused for a failure once more, from what is on the disk. */
  retry: { arg: Selection, result: v.object({ changed: number() }) },
  /** Done ones once more, from zero. */
  redownload: { arg: Selection, result: v.object({ changed: number() }) },
  remove: {
    arg: v.object({ which: Selection, deleteFiles: v.optional(v.boolean(), false) }),
    /** `undo` brings the entries back for some seconds; files are deleted only after that. */
    result: v.object({ changed: number(), undo: v.nullable(v.string()) }),
  },
  undoRemove: { arg: v.object({ undo: v.string() }), result: v.object({ changed: number() }) },
  move: {
    arg: v.object({
      ids: v.pipe(v.array(DownloadId), v.minLength(1)),
      to: v.union([v.picklist(['first', 'last']), v.object({ before: DownloadId })]),
    }),
    result: v.object({ changed: number() }),
  },
  /** A fresh address for the same content; the bytes so far are kept if they compare equal. */
  setUrl: { arg: v.object({ id: DownloadId, url: v.string() }), result: v.null() },
  setLimit: {
    arg: v.object({ id: DownloadId, limitBytesPerS: v.nullable(integer(1024)) }),
    result: v.null(),
  },
  /** Of all of them that are not done. */
  setPriority: {
    arg: v.object({ which: Selection, priority: Priority }),
    result: v.object({ changed: number() }),
  },
  settings: { arg: v.null(), result: Settings },
  changeSettings: { arg: SettingsChange, result: Settings },
  /** Writes the list into a file of the engine's machine. */
  exportList: { arg: ExportTo, result: v.object({ count: number() }) },
  exportSettings: { arg: ExportTo, result: v.null() },
  /**
   * Takes over what a file of settings has; what is wrong in it is named, of a number with the bound that it is beyond.
   * `no-settings` when it is something else.
   */
  importSettings: {
    arg: v.object({ file: v.pipe(v.string(), v.minLength(1)) }),
    result: v.object({
      changed: number(),
      problems: v.array(SettingProblem),
    }),
  },
  traffic: { arg: v.object({ afterSeq: v.optional(number(), 0) }), result: Traffic },
  /** This computer, then those that have joined and are not forgotten, the ones that have left included. */
  machines: { arg: v.null(), result: v.array(Machine) },
  changeMachine: { arg: v.object({ place: v.string(), to: MachineOrder }), result: v.null() },
  /** What a machine elsewhere has downloaded, the newest first. */
  machineDownloads: {
    arg: v.object({
      place: v.string(),
      offset: integer(0),
      limit: integer(1, 1000),
    }),
    result: v.array(MachineDownload),
  },
  startDemo: { arg: v.null(), result: v.object({ added: number() }) },
} as const;

export type CallName = keyof typeof calls;
export type CallArg<N extends CallName> = v.InferInput<(typeof calls)[N]['arg']>;
export type CallResult<N extends CallName> = v.InferOutput<(typeof calls)[N]['result']>;

export type Handlers = HandlersOf<typeof calls>;

/** What the engine tells without being asked. `changed` comes at most ten times a second. */
export const EngineEvent = v.variant('event', [
  v.object({
    event: v.literal('changed'),
    /** Grows when the list's membership, order or a settled row changed: a page fetched at an older one is stale. */
    revision: number(),
    counts: Counts,
    totals: Totals,
    /** The rows that are running now, fresh. */
    running: v.array(Row),
  }),
  v.object({ event: v.literal('settings'), settings: Settings }),
]);
export type EngineEvent = v.InferOutput<typeof EngineEvent>;
