import { expect, test } from 'vitest';
import { choicesOfDays, initialDays } from '../src/views/choices-of-days.ts';

test.each([
  [1, [1]],
  [5, [5]],
  [7, [7]],
  [14, [7, 14]],
  [60, [7, 30, 60]],
  [90, [7, 30, 90]],
  [364, [7, 30, 90, 364]],
  [365, [7, 30, 90, 365]],
  [3_650_000, [7, 30, 90, 365]],
])('with a maximum of %d days, one of the choices is selected at first', (maximum, choices) => {
  expect(choicesOfDays(maximum)).toEqual(choices);
  expect(choices.map(String)).toContain(initialDays(maximum));
});
