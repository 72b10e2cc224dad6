import { expect, test } from 'vitest';
import { isTier, tiers } from './tiers.ts';

test('the tiers are the published ones: requests a month, a day, a minute, a second, most keys', () => {
  const rows = Object.entries(tiers).map(([name, limits]) => [name, ...Object.values(limits)]);
  expect(rows).toEqual([
    ['pioneer', 15_000, 500, 20, 20, 1],
    ['starter', 75_000, 2_500, 50, 50, 2],
    ['growth', 750_000, 25_000, 500, 500, 5],
    ['enterprise', 999_999, 100_000, 2_000, 2_000, 1_000],
  ]);
});

test('what every object has is no tier', () => {
  expect(['pioneer', 'constructor', '__proto__', 'toString', ''].filter(isTier)).toEqual(['pioneer']);
});
