// Why the program could not start, for the system's own dialog: there is no window yet that could tell it.
import { ApiError } from '../../shared/answer.ts';
import { createFormat } from '../../shared/format.ts';
import { languageFor, localeFor } from '../../shared/language.ts';
import { systemWhy } from '../../shared/system-why.ts';
import { sentence } from '../../shared/why.ts';
import { shellWords } from './words.ts';

/** In the language of the system: the settings may be what cannot be read. */
export async function notStarted(error: unknown, systemLocale: string): Promise<{ title: string; message: string }> {
  const language = languageFor('system', systemLocale);
  const title = shellWords(language, createFormat(localeFor(language, systemLocale))).notStarted;
  const message = error instanceof Error ? error.message : String(error);
  if (language === 'en') return { title, message };
  // Loaded when it is wanted: nearly every start is a good one.
  const { whysZh } = await import('../../shared/whys-zh.ts');
  const said = (error instanceof ApiError ? error.told.said : undefined) ?? systemWhy(error);
  return { title, message: sentence(whysZh, said.why, said) ?? message };
}
