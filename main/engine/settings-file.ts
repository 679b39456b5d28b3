// Settings to keep or to take to another machine: as JSON, or as lines that a person can write.
import * as v from 'valibot';
import { unfit } from '../../shared/answer.ts';
import type { SettingProblem } from '../../shared/api.ts';
import { SettingsChange, type Settings } from '../../shared/settings.ts';
import { told, type Told } from '../../shared/told.ts';
import { because } from '../../shared/why.ts';
import { read, type Issues } from '../../shared/schema.ts';

const HEAD = '# Sluice settings';
const File = v.object({
  sluice: v.literal('settings'),
  version: v.literal(1),
  settings: v.record(v.string(), v.unknown()),
});
/** What is about this moment and no choice for good. */
const left: readonly string[] = ['whenDone'];

export type SettingsRead = { change: SettingsChange; problems: SettingProblem[] };

export function settingsAsText(settings: Settings): string {
  const lines = kept(settings).map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`);
  return `${HEAD}\n${lines.join('')}`;
}

export function settingsAsJson(settings: Settings): string {
  return `${JSON.stringify({ sluice: 'settings', version: 1, settings: Object.fromEntries(kept(settings)) }, null, 2)}\n`;
}

/** What either of them wrote, each setting by itself: a wrong one costs no other. Null when the text is no such file. */
export function settingsFrom(text: string): SettingsRead | null {
  const found = text.trimStart().startsWith(HEAD) ? fromLines(text) : fromJson(text);
  if (!found) return null;
  const change: Record<string, unknown> = {};
  const problems: SettingProblem[] = [];
  for (const { name, line, value, why } of found) {
    const { entries } = SettingsChange;
    const schema = Object.hasOwn(entries, name) ? entries[name as keyof SettingsChange] : undefined;
    if (why !== undefined) problems.push({ name, line, why });
    else if (!schema) problems.push({ name, line, why: UNKNOWN });
    else {
      const parsed = read(schema.wrapped as v.GenericSchema, value);
      if (parsed.success) change[name] = parsed.output;
      else problems.push({ name, line, ...boundIn(parsed.issues) });
    }
  }
  return { change, problems };
}

type Found = { name: string; line: number | null; value?: unknown; why?: Told };

const UNKNOWN = told('no-such-setting', because('no-such-setting'));
const NO_LINE = told('no-setting-line', because('no-setting-line'));

/** What is wrong, and the bound that a number is beyond; not of a number within the setting. */
function boundIn(issues: Issues): Pick<SettingProblem, 'why' | 'atLeast' | 'atMost'> {
  const why = told('bad-setting', unfit(issues, because('setting-unfit')));
  const [{ type, path, requirement }] = issues;
  if (type === 'min_value' && !path) return { why, atLeast: Number(requirement) };
  if (type === 'max_value' && !path) return { why, atMost: Number(requirement) };
  return { why };
}

function fromJson(text: string): Found[] | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = read(File, value);
  return parsed.success
    ? Object.entries(parsed.output.settings).map(([name, setting]) => ({ name, line: null, value: setting }))
    : null;
}

function fromLines(text: string): Found[] {
  return text.split(/\r?\n/).flatMap((content, index): Found[] => {
    const line = index + 1;
    if (/^\s*(?:#|$)/.test(content)) return [];
    const [, name, value] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(content) ?? [];
    if (name === undefined) return [{ name: content.trim().slice(0, 100), line, why: NO_LINE }];
    try {
      return [{ name, line, value: JSON.parse(value!) as unknown }];
    } catch {
      // Words need no quotes: dir = /srv/files
      return [{ name, line, value }];
    }
  });
}

function kept(settings: Settings): [string, unknown][] {
  return Object.entries(settings).filter(([name]) => !left.includes(name));
}
