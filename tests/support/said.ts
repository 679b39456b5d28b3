// What is told in English can be told in every other language: its sentence is that of the code and the values beside it.
import { expect } from 'vitest';
import { sentence, whysEn, type Said } from '../../shared/why.ts';

/** Where the English sentence has more: what the library says that looks at values. */
const less = ['value-unfit', 'setting-unfit', 'list-broken', 'entry-broken'];

export function expectSaid({ message, said }: { message?: string | undefined; said?: Said | undefined }): void {
  expect(Object.keys(whysEn)).toContain(said?.why);
  if (!less.includes(said!.why)) expect(message).toContain(sentence(whysEn, said!.why, said!));
}
