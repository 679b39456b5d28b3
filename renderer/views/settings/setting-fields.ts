// How each setting is shown and read back: its control, its unit, its bounds out of the schema.
import { boundsOf } from '../../../shared/schema.ts';
import { Settings } from '../../../shared/settings.ts';
import type { Words } from '../../words.ts';

export type SettingName = keyof Settings;
type NumberName = {
  [K in SettingName]: number extends Settings[K] ? K : never;
}[SettingName];
type SwitchName = { [K in SettingName]: Settings[K] extends boolean ? K : never }[SettingName];

export type Field =
  /** `scale`: how many of the setting's units are one of the shown ones. */
  | { kind: 'number'; name: NumberName; scale: number; unit: 'seconds' | 'kilobytes' | null; optional: boolean }
  | { kind: 'switch'; name: SwitchName }
  | { kind: 'choice'; name: 'theme' | 'language' | 'lane' | 'whenDone'; options: string[] }
  | {
      kind: 'text';
      name:
        'dir' | 'proxy' | 'noProxy' | 'userAgent' | 'extraCaFile' | 'cookiesFile' | 'coordinatorHost' | 'pythonHost';
      optional: boolean;
    }
  | { kind: 'week'; name: 'week' }
  | { kind: 'categories'; name: 'categories' }
  | { kind: 'hosts'; name: 'hostRules' };

export type Section = { title: keyof Words & `section${string}`; fields: Field[] };

const whole = (name: NumberName): Field => ({ kind: 'number', name, scale: 1, unit: null, optional: false });
const seconds = (name: NumberName): Field => ({ kind: 'number', name, scale: 1000, unit: 'seconds', optional: false });

export const sections: Section[] = [
  {
    title: 'sectionGeneral',
    fields: [
      { kind: 'choice', name: 'theme', options: ['system', 'light', 'dark'] },
      { kind: 'choice', name: 'language', options: ['system', 'en', 'zh-CN'] },
      { kind: 'text', name: 'dir', optional: false },
    ],
  },
  {
    title: 'sectionDesktop',
    fields: [
      { kind: 'choice', name: 'whenDone', options: ['nothing', 'quit', 'sleep', 'shutdown'] },
      { kind: 'switch', name: 'notifications' },
      { kind: 'switch', name: 'clipboardWatch' },
      { kind: 'switch', name: 'closeToTray' },
      { kind: 'switch', name: 'keepAwake' },
      { kind: 'switch', name: 'startAtLogin' },
    ],
  },
  {
    title: 'sectionDownloads',
    fields: [
      whole('parallel'),
      whole('connectionsPerDownload'),
      whole('connectionsPerHost'),
      { kind: 'number', name: 'limitBytesPerS', scale: 1000, unit: 'kilobytes', optional: true },
      whole('workers'),
      { kind: 'switch', name: 'hash' },
    ],
  },
  { title: 'sectionCategories', fields: [{ kind: 'categories', name: 'categories' }] },
  {
    title: 'sectionNetwork',
    fields: [
      whole('maxRetries'),
      seconds('connectTimeoutMs'),
      seconds('idleTimeoutMs'),
      { kind: 'text', name: 'proxy', optional: true },
      { kind: 'text', name: 'noProxy', optional: false },
      { kind: 'text', name: 'userAgent', optional: true },
      { kind: 'text', name: 'cookiesFile', optional: true },
      { kind: 'choice', name: 'lane', options: ['auto', 'fetch', 'direct'] },
    ],
  },
  {
    title: 'sectionSafety',
    fields: [
      { kind: 'switch', name: 'allowInsecureRedirect' },
      { kind: 'text', name: 'extraCaFile', optional: true },
    ],
  },
  {
    title: 'sectionTimetable',
    fields: [
      { kind: 'switch', name: 'scheduleOn' },
      { kind: 'number', name: 'scheduleLimitBytesPerS', scale: 1000, unit: 'kilobytes', optional: false },
      { kind: 'week', name: 'week' },
    ],
  },
  { title: 'sectionHosts', fields: [{ kind: 'hosts', name: 'hostRules' }] },
  {
    title: 'sectionMachines',
    fields: [
      { kind: 'switch', name: 'coordinator' },
      { kind: 'text', name: 'coordinatorHost', optional: false },
      whole('coordinatorPort'),
      { kind: 'switch', name: 'discoverable' },
      { kind: 'switch', name: 'pythonDoor' },
      { kind: 'text', name: 'pythonHost', optional: false },
      whole('pythonPort'),
      { kind: 'switch', name: 'pythonMd5' },
      { kind: 'switch', name: 'pythonDicts' },
    ],
  },
];

type Bounds = { low: number; high: number | null };

/** The bounds of a number setting, in the units that are shown. */
function shownBounds(field: Extract<Field, { kind: 'number' }>): Bounds {
  const { min = 0, max = Infinity } = boundsOf(Settings.entries[field.name]);
  const high = max >= Number.MAX_SAFE_INTEGER ? null : Math.floor(max / field.scale);
  return { low: Math.ceil(min / field.scale), high };
}

/** A number as it stands in its field: in the unit that is shown, as the locale writes it, without signs between thousands. */
export function shownNumber(value: number | null, scale: number, locale: string): string {
  return value === null ? '' : (value / scale).toLocaleString(locale, { useGrouping: false, maximumFractionDigits: 3 });
}

type Read = { ok: true; value: number | null } | { ok: false; why: string };

/** Reads what was written into a number field; says why when it is none or out of its bounds. */
export function readNumber(text: string, field: Extract<Field, { kind: 'number' }>, words: Words): Read {
  const trimmed = text.trim();
  if (trimmed === '' && field.optional) return { ok: true, value: null };
  const shown = /^\d+([.,]\d+)?$/.test(trimmed) ? Number(trimmed.replace(',', '.')) : NaN;
  if (Number.isNaN(shown) || (field.scale === 1 && !Number.isInteger(shown)))
    return { ok: false, why: words.notANumber };
  const { low, high } = shownBounds(field);
  if (shown < low || (high !== null && shown > high))
    return { ok: false, why: words.outOfBounds(boundsText(field, words)) };
  return { ok: true, value: Math.round(shown * field.scale) };
}

/** What an empty field stands for. */
export function emptyText(field: Extract<Field, { kind: 'number' | 'text' }>, words: Words, version: string): string {
  switch (field.name) {
    case 'dir':
      return words.downloadsFolder;
    case 'userAgent':
      return `Sluice/${version}`;
    case 'limitBytesPerS':
      return words.noLimit;
    default:
      return field.kind === 'text' ? words.hosts.loginNone : '';
  }
}

/** `1 to 256`, or `at least 2 kB/s`; a number stands on one line with its unit. */
export function boundsText(field: Extract<Field, { kind: 'number' }>, words: Words): string {
  const { low, high } = shownBounds(field);
  const bounds = high === null ? words.atLeast(low) : words.between(low, high);
  return field.unit === null ? bounds : `${bounds}\u00a0${words.unit[field.unit]}`;
}
