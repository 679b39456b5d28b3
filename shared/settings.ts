// Every setting with its bounds and default; units are in the names.
import * as v from 'valibot';
import { integer, text } from './schema.ts';
import { usualCategories } from './category.ts';
import { Categories } from './category-list.ts';
import { Headers, HostRules } from './host-rules.ts';
import { Lane } from './protocol.ts';
import { isProxy } from './proxy.ts';
import { fullWeek } from './schedule.ts';
import { because, rule } from './why.ts';

const Proxy = v.pipe(
  v.string(),
  v.trim(),
  v.maxLength(2000),
  rule((value) => (isProxy(value) ? null : because('proxy-unfit'))),
);
const OwnAddress = v.pipe(
  v.string(),
  v.trim(),
  v.maxLength(255),
  rule((value) => (value === '' ? because('address-needed') : null)),
);

export const Settings = v.object({
  /** Where files go; empty: the person's download folder. */
  dir: v.optional(v.string(), ''),
  /** Kinds of files by their extensions, each with a folder when a person gave it one. */
  categories: v.optional(Categories, [...usualCategories]),
  /** Worker processes; 0: as many as the machine has cores. */
  workers: v.optional(integer(0, 32), 0),
  /** Downloads at once. */
  parallel: v.optional(integer(1, 256), 8),
  connectionsPerDownload: v.optional(integer(1, 32), 8),
  connectionsPerHost: v.optional(integer(1, 256), 16),
  limitBytesPerS: v.optional(v.nullable(integer(1024)), null),
  /** Whether the week's timetable holds, and the limit for everything in its limited hours. */
  scheduleOn: v.optional(v.boolean(), false),
  scheduleLimitBytesPerS: v.optional(integer(1024), 500_000),
  week: v.optional(v.pipe(v.array(v.pipe(v.string(), v.regex(/^[FLN]{24}$/))), v.length(7)), [...fullWeek]),
  maxRetries: v.optional(integer(0, 100), 8),
  connectTimeoutMs: v.optional(integer(1000, 600_000), 20_000),
  idleTimeoutMs: v.optional(integer(1000, 600_000), 30_000),
  allowInsecureRedirect: v.optional(v.boolean(), false),
  lane: v.optional(Lane, 'auto'),
  hash: v.optional(v.boolean(), true),
  /** What was stored is kept though it be no proxy: then downloads fail, and none goes past the one that was meant. */
  proxy: v.optional(v.nullable(v.string()), null),
  /** Hosts that are reached without a proxy, as in `NO_PROXY`. */
  noProxy: v.optional(text(10_000), ''),
  /** What Sluice calls itself; null: by its name and version. */
  userAgent: v.optional(v.nullable(Headers.value), null),
  extraCaFile: v.optional(v.nullable(v.string()), null),
  /** A Netscape cookies.txt whose cookies go where they belong. */
  cookiesFile: v.optional(v.nullable(v.string()), null),
  hostRules: v.optional(HostRules, []),
  /** Whether other machines may join as workers, at an address of this machine; 127.0.0.1 is for this machine alone. */
  coordinator: v.optional(v.boolean(), true),
  coordinatorHost: v.optional(OwnAddress, '127.0.0.1'),
  coordinatorPort: v.optional(integer(1, 65_535), 7440),
  discoverable: v.optional(v.boolean(), false),
  /** Whether Python programs of this machine may use the queues; HMAC-MD5 is what Python before 3.12 proves its key with. */
  pythonDoor: v.optional(v.boolean(), false),
  /** 127.0.0.1 is for this machine alone; anywhere else what passes there can be read on the way. */
  pythonHost: v.optional(OwnAddress, '127.0.0.1'),
  pythonPort: v.optional(integer(1, 65_535), 8001),
  pythonMd5: v.optional(v.boolean(), true),
  /** Results come to Python programs as dicts with path, size and sha256 instead of `URL--->success`. */
  pythonDicts: v.optional(v.boolean(), false),
  notifications: v.optional(v.boolean(), true),
  /** Closing the window leaves the program in the tray; where there is no tray, in the task bar. */
  closeToTray: v.optional(v.boolean(), false),
  /** Links that are copied anywhere are offered in the window. */
  clipboardWatch: v.optional(v.boolean(), false),
  /** The machine does not fall asleep by itself while something downloads. */
  keepAwake: v.optional(v.boolean(), true),
  startAtLogin: v.optional(v.boolean(), false),
  /** What comes after the last download; back to nothing after use and at each start. */
  whenDone: v.optional(v.picklist(['nothing', 'quit', 'sleep', 'shutdown']), 'nothing'),
  theme: v.optional(v.picklist(['system', 'light', 'dark']), 'system'),
  language: v.optional(v.picklist(['system', 'en', 'zh-CN']), 'system'),
});
export type Settings = v.InferOutput<typeof Settings>;
export const defaultSettings: Settings = v.parse(Settings, {});

type Shape = typeof Settings.entries;
/** A change of some settings; unknown names are an error. */
export const SettingsChange = v.strictObject({
  ...(Object.fromEntries(
    Object.entries(Settings.entries).map(([name, { wrapped }]) => [name, v.optional(wrapped as v.GenericSchema)]),
  ) as { [K in keyof Shape]: v.OptionalSchema<Shape[K]['wrapped'], undefined> }),
  proxy: v.optional(v.nullable(Proxy)),
});
export type SettingsChange = v.InferOutput<typeof SettingsChange>;
