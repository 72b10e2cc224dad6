import { secondsPerDay } from '@andamio/schema/timestamps';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { usageDayDeleteAfter } from './calendar.ts';
import {
  addToMonth,
  afterReset,
  emptyMonth,
  lastUsesIn,
  maximumInstances,
  maximumLastUses,
  maximumNameBytes,
  maximumNamesPerMonth,
  nameField,
  rememberedFor,
  stateOf,
  totalsOf,
  type UsageMonth,
  usageDeleteAfter,
  usageOf,
} from './month.ts';
import type { AddUsageCommand } from './store.ts';

const day = '2025-08-31';

const addition = (overrides: Partial<AddUsageCommand> = {}): AddUsageCommand => ({
  userId: 'owner',
  day,
  instance: 'one',
  number: 1,
  isRepeated: false,
  counts: new Map([['name', 1]]),
  lastUses: new Map(),
  ...overrides,
});

const named = (names: readonly string[], requests = 1) =>
  new Map(names.map((name) => [name, requests]));

const namesFrom = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => `name ${first + index}`);

/** Adds counts on the first days of the month, with one addition per day. */
function overDays(days: number, counts: AddUsageCommand['counts']): UsageMonth {
  let month = emptyMonth;
  for (let of = 1; of <= days; of++)
    month = addToMonth(
      month,
      addition({ counts, day: `2025-08-${String(of).padStart(2, '0')}`, number: of }),
    );
  return month;
}

describe('stateOf', () => {
  /**
   * A step of one instance. If the outcome of its last addition is unknown, the instance sends that
   * addition again. Otherwise, it sends a new one. The request or the answer may be lost.
   */
  const step = fc.record({
    instance: fc.nat({ max: 4 }),
    /** The change of the instance's clock in minutes. Negative values set it back. */
    clock: fc.integer({ min: -30, max: 90 }),
    /** Whether the addition reaches the store, and whether its answer reaches the instance. */
    arrives: fc.boolean(),
    answered: fc.boolean(),
  });

  test('never makes an addition twice, nor takes one for made that was not, whatever the clocks and losses', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        let month = emptyMonth;
        /**
         * Number of additions that were made, as counted by a simple model with which the test
         * compares the month.
         */
        let made = 0;
        const instances = Array.from({ length: 5 }, (_, index) => ({
          name: `instance ${index}`,
          clock: 10 * rememberedFor,
          number: 0,
          pending: undefined as { command: AddUsageCommand; isMade: boolean } | undefined,
        }));
        for (const { instance, clock, arrives, answered } of steps) {
          const one = instances[instance] as (typeof instances)[number];
          one.clock += clock * 60_000_000;
          if (one.pending === undefined) {
            one.number = Math.max(one.number + 1, one.clock);
            const command = addition({ instance: one.name, number: one.number });
            one.pending = { command, isMade: false };
          }
          const { pending } = one;
          let isOver = false;
          if (arrives) {
            const state = stateOf(month, pending.command);
            expect(state === 'made' && !pending.isMade, 'taken for made').toBe(false);
            expect(state === 'new' && pending.isMade, 'made twice').toBe(false);
            if (state === 'new') {
              month = addToMonth(month, pending.command);
              pending.isMade = true;
              made++;
            }
            isOver = answered;
          }
          one.pending = isOver
            ? undefined
            : { ...pending, command: { ...pending.command, isRepeated: true } };
        }
        expect(totalsOf(month, day)).toEqual({ day: made, month: made });
      }),
      { numRuns: 500 },
    );
  });

  /**
   * Returns a month to which the given number of other instances have also added. The last of them
   * adds at `now`.
   */
  const withOthers = (month: UsageMonth, count: number, now: number) => {
    const others = Array.from({ length: count - 1 }, (_, index) => [
      `other ${index}`,
      now - count + index,
    ]);
    const instances = { ...month.instances, ...Object.fromEntries(others) };
    return addToMonth({ ...month, instances }, addition({ instance: 'last', number: now }));
  };

  test('recognizes an addition for an hour, among as many other instances as there may be', () => {
    const before = addToMonth(emptyMonth, addition({ number: 1 }));
    const after = withOthers(before, maximumInstances - 1, rememberedFor);
    expect(Object.keys(after.instances)).toHaveLength(maximumInstances);
    expect(stateOf(after, addition({ number: 1, isRepeated: true }))).toBe('made');
  });

  test('refuses a repeated addition once its instance is forgotten, for its age or the number of others', () => {
    const repeated = addition({ number: 1, isRepeated: true });
    const before = addToMonth(emptyMonth, repeated);
    const later = addToMonth(before, addition({ instance: 'late', number: 1 + rememberedFor }));
    expect(stateOf(later, repeated)).toBe('forgotten');
    const many = withOthers(before, maximumInstances, rememberedFor);
    expect(Object.keys(many.instances)).toHaveLength(maximumInstances);
    expect(stateOf(many, repeated)).toBe('forgotten');
    expect(stateOf(many, { ...repeated, isRepeated: false }), 'it certainly was not made').toBe(
      'new',
    );
  });
});

