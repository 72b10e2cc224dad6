import { maximumNamesPerMonth, rememberedFor } from '@andamio/keys/usage/month';
import {
  AdditionForgottenError,
  type AddUsageCommand,
  type DailyUsage,
} from '@andamio/keys/usage/store';
import { describe, expect, test } from 'vitest';
import { addition, command, today as day, deletion } from './commands.ts';
import { operator, order } from './operator.ts';
import { type StoreUnderTest, twoStores } from './store-under-test.ts';

const byDayAndName = (rows: readonly DailyUsage[]) =>
  rows.toSorted((one, other) => (one.day + one.name < other.day + other.name ? -1 : 1));

/** Defines the contract tests for usage. */
export function describeUsage(kind: string, create: () => StoreUnderTest) {
  describe(`${kind}: usage`, () => {
    test('returns no usage for an owner without any', async () => {
      const { store } = create();
      expect(await store.readTotals('owner', day)).toEqual({ day: 0, month: 0 });
      expect(await store.readUsage({ userId: 'owner', days: [day], names: ['name'] })).toEqual([]);
    });

    test('adds usage to the returned totals and to the day of each name', async () => {
      const { store } = create();
      expect(await store.addUsage(addition({ one: 1, two: 20 }))).toEqual({ day: 21, month: 21 });
      expect(await store.addUsage(addition({ two: 300 }))).toEqual({ day: 321, month: 321 });
      expect(await store.readTotals('owner', day)).toEqual({ day: 321, month: 321 });
      const rows = await store.readUsage({ userId: 'owner', days: [day], names: ['one', 'two'] });
      expect(byDayAndName(rows)).toEqual([
        { day, name: 'one', requests: 1 },
        { day, name: 'two', requests: 320 },
      ]);
    });

    test('returns usage for the requested days and names only', async () => {
      const { store } = create();
      for (const of of ['2025-08-30', '2025-08-31', '2025-09-01']) {
        await store.addUsage(addition({ one: 1, two: 2 }, { day: of }));
      }
      const read = (days: string[], names: string[]) =>
        store.readUsage({ userId: 'owner', days, names });
      expect(await read(['2025-08-31'], ['two'])).toEqual([
        { day: '2025-08-31', name: 'two', requests: 2 },
      ]);
      expect(
        byDayAndName(await read(['2025-08-30', '2025-09-01', '2025-10-01'], ['one', 'three'])),
      ).toEqual([
        { day: '2025-08-30', name: 'one', requests: 1 },
        { day: '2025-09-01', name: 'one', requests: 1 },
      ]);
      expect(await read([], ['one'])).toEqual([]);
      expect(await read([day], [])).toEqual([]);
    });

    test('starts the totals from zero with each UTC day and month', async () => {
      const { store } = create();
      expect(await store.addUsage(addition({ name: 1 }, { day: '2025-07-31' }))).toEqual({
        day: 1,
        month: 1,
      });
      expect(await store.addUsage(addition({ name: 2 }, { day: '2025-08-01' }))).toEqual({
        day: 2,
        month: 2,
      });
      expect(await store.addUsage(addition({ name: 4 }, { day: '2025-08-31' }))).toEqual({
        day: 4,
        month: 6,
      });
      expect(await store.addUsage(addition({ name: 8 }, { day: '2025-09-01' }))).toEqual({
        day: 8,
        month: 8,
      });
      expect(await store.readTotals('owner', '2025-08-15')).toEqual({
        day: 0,
        month: 6,
      });
      expect(await store.readTotals('owner', '2024-08-31')).toEqual({
        day: 0,
        month: 0,
      });
    });

    test('adds usage that was counted before midnight to its own day when it is stored afterwards', async () => {
      const { store } = create();
      await store.addUsage(addition({ name: 1 }, { day: '2025-09-01' }));
      expect(await store.addUsage(addition({ name: 2 }))).toEqual({ day: 2, month: 2 });
      expect(await store.readTotals('owner', '2025-09-01')).toEqual({
        day: 1,
        month: 1,
      });
    });

    test.each([
      'a.b',
      '../../usage',
      `'; DROP TABLE usage; --`,
      '__proto__',
      '__name__',
      'constructor',
      '`ticks`',
      '%_%',
      ' name ',
      '\u{1F511}'.repeat(100),
    ])('counts usage for the unusual name %j', async (name) => {
      const { store } = create();
      await store.addUsage(addition({}, { counts: new Map([[name, 1]]) }));
      await store.addUsage(addition({ other: 7 }, { counts: new Map([[name, 2]]) }));
      const names = [name, `${name} `, name.toUpperCase().concat('X')];
      expect(await store.readUsage({ userId: 'owner', days: [day], names })).toEqual([
        { day, name, requests: 3 },
      ]);
    });

    test.each([
      ['in case', 'owner', 'Owner'],
      ['in normalization form', '\u00fc', 'u\u0308'],
      ['in where the user id ends and the day begins', 'a', 'a","2025'],
      ['in a path suffix', 'a', 'a/b'],
    ])('counts usage of owners whose ids differ %s separately', async (_, one, other) => {
      const { store } = create();
      await store.addUsage(addition({ name: 5 }, { userId: one }));
      expect(await store.readTotals(other, day)).toEqual({ day: 0, month: 0 });
      expect(await store.readUsage({ userId: other, days: [day], names: ['name'] })).toEqual([]);
      expect(await store.addUsage(addition({ name: 1 }, { userId: other }))).toEqual({
        day: 1,
        month: 1,
      });
    });

    test('continues the count of a name that is deleted and issued again', async () => {
      const { store } = create();
      await store.issue(command());
      await store.addUsage(addition({ name: 5 }));
      await store.delete(deletion());
      await store.issue(command());
      expect(await store.addUsage(addition({ name: 1 }))).toEqual({ day: 6, month: 6 });
      expect(await store.readUsage({ userId: 'owner', days: [day], names: ['name'] })).toEqual([
        { day, name: 'name', requests: 6 },
      ]);
    });

    test('adds a repeated addition of usage only once, even after others', async () => {
      const { store, another } = create();
      const one = addition({ name: 5 });
      await store.addUsage(one);
      await (another?.() ?? store).addUsage(addition({ name: 1 }));
      expect(await store.addUsage(one)).toEqual({ day: 6, month: 6 });
      for (let index = 0; index < 50; index++) await store.addUsage(addition({ name: 1 }));
      expect(await store.addUsage(one)).toEqual({ day: 56, month: 56 });
    });

    test('recognizes additions of one instance by ascending numbers', async () => {
      const { store } = create();
      const numbered = (number: number, requests: number) =>
        addition({ name: requests }, { instance: 'one', number });
      await store.addUsage(numbered(1, 1));
      await store.addUsage(numbered(2, 20));
      expect(await store.addUsage(numbered(2, 20))).toEqual({ day: 21, month: 21 });
      expect(await store.addUsage(numbered(1, 1))).toEqual({ day: 21, month: 21 });
      expect(await store.addUsage(numbered(3, 300))).toEqual({ day: 321, month: 321 });
    });

    test('refuses a repeated addition that it no longer recognizes, and adds new ones', async () => {
      const { store, another } = create();
      const one = addition({ name: 1 });
      await store.addUsage(one);
      const later = one.number + rememberedFor;
      await (another?.() ?? store).addUsage(addition({ name: 20 }, { number: later }));
      const repeated = { ...one, isRepeated: true };
      await expect(store.addUsage(repeated)).rejects.toThrow(AdditionForgottenError);
      expect(await store.readTotals('owner', day)).toEqual({ day: 21, month: 21 });
      const next = { ...one, number: one.number + 1 };
      expect(await store.addUsage(next)).toEqual({ day: 22, month: 22 });
    });

    test('sums concurrent additions of usage through two stores exactly', async () => {
      const [store, other] = await twoStores(create());
      await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 ? store : other).addUsage(addition({ shared: 1, [`own ${index % 2}`]: 10 })),
        ),
      );
      expect(await store.readTotals('owner', day)).toEqual({ day: 220, month: 220 });
      const rows = await other.readUsage({
        userId: 'owner',
        days: [day],
        names: ['shared', 'own 0', 'own 1'],
      });
      expect(byDayAndName(rows).map(({ requests }) => requests)).toEqual([100, 100, 20]);
    });

    test('counts more names a month than the maximum in the totals only', async () => {
      const { store } = create();
      const names = Array.from(
        { length: maximumNamesPerMonth + 10 },
        (_, index) => `name ${index}`,
      );
      let total = 0;
      for (const requests of [1, 2]) {
        // A single addition with all names would take too long on a busy machine.
        for (let first = 0; first < names.length; first += 1_000) {
          const some = names.slice(first, first + 1_000);
          total += requests * some.length;
          const counts = new Map(some.map((name) => [name, requests]));
          const totals = await store.addUsage(addition({}, { counts }));
          expect(totals).toEqual({ day: total, month: total });
        }
      }
      const rows = await store.readUsage({ userId: 'owner', days: [day], names });
      expect(rows).toHaveLength(maximumNamesPerMonth);
      expect(new Set(rows.map(({ requests }) => requests))).toEqual(new Set([3]));
    });

    const used = (serial: string, minute: number, overrides: Partial<AddUsageCommand> = {}) =>
      addition({ name: 1 }, { lastUses: new Map([[serial, minute]]), ...overrides });
    const activity = (serials: string[], months = ['2025-07', '2025-08']) => ({
      userId: 'owner',
      days: [day],
      names: ['name'],
      months,
      serials,
    });

    test('returns the last use of each secret in the months, and the usage of the days', async () => {
      const { store, another } = create();
      const other = another?.() ?? store;
      await store.addUsage(used('one', 10, { day: '2025-07-31' }));
      await store.addUsage(used('two', 20, { day: '2025-07-31' }));
      await other.addUsage(used('one', 31));
      await store.addUsage(used('one', 30));
      await store.addUsage(used('one', 99, { userId: 'other' }));
      await store.addUsage(used('one', 5, { day: '2025-06-30' }));
      expect(await store.readActivity(activity(['one', 'two', 'three']))).toEqual({
        usage: [{ day, name: 'name', requests: 2 }],
        lastUses: new Map([
          ['one', 31],
          ['two', 20],
        ]),
      });
      expect((await store.readActivity(activity(['one'], ['2025-06']))).lastUses).toEqual(
        new Map([['one', 5]]),
      );
      expect(await store.readActivity({ ...activity(['one'], []), days: [] })).toEqual({
        usage: [],
        lastUses: new Map(),
      });
    });

    test('keeps the last uses of secrets when the usage of the month is reset', async () => {
      const { store } = create();
      await store.addUsage(used('one', 10));
      await store.resetUsage(order());
      await store.addUsage(used('two', 12));
      expect(await store.readActivity(activity(['one', 'two']))).toEqual({
        usage: [{ day, name: 'name', requests: 1 }],
        lastUses: new Map([
          ['one', 10],
          ['two', 12],
        ]),
      });
    });

    test('resets the usage of the current month, and not that of other months or owners', async () => {
      const { store } = create();
      const lastMonth = '2025-07-31';
      await store.addUsage(addition({ name: 1 }, { day: lastMonth }));
      await store.addUsage(addition({ name: 2 }, { day: '2025-08-01' }));
      await store.addUsage(addition({ name: 4 }));
      await store.addUsage(addition({ name: 8 }, { userId: 'other' }));
      expect(await store.resetUsage(order())).toEqual({ day: 4, month: 6 });
      expect(await store.resetUsage(order())).toEqual({ day: 0, month: 0 });
      expect(await store.addUsage(addition({ name: 16 }))).toEqual({ day: 16, month: 16 });
      const days = [lastMonth, '2025-08-01', day];
      const rows = await store.readUsage({ userId: 'owner', days, names: ['name'] });
      expect(byDayAndName(rows).map(({ requests }) => requests)).toEqual([1, 16]);
      expect(await store.readTotals('other', day)).toEqual({ day: 8, month: 8 });
      const entries = await store.readAudit('owner');
      expect(entries).toMatchObject([{ action: 'user.usage_reset', actor: operator }]);
    });

    test('a reset of usage does not make an addition again that was made before it and is repeated', async () => {
      const { store, another } = create();
      const other = another?.() ?? store;
      const lost = addition({ name: 5 });
      await other.addUsage(lost); // Its response is lost.
      await store.resetUsage(order());
      expect(await other.addUsage({ ...lost, isRepeated: true })).toEqual({ day: 0, month: 0 });
      const next = { ...lost, number: lost.number + 1, counts: new Map([['name', 1]]) };
      expect(await other.addUsage(next)).toEqual({ day: 1, month: 1 });
    });

    test('refuses a repeated addition that the month no longer recognized before a reset', async () => {
      const { store } = create();
      const lost = addition({ name: 5 });
      await store.addUsage(lost);
      await store.addUsage(addition({ name: 1 }, { number: lost.number + rememberedFor }));
      await store.resetUsage(order());
      const repeated = store.addUsage({ ...lost, isRepeated: true });
      await expect(repeated).rejects.toThrow(AdditionForgottenError);
      expect(await store.readTotals('owner', day)).toEqual({ day: 0, month: 0 });
    });

    test('completes a pending addition of usage before it closes the store', async () => {
      const { store } = create();
      const added = store.addUsage(addition({ name: 1 }));
      await store.close();
      expect(await added).toEqual({ day: 1, month: 1 });
    });
  });
}
