// What the details say of a download besides its log: how much is there and how, and its addresses, checks and times.
import type { Detail } from '../../../shared/api.ts';
import type { Row } from '../../../shared/download.ts';
import type { Format } from '../../../shared/format.ts';
import type { Words } from '../../words.ts';

export type Fact = { label: string; value: string };

/** How much of it is there, over how many connections, by whom: in parts. */
export function summaryOf(row: Row, limitBytesPerS: number | null, words: Words, format: Format): string[] {
  const parts = [amountOf(row, words, format)];
  if (row.priority !== 'normal' && row.status !== 'done') parts.push(words.priority[row.priority]);
  if (row.status === 'running') {
    if (row.connections > 0) parts.push(words.connections(row.connections));
    if (limitBytesPerS !== null) parts.push(words.limitAt(format.speed(limitBytesPerS)));
    if (row.worker !== null) parts.push(words.worker(row.worker));
  }
  return parts;
}

function amountOf(row: Row, words: Words, format: Format): string {
  if (row.status === 'done') return format.size(row.sizeBytes ?? row.doneBytes);
  if (row.sizeBytes === null) return row.doneBytes === 0 ? words.sizeUnknown : format.size(row.doneBytes);
  return words.detailOf(format.size(row.doneBytes), format.size(row.sizeBytes));
}

/** The host whose certificate was not checked for this download, by choice; null when all were. */
export function uncheckedHostOf(detail: Detail): string | null {
  const event = detail.events.findLast(({ kind }) => kind === 'certificate-exception');
  return event ? String(event.detail['host'] ?? detail.row.host) : null;
}

/** Everything that is known, each with its label; what is not known is left out. */
export function factsOf(detail: Detail, words: Words, format: Format): Fact[] {
  const { row, validators, finalUrl, exchange } = detail;
  const server = [
    validators?.contentType,
    validators?.etag && `ETag ${validators.etag}`,
    validators?.lastModified,
  ].filter(Boolean);
  const list: [string, string | null][] = [
    [words.from, row.url],
    [words.finalUrl, finalUrl !== row.url ? finalUrl : null],
    [words.to, detail.path],
    [words.checksum, detail.checksum === null ? null : words.checksumGiven(detail.checksum)],
    ['SHA-256', detail.sha256],
    [words.server, server.join(' · ')],
    [words.addedAt, format.dateTime(row.addedAt)],
    [words.finishedAt, row.finishedAt === null ? null : format.dateTime(row.finishedAt)],
    // The headers that it is to send; once it has sent them they stand with the answer.
    ...(exchange === null ? Object.entries(detail.headers) : []),
  ];
  return list.flatMap(([label, value]) => (value === null || value === '' ? [] : [{ label, value }]));
}
