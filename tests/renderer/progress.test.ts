import { expect, test } from 'vitest';
import { cellsOf, stripes } from '../../renderer/ui/progress.ts';

test('cells say how full they are', () => {
  expect(cellsOf([[0, 0.25]], 4)).toEqual([1, 0, 0, 0]);
  expect(cellsOf([[0.125, 0.375]], 4)).toEqual([0.5, 0.5, 0, 0]);
  expect(
    cellsOf(
      [
        [0, 0.1],
        [0.1, 0.25],
      ],
      4,
    )[0],
  ).toBeCloseTo(1);
  expect(cellsOf([[0, 1]], 4)).toEqual([1, 1, 1, 1]);
  expect(cellsOf([], 2)).toEqual([0, 0]);
});

test('a part that is thinner than a hair is drawn as a hair', () => {
  expect(stripes([])).toBe('none');
  expect(stripes([[0.5, 0.5001]])).toContain('currentcolor 50.00%, currentcolor 50.40%');
});
