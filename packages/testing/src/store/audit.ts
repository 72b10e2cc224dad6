import type { TierClaim } from '@andamio/keys/model';
import { describe, expect, test } from 'vitest';
import { command, deletion, present, renewal, rotation } from './commands.ts';
import { operator, order, rehashing, revocation } from './operator.ts';
import { type StoreUnderTest, twoStores } from './store-under-test.ts';

const self = { kind: 'user', id: 'owner' } as const;

/** Defines the contract tests for the audit entries of all operations. */
export function describeAudit(kind: string, create: () => StoreUnderTest) {
  describe(`${kind}: audit log`, () => {
    /** Creates a store with one key, which is valid for one day. */
    async function withKey() {
      const under = create();
      const { record, ...rules } = command({ expiresInDays: 1 });
      await under.store.issue({ record, ...rules });
      /** Returns the owner's entries, oldest first. */
      const log = async () => (await under.store.readAudit('owner')).toReversed();
      return { ...under, record, log };
    }

    test('logs actor, action, key and time of each change', async () => {
      const { store, record, log } = await withKey();
      await store.rotate(rotation({ now: present + 1 }));
      const { secret, ...input } = renewal({ now: present + 2 });
      await store.roll({ secret, ...input });
      await store.delete(deletion({ now: present + 3 }));
      const common = { actor: self, userId: 'owner', name: 'name' };
      expect(await log()).toEqual([
        { ...common, at: present, action: 'key.issued', keyId: record.id },
        { ...common, at: present + 1, action: 'key.rotated', keyId: record.id },
        { ...common, at: present + 2, action: 'key.rolled', keyId: secret.id },
        { ...common, at: present + 3, action: 'key.deleted', keyId: secret.id },
      ]);
    });

    test('logs who revoked which secret, and the reason', async () => {
      const { store, record, log } = await withKey();
      const { secret, ...input } = renewal({ graceSeconds: 60 });
      await store.roll({ secret, ...input });
      await store.revoke(revocation([secret.id], { now: present + 1, reason: 'found on a page' }));
      await store.revoke(revocation([secret.id], { now: present + 2 }));
      await store.revoke(revocation([record.id], { now: present + 3, by: { kind: 'github' } }));
      const common = { action: 'key.revoked', userId: 'owner', name: 'name' };
      expect((await log()).slice(2)).toEqual([
        {
          ...common,
          at: present + 1,
          actor: operator,
          keyId: secret.id,
          reason: 'found on a page',
        },
        { ...common, at: present + 3, actor: { kind: 'github' }, keyId: record.id },
      ]);
    });

    test('logs each rehash once, with the new key id', async () => {
      const { store, record, log } = await withKey();
      const input = rehashing(record.id, { now: present + 1 });
      await store.rehash(input);
      await store.rehash(input);
      const entry = { at: present + 1, actor: { kind: 'service' }, action: 'key.redigested' };
      expect((await log()).slice(1)).toEqual([
        { ...entry, userId: 'owner', name: 'name', keyId: input.to.id },
      ]);
    });

    test('logs each key when all keys of an owner are revoked', async () => {
      const { store, record, log } = await withKey();
      const { record: second, ...rules } = command({ name: 'second' });
      await store.issue({ record: second, ...rules });
      await store.revokeAll(order({ now: present + 1, reason: 'left the company' }));
      const common = { at: present + 1, action: 'key.revoked', actor: operator, userId: 'owner' };
      const entries = (await log()).slice(2);
      expect(entries).toHaveLength(2);
      for (const { id, name } of [record, second]) {
        expect(entries).toContainEqual({ ...common, name, keyId: id, reason: 'left the company' });
      }
    });

    test('logs who suspended and resumed an owner, and the reason', async () => {
      const { store, log } = await withKey();
      await store.suspend(order({ now: present + 1, reason: 'a complaint' }));
      await store.suspend(order({ now: present + 2 }));
      const otto = { kind: 'operator', id: 'otto' } as const;
      await store.resume(order({ now: present + 3, by: otto }));
      await store.resume(order({ now: present + 4 }));
      const suspended = { at: present + 1, actor: operator, action: 'user.suspended' };
      const resumed = { at: present + 3, actor: otto, action: 'user.resumed' };
      expect((await log()).slice(1)).toEqual([
        { ...suspended, userId: 'owner', reason: 'a complaint' },
        { ...resumed, userId: 'owner' },
      ]);
    });

    test('logs a change of tier with the old and the new tier, whatever the operation, and no unchanged tier', async () => {
      const { store, log } = await withKey();
      const claim = (tier: TierClaim['tier'], offset: number) => ({
        tierClaim: { tier, issuedAt: present + offset },
        now: present + offset,
      });
      await store.claimTier({ userId: 'owner', ...claim('growth', 1) });
      await store.claimTier({ userId: 'owner', ...claim('pioneer', 2) });
      await store.claimTier({ userId: 'owner', ...claim('pioneer', 2) });
      await store.claimTier({ userId: 'owner', ...claim('growth', 1) });
      await store.delete(deletion({ name: 'other', ...claim('pioneer', 3) }));
      await store.delete(deletion({ name: 'other', ...claim('starter', 4) }));
      await store.delete(deletion(claim('growth', 5)));
      const common = { action: 'user.tier_changed', actor: self, userId: 'owner' };
      const entries = await log();
      expect(entries.filter(({ action }) => action === 'user.tier_changed')).toEqual([
        { ...common, at: present + 2, reason: 'from growth to pioneer' },
        { ...common, at: present + 4, reason: 'from pioneer to starter' },
        { ...common, at: present + 5, reason: 'from starter to growth' },
      ]);
      expect(entries).toHaveLength(5);
    });

    test('logs which operator changed a tier, and the reason', async () => {
      const { store, log } = await withKey();
      const change = (tier: TierClaim['tier'], offset: number, reason?: string) =>
        store.claimTier({
          userId: 'owner',
          tierClaim: { tier, issuedAt: present + offset },
          now: present + offset,
          by: operator,
          reason,
        });
      await change('pioneer', 1, 'did not pay');
      await change('starter', 2);
      const common = { action: 'user.tier_changed', actor: operator, userId: 'owner' };
      expect((await log()).slice(1)).toEqual([
        { ...common, at: present + 1, reason: 'from growth to pioneer: did not pay' },
        { ...common, at: present + 2, reason: 'from pioneer to starter' },
      ]);
    });

    test('logs no refused change', async () => {
      const { store, log } = await withKey();
      await store.issue(command());
      await store.issue(command({ name: 'other', maximumKeys: 1 }));
      await store.rotate(rotation({ now: present - 1 }));
      await store.rotate(rotation({ name: 'other' }));
      await store.delete(deletion({ userId: 'other' }));
      expect(await log()).toHaveLength(1);
    });

    test('logs each change once if concurrent attempts are made through two stores', async () => {
      const { log, ...under } = await withKey();
      const [store, other] = await twoStores(under);
      await Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          const one = index % 2 ? other : store;
          await one.rotate(rotation({ now: present, expiresInDays: 2 }));
          await one.issue(command({ name: 'second', maximumKeys: 2 }));
        }),
      );
      const actions = (await log()).map(({ action, name }) => `${action} ${name}`);
      expect(actions.toSorted()).toEqual([
        'key.issued name',
        'key.issued second',
        'key.rotated name',
      ]);
    });
  });
}
