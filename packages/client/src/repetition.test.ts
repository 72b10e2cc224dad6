import { expect, test } from 'vitest';
import { backoffMs } from './repetition.ts';

test('the bound of a pause doubles with each attempt, up to five seconds', () => {
  expect([1, 2, 3, 4, 5, 6, 50].map((attempt) => backoffMs(attempt, () => 1))).toEqual([
    200, 400, 800, 1600, 3200, 5000, 5000,
  ]);
});

test('the whole pause is random, from nothing on', () => {
  expect(backoffMs(3, () => 0)).toBe(0);
  expect(backoffMs(3, () => 0.5)).toBe(400);
});
