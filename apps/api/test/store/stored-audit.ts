import { command, day, present } from '@andamio/testing/store/commands';
import { operator, order, revocation } from '@andamio/testing/store/operator';
import type { ReadableStore } from '@andamio/testing/store/store-under-test';
import { describe, expect, test } from 'vitest';

/** Defines the tests of the stored audit log that both stores must pass. */
export function describeStoredAudit(kind: string, create: () => ReadableStore) {
  describe(`${kind}: stored audit log`, () => {
    test('stores all fields of an audit entry, and keeps it for 400 days', async () => {
      const { store, read } = create();
      const { record, ...rules } = command();
      await store.issue({ record, ...rules });
      await store.suspend(order({ now: present + 1, reason: 'a complaint' }));
      await store.revoke(revocation([record.id], { now: present + 2, by: { kind: 'github' } }));
      const entries = ((await read())['audit'] ?? [])
        .map(({ id, ...entry }) => entry)
        .toSorted((one, other) => Number(one['at']) - Number(other['at']));
      const kept = (at: number) => ({ at, user_id: 'owner', remove_at: at + 400 * day });
      const ofKey = { name: 'name', key_id: record.id, reason: null };
      expect(entries).toEqual([
        {
          ...kept(present),
          ...ofKey,
          action: 'key.issued',
          actor_kind: 'user',
          actor_id: 'owner',
        },
        {
          ...kept(present + 1),
          action: 'user.suspended',
          actor_kind: operator.kind,
          actor_id: operator.id,
          name: null,
          key_id: null,
          reason: 'a complaint',
        },
        {
          ...kept(present + 2),
          ...ofKey,
          action: 'key.revoked',
          actor_kind: 'github',
          actor_id: null,
        },
      ]);
    });
  });
}