describe('addToMonth', () => {
  /** A month with the maximum number of names and days. */
  const full = overDays(31, named(namesFrom(0, maximumNamesPerMonth)));

  test('counts further names in the totals only, past the maximum of names', () => {
    const month = overDays(2, named(namesFrom(0, maximumNamesPerMonth + 7)));
    expect(Object.keys(month.names)).toHaveLength(maximumNamesPerMonth);
    expect(totalsOf(month, '2025-08-02')).toEqual({
      day: maximumNamesPerMonth + 7,
      month: 2 * (maximumNamesPerMonth + 7),
    });
  });

  test('counts further names and days in the totals only, past the maximum of bytes', () => {
    const bytes = Object.values(full.names).reduce(
      (sum, days) => sum + 23 + 32 + 11 * Object.keys(days).length,
      0,
    );
    expect(bytes).toBeLessThanOrEqual(maximumNameBytes);
    expect(bytes).toBeGreaterThan(maximumNameBytes - 11);
    expect(full.total).toBe(31 * maximumNamesPerMonth);
  });

  test('still counts the names of a full month on the days that it has', () => {
    const first = '2025-08-01';
    const after = addToMonth(full, addition({ day: first, counts: named(['name 0'], 5) }));
    expect(usageOf(after, first, ['name 0'])).toEqual([
      { day: first, name: 'name 0', requests: 6 },
    ]);
  });

  test('keeps every day of the names of a thousand keys', () => {
    const month = overDays(31, named(namesFrom(0, 1_000)));
    expect(usageOf(month, day, namesFrom(0, 1_000))).toHaveLength(1_000);
  });

  const using = (uses: readonly (readonly [string, number])[], number = 1) =>
    addition({ lastUses: new Map(uses), number });

  test('keeps the latest use of each secret, whichever addition arrives last', () => {
    const first = addToMonth(
      emptyMonth,
      using([
        ['a', 5],
        ['b', 7],
      ]),
    );
    const month = addToMonth(
      first,
      using(
        [
          ['a', 4],
          ['c', 9],
        ],
        2,
      ),
    );
    expect(lastUsesIn([month], ['a', 'b', 'c', 'd'])).toEqual(
      new Map([
        ['a', 5],
        ['b', 7],
        ['c', 9],
      ]),
    );
    const next = addToMonth(emptyMonth, using([['a', 20]]));
    expect(lastUsesIn([month, next], ['a'])).toEqual(new Map([['a', 20]]));
  });

  test('keeps the last uses of the secrets that were used last, past their maximum', () => {
    const uses = namesFrom(0, maximumLastUses).map(
      (serial, index) => [serial, 10 + index] as const,
    );
    const month = addToMonth(addToMonth(emptyMonth, using(uses)), using([['new', 99_999]], 2));
    expect(Object.keys(month.last_uses)).toHaveLength(maximumLastUses);
    expect(lastUsesIn([month], ['name 0', 'name 1', 'new'])).toEqual(
      new Map([
        ['name 1', 11],
        ['new', 99_999],
      ]),
    );
  });

  test('keeps last uses and the numbers of additions in a month without requests after a reset', () => {
    const month = { ...addToMonth(emptyMonth, using([['a', 5]])), forgotten: 7 };
    const { last_uses, instances, forgotten } = month;
    expect(Object.keys(instances)).toHaveLength(1);
    expect(afterReset(month)).toEqual({ ...emptyMonth, last_uses, instances, forgotten });
  });

  test('bounds a month to what a document of Firestore can contain', () => {
    // Google's formula: 22 characters and 1 for the field, 8 for the integer. All other fields,
    // with the longest user id, take less than 5,000 bytes.
    const entryBytes = 22 + 1 + 8;
    const bytes = maximumNameBytes + entryBytes * maximumLastUses + 20 * maximumInstances + 5_000;
    expect(bytes).toBeLessThan(1_048_576);
  });

  test('deletes the months of all owners within the day after the retention', () => {
    const removals = namesFrom(0, 100).map((userId) => usageDeleteAfter(userId, day));
    expect(Math.min(...removals)).toBeGreaterThanOrEqual(usageDayDeleteAfter(day));
    expect(Math.max(...removals)).toBeLessThan(usageDayDeleteAfter(day) + secondsPerDay);
    expect(usageDeleteAfter('owner', '2025-08-01')).toBe(usageDeleteAfter('owner', day));
  });

  test('stores names under fields of one length', () => {
    for (const name of ['', 'name', '\u{1F511}'.repeat(100), '__name__'])
      expect(nameField(name)).toMatch(/^[\w-]{21}[AQgw]$/);
  });
});
