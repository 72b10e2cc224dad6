import {
  command,
  day,
  deletion,
  present,
  renewal,
  rotation,
} from '@andamio/testing/store/commands';
import type { ReadableStore } from '@andamio/testing/store/store-under-test';
import { describe, expect, test } from 'vitest';

const expiry = present + day;

/** Defines the tests of stored changes to keys that both stores must pass. */
export function describeStoredChanges(kind: string, create: () => ReadableStore) {
  describe(`${kind}: stored data after a change`, () => {
    async function withKey() {
      const under = create();
      await under.store.issue(command({ expiresInDays: 1 }));
      return under;
    }

    test('stores only the new validity of a key that is rotated', async () => {
      const { store, read } = await withKey();
      const [before] = (await read())['keys'] ?? [];
      await store.rotate(rotation({ now: expiry, expiresInDays: 7 }));
      expect((await read())['keys']).toEqual([
        {
          ...before,
          expires_at: expiry + 7 * day,
          expires_in_days: 7,
          remove_at: expiry + 37 * day,
        },
      ]);
    });

    test('removes all data of a deleted key, and keeps its owner', async () => {
      const { store, read } = await withKey();
      await store.delete(deletion());
      const { keys = [], names = [], owners } = await read();
      expect([keys, names]).toEqual([[], []]);
      expect(owners).toMatchObject([{ user_id: 'owner', created_at: present }]);
    });

    test.each([
      ['rotate', 'rotate', 1, 'pioneer'],
      ['delete', 'delete', 1, 'pioneer'],
      ['rotate with an older token', 'rotate', -1, 'growth'],
      ['delete with an older token', 'delete', -1, 'growth'],
    ] as const)('stores the tier of the newest token: %s', async (_, verb, offset, tier) => {
      const { store, read } = await withKey();
      const tierClaim = { tier: 'pioneer', issuedAt: present + offset } as const;
      await store[verb](rotation({ now: expiry, tierClaim }));
      expect((await read())['owners']).toMatchObject([
        { tier, tier_issued_at: present + Math.max(offset, 0) },
      ]);
    });

    test.each([
      ['a rotation that is too early', 'rotate', rotation({ now: present - 1 })],
      [
        'a rotation past the year 9999',
        'rotate',
        rotation({ now: expiry, expiresInDays: 3_000_000 }),
      ],
      ['a rotation at the maximum', 'rotate', rotation({ now: expiry, maximumKeys: 0 })],
      ['a deletion of an unknown name', 'delete', rotation({ name: 'other' })],
      ["a deletion of another owner's key", 'delete', rotation({ userId: 'other' })],
    ] as const)(
      'changes nothing for a refused change whose token is already known: %s',
      async (_, verb, input) => {
        const { store, read } = await withKey();
        const before = await read();
        const tierClaim = { tier: 'growth', issuedAt: present } as const;
        expect(await store[verb]({ ...input, tierClaim })).toBeTypeOf('string');
        expect(await read()).toEqual(before);
      },
    );

    test.each(['rotate', 'roll', 'delete'] as const)(
      'stores nothing about an unknown owner: %s',
      async (verb) => {
        const { store, read } = await withKey();
        const before = await read();
        expect(
          await store[verb]({
            ...rotation({ userId: 'other', now: expiry }),
            ...renewal({ userId: 'other' }),
          }),
        ).toBe('no_such_key');
        expect(await read()).toEqual(before);
      },
    );
  });
}
