import type { HeldName, KeyStore, PageQuery } from '@andamio/keys/store';
import { describe, expect, test } from 'vitest';
import { command, day, deletion, keyId, present, renewal, rotation } from './commands.ts';
import { rehashing } from './operator.ts';
import { type StoreUnderTest, twoStores } from './store-under-test.ts';

type Position = PageQuery['from'];

/**
 * Reads consecutive pages until a page is shorter than the maximum. Calls `between` before each
 * page.
 */
async function readPages(
  store: KeyStore,
  maximum: number,
  between: (last: string) => Promise<unknown> = async () => {},
): Promise<HeldName[]> {
  const all: HeldName[] = [];
  for (let from: Position; ; ) {
    const { names } = await store.page({ userId: 'owner', maximum, ...(from && { from }) });
    all.push(...names);
    const last = names.at(-1)?.name;
    if (last === undefined || names.length < maximum) return all;
    await between(last);
    from = { name: last, isIncluded: false };
  }
}

const sorted = (names: readonly HeldName[]) => names.map(({ name }) => name).toSorted();

/** Defines the contract tests for pages of keys. */
export function describePages(kind: string, create: () => StoreUnderTest) {
  const named = [
    'a',
    'B',
    'ä',
    'ab',
    'a b',
    '%_%',
    '__name__',
    '../../keys',
    '\u{1F511}'.repeat(100),
  ];

  async function withKeys(names: readonly string[] = named) {
    const under = create();
    for (const name of names) await under.store.issue(command({ name }));
    await under.store.issue(command({ userId: 'other', name: 'of another owner' }));
    return under;
  }

  describe(`${kind}: pages of keys`, () => {
    test.each([1, 2, 3, 8, 9, 10, 101])(
      'consecutive pages of at most %i names contain every key of the owner exactly once',
      async (maximum) => {
        const { store } = await withKeys();
        const all = await readPages(store, maximum);
        expect(sorted(all)).toEqual(named.toSorted());
        for (const { name, current, previous } of all)
          expect([current?.name, previous]).toEqual([name, undefined]);
      },
    );

    test('a page of an owner without keys is empty', async () => {
      const { store } = create();
      const page = { userId: 'owner', maximum: 10 };
      expect(await store.page(page)).toEqual({ tierClaim: undefined, names: [] });
      const { record, tierClaim, ...rules } = command();
      await store.issue({ record, tierClaim, ...rules });
      await store.delete(deletion());
      expect(await store.page(page)).toEqual({ tierClaim, names: [] });
    });

    test('a page begins at a name or after it, whether or not the owner still has the name', async () => {
      const { store } = await withKeys(['one', 'two', 'three']);
      const [first, second, third] = (await readPages(store, 3)).map(({ name }) => name) as [
        string,
        string,
        string,
      ];
      const from = async (name: string, isIncluded: boolean) => {
        const { names } = await store.page({
          userId: 'owner',
          maximum: 2,
          from: { name, isIncluded },
        });
        return names.map((held) => held.name);
      };
      expect(await from(first, true)).toEqual([first, second]);
      expect(await from(first, false)).toEqual([second, third]);
      await store.delete(deletion({ name: first }));
      expect(await from(first, true)).toEqual([second, third]);
      expect(await from(first, false)).toEqual([second, third]);
      expect(await from(third, false)).toEqual([]);
    });

    test('contains the previous secret of a key, and expired keys', async () => {
      const { store } = create();
      const { record, ...rules } = command();
      await store.issue({ record, ...rules });
      await store.roll(renewal());
      await store.issue(
        command({ name: 'expired', createdAt: present - 20 * day, expiresInDays: 1 }),
      );
      const all = await readPages(store, 10);
      const rolled = all.find(({ name }) => name === 'name');
      expect(rolled?.previous).toMatchObject({ serial: record.serial, expiresAt: present + day });
      expect(rolled?.current?.serial).not.toBe(record.serial);
      expect(all.find(({ name }) => name === 'expired')?.current).toMatchObject({
        expiresAt: present - 19 * day,
      });
    });

    test('keeps the place of each name while keys are rotated, rolled, rehashed, created and deleted', async () => {
      const [store, other] = await twoStores(create());
      const names = Array.from({ length: 12 }, (_, index) => `name ${index}`);
      for (const name of names) await store.issue(command({ name, expiresInDays: 1 }));
      const order = (await readPages(store, 12)).map(({ name }) => name);
      let step = 0;
      const deleted: string[] = [];
      const all = await readPages(store, 2, async (last) => {
        const after = order.filter((name) => order.indexOf(name) > order.indexOf(last));
        const change = [
          () => other.rotate(rotation({ name: last, expiresInDays: 3 })),
          () => other.roll(renewal({ name: after[0] as string })),
          async () => {
            const key = (await other.list('owner', present)).keys.find(
              ({ name }) => name === after[1],
            );
            return other.rehash(rehashing(keyId(key?.id as string)));
          },
          () => other.delete(deletion({ name: last })),
          () => {
            deleted.push(after[0] as string);
            return other.delete(deletion({ name: after[0] as string }));
          },
        ][step++ % 5];
        await change?.();
        await other.issue(command({ name: `created ${step}`, createdAt: present }));
      });
      const seen = all.map(({ name }) => name);
      expect(new Set(seen).size, 'nothing twice').toBe(seen.length);
      expect(deleted.length).toBeGreaterThan(0);
      const kept = names.filter((name) => !deleted.includes(name));
      expect(
        kept.filter((name) => !seen.includes(name)),
        'nothing skipped',
      ).toEqual([]);
      expect(all.filter(({ current }) => current === undefined)).toEqual([]);
    });
  });
}
