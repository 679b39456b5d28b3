// What a drop or a paste carries, and which part of it says most about the links in it.
import type { Source } from './adding.svelte.ts';

/** What was found: something to understand, a folder (which is no list), or nothing. */
export type Dropped = { kind: 'source'; source: Source } | { kind: 'folder'; name: string } | { kind: 'nothing' };

const link = /\b(?:https?|sluice):/gi;
const linkInHtml = /\b(?:href|src)\s*=\s*["']?\s*https?:/gi;

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

/**
 * Chooses between the three texts that a browser or an editor offers for the same thing. Chromium tells only the first
 * URL of a `text/uri-list` that comes from another X11 window, so the plain text counts as much.
 */
export function bestText(uriList: string, plain: string, html: string): Dropped {
  const uris = uriList
    .split(/\r?\n/)
    .filter((line) => line !== '' && !line.startsWith('#'))
    .join('\n');
  const candidates = [
    { links: count(plain, link), dropped: { kind: 'source', source: { text: plain } } as Dropped },
    { links: count(uris, link), dropped: { kind: 'source', source: { text: uris } } as Dropped },
    { links: count(html, linkInHtml), dropped: { kind: 'source', source: { html } } as Dropped },
  ];
  const best = candidates.reduce((a, b) => (b.links > a.links ? b : a));
  if (best.links > 0) return best.dropped;
  const text = plain.trim() !== '' ? plain : uris;
  return text.trim() === '' ? { kind: 'nothing' } : { kind: 'source', source: { text } };
}

/** Reads a drop. Must be called while the event is handled: afterwards the browser has taken its data back. */
export function readDrop(data: DataTransfer, pathOf: (file: File) => string): Dropped {
  for (const item of data.items) {
    if (item.kind !== 'file') continue;
    const entry = item.webkitGetAsEntry();
    if (entry?.isDirectory) return { kind: 'folder', name: entry.name };
  }
  const files = [...data.files].map((file) => pathOf(file)).filter((path) => path !== '');
  if (files.length > 0) return { kind: 'source', source: { files } };
  return bestText(data.getData('text/uri-list'), data.getData('text/plain'), data.getData('text/html'));
}
