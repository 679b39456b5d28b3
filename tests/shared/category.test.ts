// Categories by extension.
import { expect, test } from 'vitest';
import { sorter, usualCategories } from '../../shared/category.ts';

test.each([
  ['debian.iso', 'archives'],
  ['src.tar.gz', 'archives'],
  ['Photo.JPEG', 'images'],
  ['film.mkv', 'video'],
  ['song.flac', 'audio'],
  ['paper.pdf', 'documents'],
  ['setup.exe', 'programs'],
  ['data.bin2', 'other'],
  ['README', 'other'],
  ['constructor', 'other'],
  ['x.constructor', 'other'],
  ['', 'other'],
])('%s belongs to %s', (name, category) => {
  expect(sorter(usualCategories)(name)).toBe(category);
});
