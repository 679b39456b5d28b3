// How many connections a download opens, and when.
import { expect, test } from 'vitest';
import { Growth } from '../../main/download/growth.ts';

test('eight are wanted as soon as the first answer is good, or as many as it may have', () => {
  for (const [max, wanted] of [
    [3, 3],
    [8, 8],
    [32, 8],
  ] as const) {
    const growth = new Growth(max);
    expect(growth.wanted).toBe(1);
    growth.begin(0);
    expect(growth.wanted).toBe(wanted);
  }
});

test('more are wanted only while those before them brought their share', () => {
  const growth = new Growth(32);
  growth.begin(0);
  growth.observe(8_000, 8, 100);
  expect(growth.wanted).toBe(16);
  growth.observe(8_000, 16, 200);
  expect(growth.wanted).toBe(16);
  growth.observe(16_000, 16, 300);
  expect(growth.wanted).toBe(16);
  growth.observe(16_000, 16, 5_000);
  expect(growth.wanted).toBe(32);
});

test('after a refusal it stays with those that are left, and then tries one more at a time', () => {
  const growth = new Growth(8);
  growth.begin(0);
  growth.stepDown(3, 100);
  expect(growth.wanted).toBe(3);
  growth.observe(3_000, 3, 1_000);
  expect(growth.wanted).toBe(3);
  growth.observe(3_000, 3, 4_200);
  expect(growth.wanted).toBe(4);
  growth.observe(4_000, 4, 4_400);
  expect(growth.wanted).toBe(5);
});
