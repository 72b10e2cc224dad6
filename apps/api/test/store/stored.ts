import { issueKey } from '@andamio/keys/issue';
import { command, day, lastInstant, owner, present } from '@andamio/testing/store/commands';
import { keysIn } from '@andamio/testing/store/set-up';
import type { ReadableStore } from '@andamio/testing/store/store-under-test';
import { describe, expect, test } from 'vitest';
import { describeStoredAudit } from './stored-audit.ts';
import { describeStoredChanges } from './stored-changes.ts';
import { describeStoredDeviceLogins } from './stored-device-logins.ts';
import { describeStoredErasure } from './stored-erasure.ts';
import { describeStoredUsage } from './stored-usage.ts';

/**
 * Defines the tests of stored data that both stores must pass. The tests read the database without
 * the store's own code.
 */
export function describeStoredKeys(kind: string, create: () => ReadableStore) {
  describeStoredChanges(kind, create);
  describeStoredAudit(kind, create);
  describeStoredUsage(kind, create);
  describeStoredErasure(kind, create);
  describeStoredDeviceLogins(kind, create);

  describe(`${kind}: stored data`, () => {
    test('stores the complete record, the owner and the tier of the token', async () => {
      const { store, read } = create();
      const { record, ...rules } = command({
        userId: 'an owner/with "quotes" \u{1F511}',
        name: ' Schlu\u0308ssel \u{1F511} ',
        start: 'ant-9zZ0',
        expiresInDays: 90,
        pepperVersion: 'v7',
        tierClaim: { tier: 'enterprise', issuedAt: present - 60 },
      });
      await store.issue({ record, ...rules });

      const { keys, owners } = await read();
      expect(keys).toMatchObject([
        {
          id: record.id,
          serial: record.serial,
          user_id: 'an owner/with "quotes" \u{1F511}',
          name: ' Schlu\u0308ssel \u{1F511} ',
          start: 'ant-9zZ0',
          created_at: present,
          expires_at: present + 90 * day,
          expires_in_days: 90,
          pepper_version: 'v7',
          remove_at: present + 120 * day,
        },
      ]);
      expect(owners).toMatchObject([
        {
          user_id: 'an owner/with "quotes" \u{1F511}',
          created_at: present,
          tier: 'enterprise',
          tier_issued_at: present - 60,
        },
      ]);
    });

    test.each([
      ['a taken name', 'name', 'name_taken'],
      ['a reached maximum', 'other', 'key_limit_reached'],
    ])(
      'changes nothing for a request that is refused for %s and whose token is already known',
      async (_, name, outcome) => {
        const { store, read } = create();
        await store.issue(command({ maximumKeys: 1 }));
        const tierClaim = { tier: 'growth', issuedAt: present + 60 } as const;
        await store.claimTier({ userId: 'owner', tierClaim, now: present });
        const before = await read();

        expect(
          await store.issue(command({ name, maximumKeys: 1, createdAt: present + 60, tierClaim })),
        ).toBe(outcome);
        expect(await read()).toEqual(before);
      },
    );

    test.each([
      ['replaces the tier of an older token by that of a newer one', 1, 'enterprise'],
      ['stores the tier of the later of two tokens of the same second', 0, 'enterprise'],
      ['does not replace the tier of a newer token by that of an older one', -1, 'starter'],
    ] as const)('%s', async (_, offset, tier) => {
      const { store, read } = create();
      await store.issue(
        command({ name: 'first', tierClaim: { tier: 'starter', issuedAt: present } }),
      );
      await store.issue(
        command({ name: 'second', tierClaim: { tier: 'enterprise', issuedAt: present + offset } }),
      );

      const { owners } = await read();
      expect(owners).toMatchObject([
        { tier, tier_issued_at: present + Math.max(offset, 0), created_at: present },
      ]);
    });

    test("stores the time of the first key as the owner's creation time", async () => {
      const { store, read } = create();
      await store.issue(command({ name: 'first' }));
      await store.issue(command({ name: 'second', createdAt: present + 400 * day }));
      expect((await read())['owners']).toMatchObject([{ created_at: present }]);
    });

    test.each([
      ['30 days after the expiry', 365, present + 395 * day],
      ['the end of the year 9999, if 30 days later would be after it', 0, lastInstant],
    ])('keeps a key until %s', async (_, expiresInDays, deleteAfter) => {
      const { store, read } = create();
      const days = expiresInDays || Math.floor((lastInstant - present) / day);
      await issueKey(keysIn(store), owner, { name: 'name', expiresInDays: days });

      expect((await read())['keys']).toMatchObject([
        { expires_at: present + days * day, remove_at: deleteAfter },
      ]);
    });

    test('stores only the first eight characters of a key', async () => {
      const { store, read } = create();
      const issued = await issueKey(keysIn(store), owner, { name: 'name', expiresInDays: 1 });
      if (typeof issued === 'string') throw new Error(issued);

      const everything = JSON.stringify(await read());
      expect(everything).toContain(issued.key.slice(0, 8));
      expect(everything).not.toContain(issued.key.slice(0, 9));
      expect(everything).not.toContain(issued.key.slice(8));
    });
  });
}
