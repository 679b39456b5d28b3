// Settings to keep or to take to another machine: as JSON, or as lines that a person can write.
import { z } from 'zod';
import { unfit } from '../../shared/answer.ts';
import type { SettingProblem } from '../../shared/api.ts';
import { SettingsChange, type Settings } from '../../shared/settings.ts';
import { told, type Told } from '../../shared/told.ts';
import { because } from '../../shared/why.ts';

const HEAD = '# Sluice settings';
const File = z.object({
  sluice: z.literal('settings'),
  version: z.literal(1),
  settings: z.record(z.string(), z.unknown()),
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
    const { shape } = SettingsChange;
    const schema = Object.hasOwn(shape, name) ? shape[name as keyof SettingsChange] : undefined;
    if (why !== undefined) problems.push({ name, line, why });
    else if (!schema) problems.push({ name, line, why: UNKNOWN });
    else {
      const parsed = schema.unwrap().safeParse(value);
      if (parsed.success) change[name] = parsed.data;
      else problems.push({ name, line, ...wrongIn(parsed.error) });
    }
  }
  return { change, problems };
}

type Found = { name: string; line: number | null; value?: unknown; why?: Told };

const UNKNOWN = told('no-such-setting', because('no-such-setting'));
const NO_LINE = told('no-setting-line', because('no-setting-line'));

function wrongIn(error: z.ZodError): Pick<SettingProblem, 'why' | 'atLeast' | 'atMost'> {
  const why = told('bad-setting', unfit(error, because('setting-unfit')));
  const [issue] = error.issues;
  if (issue?.code === 'too_small' && isNumber(issue)) return { why, atLeast: Number(issue.minimum) };
  if (issue?.code === 'too_big' && isNumber(issue)) return { why, atMost: Number(issue.maximum) };
  return { why };
}

/** Whether it is the setting itself that is a number, not something within it. */
function isNumber({ origin, path }: { origin: string; path: PropertyKey[] }): boolean {
  return path.length === 0 && (origin === 'number' || origin === 'int');
}

function fromJson(text: string): Found[] | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = File.safeParse(value);
  return parsed.success
    ? Object.entries(parsed.data.settings).map(([name, setting]) => ({ name, line: null, value: setting }))
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
