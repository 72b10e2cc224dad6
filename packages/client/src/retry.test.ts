import { expect, test } from 'vitest';
import { backoffMs } from './retry.ts';

test('the upper bound of a pause doubles with each attempt, up to 5 seconds', () => {
  expect([1, 2, 3, 4, 5, 6, 50].map((attempt) => backoffMs(attempt, () => 1))).toEqual([
    200, 400, 800, 1600, 3200, 5000, 5000,
  ]);
});

test('a pause is random between zero and its upper bound', () => {
  expect(backoffMs(3, () => 0)).toBe(0);
  expect(backoffMs(3, () => 0.5)).toBe(400);
});
