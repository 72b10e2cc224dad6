import type { TierClaim } from '@andamio/keys/model';
import {
  command,
  day,
  deletion,
  present,
  renewal,
  rotation,
} from '@andamio/testing/store/commands';
import { order, rehashing, revocation } from '@andamio/testing/store/operator';
import {
  type ReadableStore,
  type Stored,
  twoStores,
} from '@andamio/testing/store/store-under-test';
import { describe, expect, test } from 'vitest';

/** Returns a stored audit log entry without its document id and its retention. */
function entryOf({ id, remove_at, ...entry }: Stored) {
  return entry;
}

/** Defines the tests of the stored audit log that both stores must pass. */
export function describeAudit(kind: string, create: () => ReadableStore) {
  describe(`${kind}: audit log`, () => {
    async function withKey() {
      const under = create();
      const { record, ...rules } = command({ expiresInDays: 1 });
      await under.store.issue({ record, ...rules });
      const log = async () =>
        ((await under.read())['audit'] ?? []).toSorted(
          (one, other) => Number(one['at']) - Number(other['at']),
        );
      return { ...under, record, log };
    }

    test('logs actor, action, key and time of each change', async () => {
      const { store, record, log } = await withKey();
      await store.rotate(rotation({ now: present + 1 }));
      await store.delete(deletion({ now: present + 2 }));
      const common = {
        actor_kind: 'user',
        actor_id: 'owner',
        user_id: 'owner',
        name: 'name',
        key_id: record.id,
        reason: null,
      };
      expect((await log()).map(entryOf)).toEqual([
        { ...common, at: present, action: 'key.issued' },
        { ...common, at: present + 1, action: 'key.rotated' },
        { ...common, at: present + 2, action: 'key.deleted' },
      ]);
    });

    test('keeps an audit entry for 400 days', async () => {
      const { log } = await withKey();
      expect(await log()).toMatchObject([{ at: present, remove_at: present + 400 * day }]);
    });

    test('logs who revoked which secret, and the reason', async () => {
      const { store, record, log } = await withKey();
      const { secret, ...input } = renewal({ graceSeconds: 60 });
      await store.roll({ secret, ...input });
      await store.revoke(revocation([secret.id], { now: present + 1, reason: 'found on a page' }));
      await store.revoke(revocation([secret.id], { now: present + 2 }));
      await store.revoke(revocation([record.id], { now: present + 3, by: { kind: 'github' } }));
      const common = { action: 'key.revoked', user_id: 'owner', name: 'name' };
      expect((await log()).slice(2).map(entryOf)).toEqual([
        {
          ...common,
          at: present + 1,
          actor_kind: 'operator',
          actor_id: 'olga',
          key_id: secret.id,
          reason: 'found on a page',
        },
        {
          ...common,
          at: present + 3,
          actor_kind: 'github',
          actor_id: null,
          key_id: record.id,
          reason: null,
        },
      ]);
    });

    test('logs each rehash once, with the new key id', async () => {
      const { store, record, log } = await withKey();
      const input = rehashing(record.id, { now: present + 1 });
      await store.rehash(input);
      await store.rehash(input);
      const entry = { at: present + 1, actor_kind: 'service', actor_id: null, reason: null };
      expect((await log()).slice(1).map(entryOf)).toEqual([
        { ...entry, action: 'key.redigested', user_id: 'owner', name: 'name', key_id: input.to.id },
      ]);
    });

    test('logs each key when all keys of an owner are revoked', async () => {
      const { store, record, log } = await withKey();
      const { record: second, ...rules } = command({ name: 'second' });
      await store.issue({ record: second, ...rules });
      await store.revokeAll(order({ now: present + 1, reason: 'left the company' }));
      const common = {
        at: present + 1,
        action: 'key.revoked',
        actor_kind: 'operator',
        actor_id: 'olga',
        user_id: 'owner',
      };
      const entries = (await log()).slice(2).map(entryOf);
      expect(entries).toHaveLength(2);
      for (const { id, name } of [record, second]) {
        expect(entries).toContainEqual({ ...common, name, key_id: id, reason: 'left the company' });
      }
    });

    test('logs who suspended and resumed an owner, and the reason', async () => {
      const { store, log } = await withKey();
      await store.suspend(order({ now: present + 1, reason: 'a complaint' }));
      await store.suspend(order({ now: present + 2 }));
      await store.resume(order({ now: present + 3, by: { kind: 'operator', id: 'otto' } }));
      await store.resume(order({ now: present + 4 }));
      const common = { actor_kind: 'operator', user_id: 'owner', name: null, key_id: null };
      expect((await log()).slice(1).map(entryOf)).toEqual([
        {
          ...common,
          at: present + 1,
          action: 'user.suspended',
          actor_id: 'olga',
          reason: 'a complaint',
        },
        { ...common, at: present + 3, action: 'user.resumed', actor_id: 'otto', reason: null },
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
      const common = {
        action: 'user.tier_changed',
        actor_kind: 'user',
        actor_id: 'owner',
        user_id: 'owner',
        name: null,
        key_id: null,
      };
      const entries = (await log()).map(entryOf);
      expect(entries.filter(({ action }) => action === 'user.tier_changed')).toEqual([
        { ...common, at: present + 2, reason: 'from growth to pioneer' },
        { ...common, at: present + 4, reason: 'from pioneer to starter' },
        { ...common, at: present + 5, reason: 'from starter to growth' },
      ]);
      expect(entries).toHaveLength(5);
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
