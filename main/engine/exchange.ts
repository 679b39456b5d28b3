// Export and import: the list and the settings as files, without secrets unless a person wants them in.
import fs from 'node:fs/promises';
import { ApiError, refusal } from '../../shared/answer.ts';
import type { SettingProblem } from '../../shared/api.ts';
import type { NewDownload } from '../../shared/download.ts';
import { unmaskedRules, type HostRule } from '../../shared/host-rules.ts';
import type { Settings, SettingsChange } from '../../shared/settings.ts';
import { systemWhy } from '../../shared/system-why.ts';
import { because } from '../../shared/why.ts';
import { decodeFile } from './intake/decoding.ts';
import { listAsJson, listAsText, withLogin, withoutLogin, withoutSecrets } from './list-export.ts';
import { settingsAsJson, settingsAsText, settingsFrom } from './settings-file.ts';
import { maskedSettings } from './settings/secrets.ts';
import type { Store, Stored } from './store/store.ts';

export type ExportOptions = { file: string; format: 'text' | 'json'; secrets: boolean };

const PAGE = 1000;
const MAX_SETTINGS_BYTES = 4 << 20;
const everything = {
  status: 'all',
  text: '',
  category: null,
  host: null,
  sort: 'position',
  descending: false,
} as const;

/** Writes every download of the list; returns how many. */
export async function exportList(store: Store, { file, format, secrets }: ExportOptions): Promise<{ count: number }> {
  const downloads: NewDownload[] = [];
  for (let offset = 0; ; offset += PAGE) {
    const page = store.list.page(everything, offset, PAGE);
    for (const stored of page) downloads.push(secrets ? asked(stored) : withoutSecrets(asked(stored)));
    if (page.length < PAGE) break;
    await new Promise((resolve) => setImmediate(resolve));
  }
  await write(file, format === 'json' ? listAsJson(downloads) : listAsText(downloads.map(withLogin)));
  return { count: downloads.length };
}

export async function exportSettings(settings: Settings, { file, format, secrets }: ExportOptions): Promise<null> {
  const { proxy } = settings;
  const shown = secrets ? settings : { ...maskedSettings(settings), proxy: proxy && proxyWithoutLogin(proxy) };
  await write(file, format === 'json' ? settingsAsJson(shown) : settingsAsText(shown));
  return null;
}

/**
 * Takes the settings over that a file has; what is wrong in it is named and changes nothing. `before`: those that hold now.
 * Throws the ApiError `no-settings` when it is no file of settings.
 */
export async function importSettings(
  file: string,
  before: Settings,
  change: (change: SettingsChange) => unknown,
): Promise<{ changed: number; problems: SettingProblem[] }> {
  const read = settingsFrom(await readText(file));
  if (!read) throw refusal('no-settings', because('no-settings'));
  const problems = [...read.problems];
  const { hostRules } = read.change;
  const wanted = { ...read.change, ...(hostRules && { hostRules: withoutForeignMasks(hostRules, before.hostRules) }) };
  let changed = 0;
  // One after the other: one that the engine refuses, a folder that is not there, costs no other.
  for (const [name, value] of Object.entries(wanted)) {
    try {
      await change({ [name]: value });
      changed += 1;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      problems.push({ name, line: null, why: error.told });
    }
  }
  return { changed, problems };
}

/** What is masked in a file may be another's secret: it stands for one of this machine's only in a rule for the same host. */
function withoutForeignMasks(rules: readonly HostRule[], before: readonly HostRule[]): HostRule[] {
  const known = new Set(before.map(({ host }) => host));
  return rules.map((rule) => (known.has(rule.host) ? rule : unmaskedRules([rule], [])[0]!));
}

/** A proxy may be written without a scheme. */
function proxyWithoutLogin(proxy: string): string {
  return proxy.includes('://') ? withoutLogin(proxy) : proxy.replace(/^.*@/, '');
}

async function readText(file: string): Promise<string> {
  try {
    const { size } = await fs.stat(file);
    return size > MAX_SETTINGS_BYTES ? '' : decodeFile(await fs.readFile(file));
  } catch (error) {
    throw refusal('not-read', because('not-read', { file, because: systemWhy(error) }));
  }
}

/** Whole or not at all; for this user's eyes, since it tells where one downloads from. */
async function write(file: string, text: string): Promise<void> {
  try {
    await fs.writeFile(`${file}.new`, text, { mode: 0o600 });
    await fs.rename(`${file}.new`, file);
  } catch (error) {
    throw refusal('not-written', because('not-written', { file, because: systemWhy(error) }));
  }
}

function asked(stored: Stored): NewDownload {
  const { url, mirrors, name, nameGiven, category, categoryGiven, checksum, headers } = stored;
  const { limitBytesPerS, connections, priority } = stored;
  return {
    url,
    ...(mirrors.length > 0 && { mirrors }),
    ...(nameGiven && { name }),
    ...(categoryGiven && { category }),
    ...(checksum && { checksum }),
    ...(Object.keys(headers).length > 0 && { headers }),
    ...(limitBytesPerS !== null && { limitBytesPerS }),
    ...(connections !== null && { connections }),
    ...(priority !== 'normal' && { priority }),
  };
}
