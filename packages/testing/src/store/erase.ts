import { describe, expect, test } from 'vitest';
import { addition, command, day, deletion, present, renewal, today } from './commands.ts';
import { order } from './operator.ts';
import { type StoreUnderTest, twoStores } from './store-under-test.ts';

/** Defines the contract tests for erasing a user. */
export function describeErasure(kind: string, create: () => StoreUnderTest) {
  describe(`${kind}: erasing a user`, () => {
    async function withKeys() {
      const under = create();
      const expired = command({ name: 'expired', createdAt: present - 10 * day, expiresInDays: 1 });
      const rolled = command({ name: 'rolled' });
      for (const one of [expired, rolled]) await under.store.issue(one);
      const { secret, ...input } = renewal({ name: 'rolled' });
      await under.store.roll({ secret, ...input });
      return { ...under, ids: [expired.record.id, rolled.record.id, secret.id] };
    }

    test("finds neither an erased user nor any of the user's keys", async () => {
      const { store, ids } = await withKeys();
      expect(await store.erase(order())).toBe(true);
      expect(await store.inspect('owner')).toBeUndefined();
      expect(await store.list('owner', present)).toEqual({ since: undefined, keys: [] });
      for (const id of ids) expect(await store.find([id])).toBeUndefined();
    });

    test('reports that there is nothing to erase for an erased or unknown user', async () => {
      const { store } = await withKeys();
      await store.erase(order());
      expect(await store.erase(order())).toBe(false);
      expect(await store.erase(order({ userId: 'unknown' }))).toBe(false);
      expect(await store.inspect('unknown')).toBeUndefined();
    });

    test('treats an erased user who returns as a new user', async () => {
      const { store } = await withKeys();
      await store.suspend(order());
      await store.erase(order());
      const { record, ...rules } = command({
        name: 'rolled',
        createdAt: present + day,
        maximumKeys: 1,
      });
      expect(await store.issue({ record, ...rules })).toBe('issued');
      expect(await store.list('owner', present)).toMatchObject({
        since: present + day,
        keys: [record],
      });
    });

    test('erases a suspended user who has deleted their only key', async () => {
      const { store } = create();
      await store.issue(command());
      await store.delete(deletion());
      await store.suspend(order());
      expect(await store.erase(order())).toBe(true);
      expect(await store.issue(command())).toBe('issued');
    });

    test.each(['2024-07-31', '2025-07-31', '2025-08-31', '2025-09-01'])(
      'does not store usage of %s that was counted before the erasure, repeated or not',
      async (counted) => {
        const { store, another } = await withKeys();
        await store.addUsage(addition({ rolled: 1 }, { day: counted }));
        await store.erase(order());
        const other = another?.() ?? store;
        for (const isRepeated of [false, true]) {
          const late = addition({ rolled: 3 }, { day: counted, isRepeated });
          expect(await other.addUsage(late)).toEqual({ day: 0, month: 0 });
        }
        expect(
          await store.readUsage({ userId: 'owner', days: [counted], names: ['rolled'] }),
        ).toEqual([]);
        expect(await store.erase(order())).toBe(false);
      },
    );

    test('stores no usage of an erased user while additions and the erasure run concurrently', async () => {
      const [store, other] = await twoStores(await withKeys());
      const add = () => other.addUsage(addition({ rolled: 1 }));
      await Promise.all([add(), add(), store.erase(order()), add(), add()]);
      await add();
      expect(await store.readTotals('owner', today)).toEqual({ day: 0, month: 0 });
      expect(await store.erase(order())).toBe(false);
    });

    test('counts usage of an erased user who returns, and erases it', async () => {
      const { store } = await withKeys();
      await store.addUsage(addition({ rolled: 1 }));
      await store.erase(order());
      const number = (present + 600) * 1_000_000;
      const totals = await store.addUsage(addition({ rolled: 3 }, { number }));
      expect(totals).toEqual({ day: 3, month: 3 });
      expect(await store.addUsage(addition({ rolled: 5 }))).toEqual(totals);
      expect(await store.inspect('owner')).toBeUndefined();
      expect(await store.erase(order())).toBe(true);
      expect(await store.readUsage({ userId: 'owner', days: [today], names: ['rolled'] })).toEqual(
        [],
      );
      expect(await store.erase(order())).toBe(false);
      expect(await store.issue(command())).toBe('issued');
    });

    test.each([
      ['does not store usage that is added five minutes after an erasure', 300, 0],
      ['stores usage that is added more than five minutes after an erasure', 301, 3],
    ])('%s', async (_, seconds, requests) => {
      const { store } = await withKeys();
      await store.erase(order());
      const number = (present + seconds) * 1_000_000;
      expect(await store.addUsage(addition({ rolled: 3 }, { number }))).toEqual({
        day: requests,
        month: requests,
      });
    });

    test('does not change other users', async () => {
      const { store } = await withKeys();
      const { record, ...rules } = command({ userId: 'other' });
      await store.issue({ record, ...rules });
      const before = await store.inspect('other');
      await store.erase(order());
      expect(await store.inspect('other')).toEqual(before);
    });

    test('leaves consistent keys when erasures and requests run concurrently through two stores', async () => {
      const [store, other] = await twoStores(await withKeys());
      await Promise.all(
        Array.from({ length: 20 }, (_, index) => {
          const one = index % 2 ? other : store;
          return index % 5 === 0
            ? one.erase(order())
            : one.issue(command({ name: `name ${index}` }));
        }),
      );
      const keys = (await store.inspect('owner'))?.keys ?? [];
      for (const { id, name } of keys) {
        expect(await store.find([id])).toMatchObject({ suspended: false });
        expect(await store.issue(command({ name }))).toBe('name_taken');
        expect(await store.delete(deletion({ name }))).toBe('deleted');
      }
      expect(await store.issue(command({ name: 'rolled', maximumKeys: 1 }))).toBe('issued');
      expect(await store.erase(order())).toBe(true);
      expect(await store.erase(order())).toBe(false);
    });
  });
}
