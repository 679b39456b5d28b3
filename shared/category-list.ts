// The bounds of what a person may make of the categories.
import * as v from 'valibot';
import { OTHER, type Category } from './category.ts';
import { because, rule, type Why } from './why.ts';

const Extension = v.pipe(
  v.string(),
  v.trim(),
  v.toLowerCase(),
  v.transform((text) => text.replace(/^\*?\./, '')),
  rule((text) => (/^[^\s./\\]{1,20}$/.test(text) ? null : because('extension-unfit'))),
);

const Entry = v.strictObject({
  name: v.pipe(
    v.string(),
    v.trim(),
    v.maxLength(60),
    rule((name) => {
      if (name === '') return because('category-unnamed');
      return name.toLowerCase() === OTHER ? because('name-of-the-rest') : null;
    }),
  ),
  extensions: v.pipe(
    v.array(Extension),
    v.maxLength(300),
    v.transform((all) => [...new Set(all)]),
  ),
  dir: v.optional(v.pipe(v.string(), v.trim(), v.maxLength(4096)), ''),
});

export const Categories = v.pipe(v.array(Entry), v.maxLength(50), rule(clash));

/** Why categories are not to be told apart. */
function clash(categories: Category[]): Why | null {
  const names = new Set<string>();
  const owners = new Map<string, string>();
  for (const { name, extensions } of categories) {
    if (names.has(name.toLowerCase())) return because('two-categories', { name });
    names.add(name.toLowerCase());
    for (const extension of extensions) {
      const owner = owners.get(extension);
      if (owner !== undefined) return because('extension-twice', { extension, owner, name });
      owners.set(extension, name);
    }
  }
  return null;
}
