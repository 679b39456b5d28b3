// Every word that the window says, in English and Simplified Chinese. A key that one of them lacks does not compile.
import type { DownloadEvent, EventKind } from '../shared/download.ts';
import type { Settings } from '../shared/settings.ts';
import type { Format } from '../shared/format.ts';
import type { Language } from '../shared/language.ts';
import { en } from './words/en.ts';
import { zh } from './words/zh.ts';

/** All words of one language; those that take numbers or names are functions. */
export type Words = ReturnType<typeof en>;
export type SettingWords = Record<keyof Settings, { label: string; help: string }>;
export type EventWords = Record<EventKind, (detail: DownloadEvent['detail']) => string>;

/** The words of a language, with numbers as `format` writes them. */
export function wordsIn(language: Language, format: Format): Words {
  return language === 'zh-CN' ? zh(format) : en(format);
}
