// Addresses in comma, semicolon or tab separated tables; columns called name or sha256 are what they say.
import { checksumOf, type Found, foundInLine, linesOf } from './text.ts';

const urlColumn = /^(?:url|uri|link|href|address|source)s?$/i;
const nameColumn = /^(?:name|file ?name|file|save as)$/i;

/** One row a line, without line breaks in cells. A first row without an address names the columns. */
export function* foundInTable(text: string): Iterable<Found> {
  let separator = '';
  let titles: string[] = [];
  for (const [line, row] of linesOf(text)) {
    if (row.trim() === '') continue;
    if (separator === '') {
      separator = [',', ';', '\t'].reduce((best, sign) =>
        row.split(sign).length > row.split(best).length ? sign : best,
      );
      if (!row.includes('://')) {
        titles = cellsOf(row, separator);
        continue;
      }
    }
    yield* foundInRow(line, row, cellsOf(row, separator), titles);
  }
}

function* foundInRow(line: number, row: string, cells: readonly string[], titles: readonly string[]): Iterable<Found> {
  const urlCell = cells[titles.findIndex((title) => urlColumn.test(title))];
  const addresses = urlCell === undefined ? cells.filter((cell) => cell.includes('://')) : [urlCell];
  const name = cells[titles.findIndex((title) => nameColumn.test(title))] || undefined;
  const checksum = titles.map((title, i) => (cells[i] ? checksumOf(title, cells[i]) : undefined)).find(Boolean);
  for (const address of addresses.length > 0 ? addresses : [row.trim()]) {
    for (const found of foundInLine(line, address))
      yield { ...found, name: found.name ?? name, checksum: found.checksum ?? checksum };
  }
}

function cellsOf(row: string, separator: string): string[] {
  const cell = new RegExp(`${separator} *(?:"((?:[^"]|"")*)"|([^${separator}]*))`, 'g');
  return Array.from(
    (separator + row).matchAll(cell),
    ([, quoted, bare = '']) => quoted?.replaceAll('""', '"') ?? bare.trim(),
  );
}
