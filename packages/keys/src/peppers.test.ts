import { expect, test } from 'vitest';
import { pepperUses } from './peppers.ts';

const counts = (pepperVersion: string, active: number, superseded: number, expired: number) => ({
  pepperVersion,
  active,
  superseded,
  expired,
});

/**
 * Returns the peppers that can be dropped. The configured peppers are `new`, which creates keys,
 * and `old`.
 */
function droppable(...held: ReturnType<typeof counts>[]): string[] {
  const uses = pepperUses(['new', 'old'], held);
  return uses.filter(({ canBeDropped }) => canBeDropped).map(({ version }) => version);
}

test('a pepper can be dropped if it does not create keys and no key requires it', () => {
  expect(droppable()).toEqual(['old']);
  expect(droppable(counts('new', 5, 5, 5))).toEqual(['old']);
});

test.each([
  ['a valid key', counts('old', 1, 0, 0)],
  ['a superseded key', counts('old', 0, 1, 0)],
  ['an expired key, which can be rotated', counts('old', 0, 0, 1)],
])('a pepper cannot be dropped while it is required by %s', (_, held) => {
  expect(droppable(held)).toEqual([]);
});

test('the pepper that creates keys cannot be dropped, even before it has created one', () => {
  expect(pepperUses(['new'], [])).toMatchObject([
    { version: 'new', makesKeys: true, canBeDropped: false },
  ]);
});

test('keys whose pepper is not configured are reported under its version, which cannot be dropped', () => {
  expect(pepperUses(['new'], [counts('lost', 2, 1, 4)])).toEqual([
    expect.objectContaining({ version: 'new', isConfigured: true, unexpired: 0 }),
    {
      version: 'lost',
      isConfigured: false,
      makesKeys: false,
      unexpired: 3,
      expired: 4,
      canBeDropped: false,
    },
  ]);
});
