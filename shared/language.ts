// Which language a reader is spoken to in, and how numbers are written in it: by the setting, else as the system does.
import type { Settings } from './settings.ts';

export type Language = 'en' | 'zh-CN';

/** Which of our languages serves a reader best, by setting and system locale. */
export function languageFor(setting: Settings['language'], systemLocale: string): Language {
  if (setting !== 'system') return setting;
  return systemLocale.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
}

/** The first of the names that systems give languages which is a BCP 47 tag; `C`, `C.UTF-8` and the like are none. Else English. */
export function firstLocale(names: readonly string[]): string {
  return names.find(isLocale) ?? 'en';
}

function isLocale(name: string): boolean {
  try {
    return Intl.getCanonicalLocales(name).length === 1;
  } catch {
    return false;
  }
}

/** The reader's own locale where it is of the chosen language (en-GB, zh-TW), else the language's. */
export function localeFor(language: Language, systemLocale: string): string {
  const own = systemLocale.split('-')[0]!.toLowerCase();
  return language.startsWith(own) ? systemLocale : language;
}
