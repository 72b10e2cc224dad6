import { describe, expect, test } from 'vitest';
import { command, day, deletion, present, renewal } from './commands.ts';
import { operator, order } from './operator.ts';
import type { StoreUnderTest } from './store-under-test.ts';

/** Defines the contract tests for inspecting and counting owners and keys. */
export function describeInspection(kind: string, create: () => StoreUnderTest) {
  describe(`${kind}: reads for operators`, () => {
    /**
     * Creates a store with an expired, a valid and a rolled key under two peppers, and with a
     * suspended owner who has deleted their only key.
     */
    async function filled() {
      const under = create();
      const { store } = under;
      const expired = command({ name: 'expired', createdAt: present - 10 * day, expiresInDays: 1 });
      const rolled = command({ name: 'rolled' });
      const other = command({ userId: 'other', tierClaim: { tier: 'starter', issuedAt: present } });
      for (const one of [expired, rolled, other]) await store.issue(one);
      const withoutKeys = {
        userId: 'idle',
        tierClaim: { tier: 'pioneer', issuedAt: present },
      } as const;
      await store.issue(command(withoutKeys));
      await store.delete(deletion(withoutKeys));
      const { secret, ...input } = renewal({ name: 'rolled', now: present + 1 });
      const next = { ...secret, pepperVersion: 'next' };
      await store.roll({ secret: next, ...input });
      await store.suspend(order({ userId: 'idle' }));
      return { ...under, expired: expired.record, rolled: rolled.record, next };
    }

    test('shows all keys of an owner, including superseded ones', async () => {
      const { store, expired, rolled, next } = await filled();
      const graceEnds = present + 1 + day;
      const owner = await store.inspect('owner');
      expect(owner).toMatchObject({ since: present - 10 * day, tier: 'growth', suspended: false });
      expect(owner?.keys).toHaveLength(3);
      expect(owner?.keys).toEqual(
        expect.arrayContaining([
          { ...expired, superseded: false },
          { ...rolled, ...next, createdAt: present + 1, superseded: false },
          { ...rolled, expiresAt: graceEnds, deleteAfter: graceEnds, superseded: true },
        ]),
      );
    });

    test('shows the suspension of a user without keys, and undefined for an unknown user', async () => {
      const { store } = await filled();
      expect(await store.inspect('idle')).toEqual({
        since: present,
        tier: 'pioneer',
        suspended: true,
        keys: [],
      });
      expect(await store.inspect('unknown')).toBeUndefined();
    });

    test('reads an audit entry of an action that only a later release makes', async () => {
      const { store } = create();
      const entry = {
        at: present,
        actor: { kind: 'user', id: 'owner' },
        action: 'key.archived',
        userId: 'owner',
      } as const;
      await store.transact({ userId: 'owner', now: present }, () => ({
        outcome: undefined,
        changes: [{ type: 'append_audit_entry', entry }],
      }));
      expect(await store.readAudit('owner')).toEqual([entry]);
    });

    test('lists every owner once', async () => {
      const { store } = await filled();
      const found = [];
      for await (const page of store.owners()) found.push(...page);
      expect(found.toSorted((one, other) => (one.userId < other.userId ? -1 : 1))).toEqual([
        { userId: 'idle', since: present, tier: 'pioneer', suspended: true },
        { userId: 'other', since: present, tier: 'starter', suspended: false },
        { userId: 'owner', since: present - 10 * day, tier: 'growth', suspended: false },
      ]);
    });

    test('lists the audit entries of one user, newest first', async () => {
      const { store } = await filled();
      await store.suspend(order({ now: present + 2, reason: 'a complaint' }));
      const entries = await store.readAudit('owner');
      expect(entries.map(({ at, action }) => [at, action])).toEqual([
        [present + 2, 'user.suspended'],
        [present + 1, 'key.rolled'],
        [present, 'key.issued'],
        [present - 10 * day, 'key.issued'],
      ]);
      expect(entries[0]).toMatchObject({ actor: operator, reason: 'a complaint', userId: 'owner' });
      expect(await store.readAudit('unknown')).toEqual([]);
    });

    test('lists the audit entry that remains of an erased user', async () => {
      const { store } = await filled();
      await store.erase(order({ now: present + 2 }));
      expect(await store.readAudit('owner')).toMatchObject([
        { action: 'user.erased', actor: operator },
      ]);
    });

    test('counts all owners, owners by tier and suspended owners', async () => {
      const { store } = await filled();
      expect(await store.countOwners()).toEqual({
        total: 3,
        suspended: 1,
        byTier: { pioneer: 1, starter: 1, growth: 1, enterprise: 0 },
      });
    });

    test.each([
      [
        present + 1,
        { active: 1, superseded: 1, expired: 1 },
        { active: 1, superseded: 0, expired: 0 },
      ],
      [
        present + 1 + day,
        { active: 1, superseded: 0, expired: 1 },
        { active: 1, superseded: 0, expired: 0 },
      ],
      [
        present + 21 * day,
        { active: 1, superseded: 0, expired: 0 },
        { active: 1, superseded: 0, expired: 0 },
      ],
      [
        present + 365 * day,
        { active: 0, superseded: 0, expired: 1 },
        { active: 0, superseded: 0, expired: 1 },
      ],
      [present + 395 * day, undefined, undefined],
    ])(
      'counts keys by pepper, except those past their retention: at %d',
      async (now, before, next) => {
        const { store } = await filled();
        const counts = await store.countKeys(now);
        const of = (version: string) =>
          counts.find(({ pepperVersion }) => pepperVersion === version);
        expect(of('test')).toEqual(before && { pepperVersion: 'test', ...before });
        expect(of('next')).toEqual(next && { pepperVersion: 'next', ...next });
      },
    );
  });
}
