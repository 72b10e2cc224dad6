import type { TierClaim } from '@andamio/keys/model';
import { describe, expect, test } from 'vitest';
import {
  command,
  day,
  deletion,
  idempotent,
  keyId,
  present,
  renewal,
  rotation,
} from './commands.ts';
import { order } from './operator.ts';
import type { StoreUnderTest, TestStore } from './store-under-test.ts';

/** Defines the contract tests for finding a key by its id. */
export function describeFinding(kind: string, create: () => StoreUnderTest) {
  describe(`${kind}: finding a key by its id`, () => {
    async function withKey(input: Parameters<typeof command>[0] = {}) {
      const under = create();
      const { record, ...rules } = command({ expiresInDays: 10, ...input });
      await under.store.issue({ record, ...rules });
      return { ...under, record };
    }

    test('returns the complete record and the tier of the token', async () => {
      const { store, record } = await withKey({ userId: 'a/b "c"', name: ' Schlüssel \u{1F511} ' });
      expect(await store.find([record.id])).toEqual({ record, tier: 'growth', suspended: false });
    });

    test('returns undefined for an unknown id', async () => {
      const { store } = await withKey();
      expect(await store.find([keyId('0'.repeat(64))])).toBeUndefined();
    });

    test('finds a key if any of the given ids is its id', async () => {
      const { store, record } = await withKey();
      expect(
        await store.find([keyId('0'.repeat(64)), record.id, keyId('f'.repeat(64))]),
      ).toMatchObject({
        record,
      });
    });

    test('returns the current state of a key that was extended or deleted through another store', async () => {
      const { store, another, record } = await withKey();
      const other = another?.() ?? store;
      expect(await other.find([record.id])).toMatchObject({ record });
      await store.rotate(rotation({ now: record.expiresAt, expiresInDays: 3 }));
      expect(await other.find([record.id])).toMatchObject({
        record: { expiresAt: record.expiresAt + 3 * day },
      });
      await store.delete(deletion());
      expect(await other.find([record.id])).toBeUndefined();
    });

    test.each(['issue', 'rotate', 'delete'] as const)(
      'returns the tier of the newest token, even if it was used to %s another key',
      async (verb) => {
        const { store, record } = await withKey();
        await store.issue(command({ name: 'brief', expiresInDays: 1 }));
        const tierClaim = { tier: 'enterprise', issuedAt: present + 1 } as const;
        if (verb === 'issue') await store.issue(command({ name: 'second', tierClaim }));
        else await store[verb](rotation({ name: 'brief', tierClaim }));
        expect(await store.find([record.id])).toEqual({
          record,
          tier: 'enterprise',
          suspended: false,
        });
      },
    );

    test.each([
      ['a newer token', 1, 'enterprise'],
      ['a later token of the same second', 0, 'enterprise'],
      ['an older token', -1, 'growth'],
    ] as const)(
      'saves the tier of the newest token that changes no key: %s',
      async (_, offset, tier) => {
        const { store, record } = await withKey();
        const tierClaim = { tier: 'enterprise', issuedAt: present + offset } as const;
        await store.claimTier({ userId: 'owner', tierClaim, now: present });
        expect(await store.find([record.id])).toMatchObject({ record, tier });
        const newest = { tier, issuedAt: present + Math.max(0, offset) };
        expect((await store.list('owner', present)).tierClaim).toEqual(newest);
        expect(await store.readTierClaim('owner')).toEqual(newest);
        expect(await store.readTierClaim('unknown')).toBeUndefined();
      },
    );

    test('ignores a tier claim that is older than a newer token with the same tier', async () => {
      const { store, record } = await withKey();
      const claim = (tier: 'growth' | 'pioneer', offset: number) =>
        store.claimTier({
          userId: 'owner',
          tierClaim: { tier, issuedAt: present + offset },
          now: present,
        });
      await claim('growth', 300);
      await claim('pioneer', 200);
      expect(await store.find([record.id])).toMatchObject({ tier: 'growth' });
      expect((await store.list('owner', present)).tierClaim).toEqual({
        tier: 'growth',
        issuedAt: present + 300,
      });
    });

    test('lists every unexpired key and the 100 keys that expired last', async () => {
      const { store } = create();
      const expiring = Array.from({ length: 103 }, (_, index) =>
        command({
          name: `expired ${index}`,
          expiresAt: present + 1 + index,
          deleteAfter: present + 1 + index + 30 * day,
        }),
      );
      for (const one of expiring) expect(await store.issue(one)).toBe('issued');
      const now = present + day;
      const listed = async () =>
        (await store.list('owner', now)).keys.map(({ name }) => name).toSorted();
      const newest = expiring.slice(3).map(({ record }) => record.name);
      expect(await listed()).toEqual(newest.toSorted());
      await store.issue(command({ name: 'valid', createdAt: now }));
      expect(await listed(), 'after a write that drops expired keys').toEqual(
        [...newest, 'valid'].toSorted(),
      );
      await store.delete(deletion({ name: 'expired 50', now }));
      await store.rotate(rotation({ name: 'expired 51', now }));
      const left = [...newest, 'valid'].filter((name) => name !== 'expired 50');
      expect(await listed()).toEqual(
        expect.arrayContaining(left.filter((name) => name !== 'expired 50')),
      );
      expect(await listed()).not.toContain('expired 50');
      expect(
        (await store.list('owner', now)).keys.find(({ name }) => name === 'expired 51')?.expiresAt,
      ).toBeGreaterThan(now);
    }, 30_000);

    test('lists a key that has expired for one process but not for another, after changes by both', async () => {
      const { store, record } = await withKey();
      const { expiresAt } = record;
      await store.issue(command({ name: 'second', createdAt: expiresAt }));
      await store.delete(deletion({ name: 'second', now: expiresAt - 1 }));
      for (const now of [expiresAt - 1, expiresAt])
        expect((await store.list('owner', now)).keys).toEqual([record]);
    });

    const maximumKeysOf = (tier: TierClaim['tier']) =>
      ({ pioneer: 1, starter: 2, growth: 3, enterprise: 4 })[tier];

    test.each([
      ['an older token of a higher tier', 'enterprise', -1, 'key_limit_reached'],
      ['the same tier', 'starter', 0, 'key_limit_reached'],
      ['a newer token of a higher tier', 'growth', 1, 'issued'],
      ['a newer token of a lower tier', 'pioneer', 1, 'key_limit_reached'],
    ] as const)(
      'applies the maximum of the newest tier claim: %s',
      async (_, tier, offset, outcome) => {
        const { store } = create();
        const newest: TierClaim = { tier: 'starter', issuedAt: present };
        for (const name of ['first', 'second'])
          await store.issue(command({ name, tierClaim: newest, maximumKeysOf }));
        const tierClaim: TierClaim = { tier, issuedAt: present + offset };
        expect(await store.issue(command({ name: 'third', tierClaim, maximumKeysOf }))).toBe(
          outcome,
        );
      },
    );

    test('applies the maximum of the newest tier claim to an expired key that is rotated', async () => {
      const { store } = create();
      const newest: TierClaim = { tier: 'pioneer', issuedAt: present + 1 };
      await store.issue(command({ name: 'expired', expiresInDays: 1 }));
      await store.issue(command({ name: 'valid' }));
      await store.claimTier({ userId: 'owner', tierClaim: newest, now: present });
      const older: TierClaim = { tier: 'enterprise', issuedAt: present };
      const rotationOfExpired = rotation({
        name: 'expired',
        now: present + 2 * day,
        tierClaim: older,
        maximumKeysOf,
      });
      expect(await store.rotate(rotationOfExpired)).toBe('key_limit_reached');
    });

    const refused: readonly [
      string,
      (store: TestStore, tierClaim: TierClaim) => Promise<unknown>,
    ][] = [
      [
        'a request at the maximum',
        (store, tierClaim) => store.issue(command({ name: 'second', maximumKeys: 1, tierClaim })),
      ],
      ['a request for a taken name', (store, tierClaim) => store.issue(command({ tierClaim }))],
      ['a rotation that is too early', (store, tierClaim) => store.rotate(rotation({ tierClaim }))],
      [
        'a rotation of an unknown key',
        (store, tierClaim) => store.rotate(rotation({ name: 'other', tierClaim })),
      ],
      [
        'a roll of an unknown key',
        (store, tierClaim) => store.roll(renewal({ name: 'other', tierClaim })),
      ],
      [
        'a deletion of an unknown key',
        (store, tierClaim) => store.delete(deletion({ name: 'other', tierClaim })),
      ],
    ];

    test.each(refused)(
      'saves the tier of the newest token although its request is refused: %s',
      async (_, ask) => {
        const { store, record } = await withKey();
        const claim = (tier: TierClaim['tier'], offset: number) =>
          ask(store, { tier, issuedAt: present + offset });
        expect(await claim('pioneer', 60)).toBeTypeOf('string');
        expect(await store.find([record.id])).toMatchObject({ record, tier: 'pioneer' });
        await claim('growth', 59);
        expect(await store.find([record.id])).toMatchObject({ record, tier: 'pioneer' });
        await claim('pioneer', 90);
        await claim('growth', 80);
        expect(await store.find([record.id])).toMatchObject({ record, tier: 'pioneer' });
      },
    );

    test('saves the tier of the newest token although the request is replayed or the owner is suspended', async () => {
      const withRequest = { request: idempotent('request') };
      const { store, record } = await withKey(withRequest);
      const ask = (tier: TierClaim['tier'], issuedAt: number) =>
        store.issue(command({ ...withRequest, tierClaim: { tier, issuedAt } }));
      expect(await ask('pioneer', present + 1)).toHaveProperty('replayed');
      expect(await store.find([record.id])).toMatchObject({ tier: 'pioneer' });
      await store.suspend(order());
      expect(await ask('starter', present + 2)).toBe('suspended');
      expect(await store.find([record.id])).toMatchObject({ tier: 'starter', suspended: true });
    });

    test('stores nothing about a user without keys who sends a token', async () => {
      const { store } = create();
      const tierClaim = { tier: 'growth', issuedAt: present } as const;
      await store.claimTier({ userId: 'owner', tierClaim, now: present });
      expect(await store.list('owner', present)).toEqual({
        since: undefined,
        tierClaim: undefined,
        keys: [],
      });
    });

    test('returns the tier of the newest token for an expired key that is rotated with an older token', async () => {
      const { store, record } = await withKey();
      await store.issue(
        command({
          name: 'second',
          createdAt: record.expiresAt,
          tierClaim: { tier: 'pioneer', issuedAt: present + 1 },
        }),
      );
      const older = { tier: 'growth', issuedAt: present } as const;
      await store.rotate(rotation({ now: record.expiresAt, tierClaim: older }));
      expect(await store.find([record.id])).toMatchObject({ tier: 'pioneer' });
    });
  });
}
