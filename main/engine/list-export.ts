// A list of downloads to keep or to hand on: as plain text that any program reads, or as JSON that says everything.
import { z } from 'zod';
import { NewDownload } from '../../shared/download.ts';

// What a reader would take for a batch pattern, for the end of the address or for the punctuation of a sentence.
const ambiguous = /\[(?=\w+-\w+[\]:])|[{|`<>"]|[,;](?=https?:)|[^\w/]$/g;

const ListFile = z.object({ sluice: z.literal('list'), version: z.literal(1), downloads: z.array(NewDownload) });

/**
 * One line each: address, name, checksum. Mirrors and headers have no place in it. Credentials in addresses do: what is
 * handed on works, so ask before handing it on.
 */
export function listAsText(downloads: Iterable<NewDownload>): string {
  let text = '';
  for (const { url, name, checksum } of downloads) {
    text +=
      [url.replace(ambiguous, percentEncoded), name, checksum && `${checksum.algorithm}=${checksum.hex}`]
        .filter(Boolean)
        .join('\t') + '\n';
  }
  return text;
}

/** Everything, credentials and headers included, a line for each download. */
export function listAsJson(downloads: Iterable<NewDownload>): string {
  const lines = Array.from(downloads, (download) => JSON.stringify(download));
  return `{"sluice":"list","version":1,"downloads":[\n${lines.join(',\n')}\n]}\n`;
}

/** Whether a text begins like what `listAsJson` writes. */
export function looksLikeListJson(text: string): boolean {
  return /^\s*\{\s*"sluice"\s*:/.test(text);
}

/** What `listAsJson` wrote; a text that says what is wrong when it is something else. */
export function listFromJson(text: string): NewDownload[] | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return String(error);
  }
  const parsed = ListFile.safeParse(value);
  return parsed.success ? parsed.data.downloads : z.prettifyError(parsed.error);
}

function percentEncoded(sign: string): string {
  return `%${sign.charCodeAt(0).toString(16).toUpperCase()}`;
}
