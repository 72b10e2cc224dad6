import { describe, expect, test } from 'vitest';
import { command, day, present, rotation } from './commands.ts';
import { connected, type StoreUnderTest } from './store-under-test.ts';

const lastInstant = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;
const until = (expiresAt: number, expiresInDays: number) => ({
  expiresAt,
  expiresInDays,
  deleteAfter: Math.min(expiresAt + 30 * day, lastInstant),
});

/** Defines the contract tests for rotating a key. */
export function describeRotation(kind: string, create: () => StoreUnderTest) {
  /** Creates a store with one key, which is valid for ten days and expires at `expiry`. */
  async function withKey() {
    const under = create();
    await under.store.issue(command({ expiresInDays: 10, maximumKeys: 1 }));
    return under;
  }
  const expiry = present + 10 * day;

  describe(`${kind}: extending a key`, () => {
    test.each([
      ['more than a day before its expiry it is too early', expiry - day - 1, 'not_yet_rotatable'],
      [
        'a day before its expiry the days count from the expiry',
        expiry - day,
        until(expiry + 10 * day, 10),
      ],
      ['a second before its expiry as well', expiry - 1, until(expiry + 10 * day, 10)],
      ['at its expiry they count from now', expiry, until(expiry + 10 * day, 10)],
      ['a week later they count from now', expiry + 7 * day, until(expiry + 17 * day, 10)],
      [
        'a second before it is gone as well',
        expiry + 30 * day - 1,
        until(expiry + 40 * day - 1, 10),
      ],
      [
        '30 days after its expiry it is gone, although nobody removed it',
        expiry + 30 * day,
        'no_such_key',
      ],
    ])('%s', async (_, now, outcome) => {
      const { store } = await withKey();
      expect(await store.rotate(rotation({ now, maximumKeys: 1 }))).toEqual(outcome);
    });

    test("the number of days that is given becomes the key's own", async () => {
      const { store } = await withKey();
      expect(await store.rotate(rotation({ now: expiry, expiresInDays: 1 }))).toEqual(
        until(expiry + day, 1),
      );
      expect(await store.rotate(rotation({ now: expiry + day }))).toEqual(
        until(expiry + 2 * day, 1),
      );
    });

    test('the last instant that can be stored is fine, what would pass it is refused and changes nothing', async () => {
      const { store } = await withKey();
      const days = Math.floor((lastInstant - expiry) / day);
      expect(await store.rotate(rotation({ now: expiry, expiresInDays: days + 1 }))).toBe(
        'expiry_too_late',
      );
      expect(await store.rotate(rotation({ now: expiry, expiresInDays: 1e300 }))).toBe(
        'expiry_too_late',
      );
      expect(await store.rotate(rotation({ now: expiry, expiresInDays: days }))).toEqual(
        until(expiry + days * day, days),
      );
    });

    test("another owner's key is no key, and stays as it is", async () => {
      const { store } = await withKey();
      expect(await store.rotate(rotation({ userId: 'other', now: expiry }))).toBe('no_such_key');
      expect(await store.rotate(rotation({ name: 'other', now: expiry }))).toBe('no_such_key');
      expect((await store.list('owner', present)).keys).toMatchObject([{ expiresAt: expiry }]);
    });

    test.each([
      ['an expired key is not revived where the maximum is reached', expiry, 'key_limit_reached'],
      [
        'but one that has not expired holds its place already',
        expiry - 1,
        until(expiry + 10 * day, 10),
      ],
    ])('%s', async (_, now, outcome) => {
      const { store } = await withKey();
      const { record, ...rules } = command({ name: 'second', createdAt: now, maximumKeys: 2 });
      await store.issue({ record, ...rules });
      expect(await store.rotate(rotation({ now, maximumKeys: 1 }))).toEqual(outcome);
    });

    test.each([
      ['a new key', [], 1, 'key_limit_reached'],
      ['one that was revived', ['other'], 1, 'key_limit_reached'],
      ['a new key, where there is another place', [], 2, until(expiry + 10 * day, 10)],
    ] as const)(
      'an extension that waited while its key expired and lost its place needs one: to %s',
      async (_, others, maximumKeys, outcome) => {
        const { store } = await withKey();
        for (const name of others) await store.issue(command({ name, expiresInDays: 9 }));
        const second = { name: others[0] ?? 'second', maximumKeys: 1 };
        if (others.length > 0) await store.rotate(rotation({ ...second, now: expiry }));
        else expect(await store.issue(command({ ...second, createdAt: expiry }))).toBe('issued');
        expect(await store.rotate(rotation({ now: expiry - 1, maximumKeys }))).toEqual(outcome);
        const { keys } = await store.list('owner', present);
        expect(keys.filter(({ expiresAt }) => expiresAt > expiry)).toHaveLength(maximumKeys);
      },
    );

    test('a revived key counts again', async () => {
      const { store } = await withKey();
      await store.rotate(rotation({ now: expiry, maximumKeys: 1 }));
      expect(
        await store.issue(command({ name: 'second', createdAt: expiry, maximumKeys: 1 })),
      ).toBe('key_limit_reached');
    });

    test('the new expiry stands everywhere: the name stays taken until 30 days after it', async () => {
      const { store } = await withKey();
      await store.rotate(rotation({ now: expiry }));
      const gone = expiry + 40 * day;
      expect(await store.issue(command({ createdAt: gone - 1 }))).toBe('name_taken');
      expect(await store.issue(command({ createdAt: gone }))).toBe('issued');
    });

    test('of extensions at the same moment, from two stores, exactly one is made', async () => {
      const { store, another } = await withKey();
      const other = another?.() ?? store;
      await connected(other); // Both stores are connected, so their calls run concurrently.
      const ask = (index: number) =>
        (index % 2 ? store : other).rotate(rotation({ now: expiry, maximumKeys: 1 }));
      const outcomes = await Promise.all(Array.from({ length: 20 }, (_, index) => ask(index)));
      expect(outcomes.filter((outcome) => outcome === 'not_yet_rotatable')).toHaveLength(19);
      expect((await store.list('owner', present)).keys).toMatchObject([
        { expiresAt: expiry + 10 * day },
      ]);
    });

    test('of revivals and new keys at the same moment, from two stores, as many succeed as the maximum allows', async () => {
      const under = create();
      const stores = [under.store, under.another?.() ?? under.store] as const;
      await connected(stores[1]);
      for (let index = 0; index < 10; index++) {
        await under.store.issue(command({ name: `expired ${index}`, expiresInDays: 10 }));
      }
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, index) => {
          const store = stores[index % 2] as (typeof stores)[number];
          const half = Math.floor(index / 2);
          return half % 2
            ? store.rotate(rotation({ name: `expired ${half}`, now: expiry, maximumKeys: 3 }))
            : store.issue(command({ name: `new ${index}`, createdAt: expiry, maximumKeys: 3 }));
        }),
      );
      const refused = outcomes.filter(
        (outcome) => outcome === 'key_limit_reached' || outcome === 'not_yet_rotatable',
      );
      expect(outcomes.length - refused.length).toBe(3);
      const { keys } = await under.store.list('owner', present);
      expect(keys.filter(({ expiresAt }) => expiresAt > expiry)).toHaveLength(3);
    });
  });
}
