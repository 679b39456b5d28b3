// The bounds of what a person may make of the categories.
import { z } from 'zod';
import { OTHER, type Category } from './category.ts';
import { because, rule, type Why } from './why.ts';

const Extension = z
  .string()
  .trim()
  .toLowerCase()
  .overwrite((text) => text.replace(/^\*?\./, ''))
  .regex(/^[^\s./\\]{1,20}$/, 'An extension is what follows the last dot of a name, such as zip.');

const Entry = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1, 'A category needs a name.')
    .max(60)
    .refine((name) => name.toLowerCase() !== OTHER, rule(because('name-of-the-rest'))),
  extensions: z
    .array(Extension)
    .max(300)
    .overwrite((all) => [...new Set(all)]),
  dir: z.string().trim().max(4096).default(''),
});

export const Categories: z.ZodType<Category[]> = z
  .array(Entry)
  .max(50)
  .superRefine((categories, context) => {
    const names = new Set<string>();
    const owners = new Map<string, string>();
    const wrong = (why: Why) => context.addIssue({ code: 'custom', ...rule(why) });
    for (const { name, extensions } of categories) {
      if (names.has(name.toLowerCase())) wrong(because('two-categories', { name }));
      names.add(name.toLowerCase());
      for (const extension of extensions) {
        const owner = owners.get(extension);
        if (owner !== undefined) wrong(because('extension-twice', { extension, owner, name }));
        owners.set(extension, name);
      }
    }
  });
