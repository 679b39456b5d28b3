// Every setting with its bounds and default; units are in the names.
import { z } from 'zod';
import { usualCategories } from './category.ts';
import { Categories } from './category-list.ts';
import { Headers, HostRules } from './host-rules.ts';
import { Lane } from './protocol.ts';
import { isProxy } from './proxy.ts';
import { ONCE } from './reader.ts';
import { fullWeek } from './schedule.ts';
import { because, rule } from './why.ts';

const Proxy = z
  .string()
  .trim()
  .max(2000)
  .refine(isProxy, rule(because('proxy-unfit')));
const OwnAddress = z
  .string()
  .trim()
  .max(255)
  .refine((text) => text !== '', rule(because('address-needed')));

export const Settings = z.object({
  /** Where files go; empty: the person's download folder. */
  dir: z.string().default(''),
  /** Kinds of files by their extensions, each with a folder when a person gave it one. */
  categories: Categories.default([...usualCategories]),
  /** Worker processes; 0: as many as the machine has cores. */
  workers: z.number().int().min(0).max(32).default(0),
  /** Downloads at once. */
  parallel: z.number().int().min(1).max(256).default(8),
  connectionsPerDownload: z.number().int().min(1).max(32).default(8),
  connectionsPerHost: z.number().int().min(1).max(256).default(16),
  limitBytesPerS: z.number().int().min(1024).nullable().default(null),
  /** Whether the week's timetable holds, and the limit for everything in its limited hours. */
  scheduleOn: z.boolean().default(false),
  scheduleLimitBytesPerS: z.number().int().min(1024).default(500_000),
  week: z
    .array(z.string().regex(/^[FLN]{24}$/))
    .length(7)
    .default([...fullWeek]),
  maxRetries: z.number().int().min(0).max(100).default(8),
  connectTimeoutMs: z.number().int().min(1000).max(600_000).default(20_000),
  idleTimeoutMs: z.number().int().min(1000).max(600_000).default(30_000),
  allowInsecureRedirect: z.boolean().default(false),
  lane: Lane.default('auto'),
  hash: z.boolean().default(true),
  /** What was stored is kept though it be no proxy: then downloads fail, and none goes past the one that was meant. */
  proxy: z.string().nullable().default(null),
  /** Hosts that are reached without a proxy, as in `NO_PROXY`. */
  noProxy: z.string().max(10_000).default(''),
  /** What Sluice calls itself; null: by its name and version. */
  userAgent: Headers.valueType.nullable().default(null),
  extraCaFile: z.string().nullable().default(null),
  /** A Netscape cookies.txt whose cookies go where they belong. */
  cookiesFile: z.string().nullable().default(null),
  hostRules: HostRules.default([]),
  /** Whether other machines may join as workers, at an address of this machine; 127.0.0.1 is for this machine alone. */
  coordinator: z.boolean().default(true),
  coordinatorHost: OwnAddress.default('127.0.0.1'),
  coordinatorPort: z.number().int().min(1).max(65_535).default(7440),
  discoverable: z.boolean().default(false),
  /** Whether Python programs of this machine may use the queues; HMAC-MD5 is what Python before 3.12 proves its key with. */
  pythonDoor: z.boolean().default(false),
  /** 127.0.0.1 is for this machine alone; anywhere else what passes there can be read on the way. */
  pythonHost: OwnAddress.default('127.0.0.1'),
  pythonPort: z.number().int().min(1).max(65_535).default(8001),
  pythonMd5: z.boolean().default(true),
  /** Results come to Python programs as dicts with path, size and sha256 instead of `URL--->success`. */
  pythonDicts: z.boolean().default(false),
  notifications: z.boolean().default(true),
  /** Closing the window leaves the program in the tray; where there is no tray, in the task bar. */
  closeToTray: z.boolean().default(false),
  /** Links that are copied anywhere are offered in the window. */
  clipboardWatch: z.boolean().default(false),
  /** The machine does not fall asleep by itself while something downloads. */
  keepAwake: z.boolean().default(true),
  startAtLogin: z.boolean().default(false),
  /** What comes after the last download; back to nothing after use and at each start. */
  whenDone: z.enum(['nothing', 'quit', 'sleep', 'shutdown']).default('nothing'),
  theme: z.enum(['system', 'light', 'dark']).default('system'),
  language: z.enum(['system', 'en', 'zh-CN']).default('system'),
});
export type Settings = z.infer<typeof Settings>;
export const defaultSettings: Settings = Settings.parse({}, ONCE);

/** A change of some settings; unknown names are an error. */
export const SettingsChange = z
  .strictObject(
    Object.fromEntries(Object.entries(Settings.shape).map(([name, schema]) => [name, schema.unwrap().optional()])) as {
      [K in keyof typeof Settings.shape]: z.ZodOptional<ReturnType<(typeof Settings.shape)[K]['unwrap']>>;
    },
  )
  .extend({ proxy: Proxy.nullable().optional() });
export type SettingsChange = z.infer<typeof SettingsChange>;
