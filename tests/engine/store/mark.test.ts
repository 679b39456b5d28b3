// The mark of a list stays with its folder, and with no copy of it.
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { markOf } from '../../../main/engine/store/mark.ts';
import { keepMark, MARK } from '../../support/mark.ts';
import { tempDir } from '../../support/temp-dir.ts';

test('a list keeps its mark; a copy of its folder, which may fetch into the same place, gets another', () => {
  const dir = tempDir();
  const [own, copy] = [path.join(dir, 'own'), path.join(dir, 'copy')];
  fs.mkdirSync(own);
  const mark = markOf(own);
  expect(mark).toMatch(/^[\da-f]{8}$/);
  expect(markOf(own)).toBe(mark);
  fs.cpSync(own, copy, { recursive: true });
  const other = markOf(copy);
  expect(other).not.toBe(mark);
  expect(markOf(copy)).toBe(other);
  expect(markOf(own)).toBe(mark);
});

test('what is no mark is replaced', () => {
  const dir = tempDir();
  keepMark(dir);
  expect(markOf(dir)).toBe(MARK);
  fs.writeFileSync(path.join(dir, 'mark'), '../../etc');
  expect(markOf(dir)).toMatch(/^[\da-f]{8}$/);
});
