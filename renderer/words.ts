// Every word that the window says, in English and Simplified Chinese. A key that one of them lacks does not compile.
import type { Format } from '../shared/format.ts';
import type { Language } from '../shared/language.ts';
import { en, type Words } from './words/en.ts';
import { zh } from './words/zh.ts';

export type { Words };

/** The words of a language, with numbers as `format` writes them. */
export function wordsIn(language: Language, format: Format): Words {
  return language === 'zh-CN' ? zh(format) : en(format);
}
