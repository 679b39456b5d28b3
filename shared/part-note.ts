// The note that a worker keeps beside the list of what it wrote to an unfinished file: read again by workers, and to mend a list.
import { z } from 'zod';
import { Extent, type Validators } from './download.ts';

/** It holds for one start of the system, one file and one content of it. `dated`: files tell when they were made. */
const Note = z.object({
  boot: z.string(),
  file: z.string(),
  dated: z.boolean(),
  content: z.string(),
  extents: z.array(Extent),
});
const Content = z.tuple([z.string().nullable(), z.string().nullable(), z.number().int().nonnegative().nullable()]);

/** The note in the text of its file: the first line. Throws when that is none. */
export function parseNote(text: string): z.infer<typeof Note> {
  return Note.parse(JSON.parse(text.split('\n')[0]!));
}

export function contentOf({ etag, lastModified, totalBytes }: Validators): string {
  return JSON.stringify([etag, lastModified, totalBytes] satisfies z.infer<typeof Content>);
}

/** What a note says of the content that came from `url`. Throws when it is none. */
export function validatorsIn(text: string, url: string): Validators {
  const [etag, lastModified, totalBytes] = Content.parse(JSON.parse(parseNote(text).content));
  return { etag, lastModified, totalBytes, date: null, finalUrl: url, contentType: null, ranges: null };
}
