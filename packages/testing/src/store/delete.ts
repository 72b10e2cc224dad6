import { describe, expect, test } from 'vitest';
import { command, day, deletion, present, rotation } from './commands.ts';
import { connected, type StoreUnderTest } from './store-under-test.ts';

/** Defines the contract tests for deleting a key. */
export function describeDeletion(kind: string, create: () => StoreUnderTest) {
  describe(`${kind}: deleting a key`, () => {
    async function withKey() {
      const under = create();
      const { record, ...rules } = command({ expiresInDays: 10, maximumKeys: 1 });
      await under.store.issue({ record, ...rules });
      return { ...under, deleted: { ids: [record.id] } };
    }
    const expiry = present + 10 * day;

    test('its name is free at once, and its place in the tier', async () => {
      const { store, deleted } = await withKey();
      expect(await store.delete(deletion())).toEqual(deleted);
      expect((await store.list('owner', present)).keys).toEqual([]);
      expect(await store.issue(command({ maximumKeys: 1 }))).toBe('issued');
      expect(await store.issue(command({ name: 'second', maximumKeys: 1 }))).toBe(
        'key_limit_reached',
      );
    });

    test('a second time there is none', async () => {
      const { store, deleted } = await withKey();
      expect(await store.delete(deletion())).toEqual(deleted);
      expect(await store.delete(deletion())).toBe('no_such_key');
      expect(await store.rotate(rotation({ now: expiry }))).toBe('no_such_key');
    });

    test.each([
      ['an expired key can be deleted', expiry, 'deleted'],
      ['also a second before it is gone', expiry + 30 * day - 1, 'deleted'],
      [
        '30 days after its expiry it is gone, although nobody removed it',
        expiry + 30 * day,
        'no_such_key',
      ],
    ])('%s', async (_, now, outcome) => {
      const { store, deleted } = await withKey();
      expect(await store.delete(deletion({ now }))).toEqual(
        outcome === 'deleted' ? deleted : outcome,
      );
    });

    test("another owner's key is no key, and stays as it is", async () => {
      const { store } = await withKey();
      expect(await store.delete(deletion({ userId: 'other' }))).toBe('no_such_key');
      expect(await store.delete(deletion({ name: 'other' }))).toBe('no_such_key');
      expect((await store.list('owner', present)).keys).toMatchObject([{ name: 'name' }]);
      expect(await store.list('other', present)).toEqual({
        since: undefined,
        tierClaim: undefined,
        keys: [],
      });
    });

    test('its other keys stay, and so does the moment of the first one', async () => {
      const { store } = await withKey();
      await store.issue(command({ name: 'second', createdAt: present + 1 }));
      await store.delete(deletion());
      expect(await store.list('owner', present)).toMatchObject({
        since: present,
        keys: [{ name: 'second' }],
      });
    });

    test('at the same moment, from two stores, exactly one does it', async () => {
      const { store, another, deleted } = await withKey();
      const other = another?.() ?? store;
      await connected(other); // Both stores are connected, so their calls run concurrently.
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, index) => (index % 2 ? store : other).delete(deletion())),
      );
      expect(outcomes.filter((outcome) => outcome !== 'no_such_key')).toEqual([deleted]);
    });

    test('closing lets it end first, and answers it', async () => {
      const { store, deleted } = await withKey();
      const outcome = store.delete(deletion());
      const listed = store.list('other', present);
      await store.close();
      expect(await outcome).toEqual(deleted);
      expect(await listed).toEqual({ since: undefined, tierClaim: undefined, keys: [] });
    });
  });
}
