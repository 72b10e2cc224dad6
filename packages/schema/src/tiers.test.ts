import { expect, test } from 'vitest';
import { defaultTier, isTier, tierSchema, tiers } from './tiers.ts';

test('the tiers have the published limits', () => {
  const rows = Object.entries(tiers).map(([name, limits]) => [
    name,
    limits.requestsPerMonth,
    limits.requestsPerDay,
    limits.requestsPerMinute,
    limits.requestsPerSecond,
    limits.maximumKeys,
  ]);
  expect(rows).toEqual([
    ['pioneer', 15_000, 500, 20, 20, 1],
    ['starter', 75_000, 2_500, 50, 50, 2],
    ['growth', 750_000, 25_000, 500, 500, 5],
    ['enterprise', 999_999, 100_000, 2_000, 2_000, 1_000],
  ]);
});

test('the default tier is pioneer', () => {
  expect(defaultTier).toBe('pioneer');
});

test('names of Object.prototype are not tiers', () => {
  const names = ['pioneer', 'Pioneer', 'pioneer ', 'constructor', '__proto__', 'toString', ''];
  expect(names.filter(isTier)).toEqual(['pioneer']);
  expect(names.filter((name) => tierSchema.safeParse(name).success)).toEqual(['pioneer']);
});
