// The note that a worker keeps beside the list of what it wrote to an unfinished file: read again by workers, and to mend a list.
import * as v from 'valibot';
import { integer } from './schema.ts';
import { Extent, type Validators } from './download.ts';

/** It holds for one start of the system, one file and one content of it. `dated`: files tell when they were made. */
const Note = v.object({
  boot: v.string(),
  file: v.string(),
  dated: v.boolean(),
  content: v.string(),
  extents: v.array(Extent),
});
const Content = v.strictTuple([v.nullable(v.string()), v.nullable(v.string()), v.nullable(integer(0))]);

/** The note in the text of its file: the first line. Throws when that is none. */
export function parseNote(text: string): v.InferOutput<typeof Note> {
  return v.parse(Note, JSON.parse(text.split('\n')[0]!));
}

export function contentOf({ etag, lastModified, totalBytes }: Validators): string {
  return JSON.stringify([etag, lastModified, totalBytes] satisfies v.InferOutput<typeof Content>);
}

/** What a note says of the content that came from `url`. Throws when it is none. */
export function validatorsIn(text: string, url: string): Validators {
  const [etag, lastModified, totalBytes] = v.parse(Content, JSON.parse(parseNote(text).content));
  return { etag, lastModified, totalBytes, date: null, finalUrl: url, contentType: null, ranges: null };
}
