import { createHash } from 'node:crypto';
import { idempotentRequest } from '@andamio/keys/idempotency';
import { addition, command, day, present, renewal } from '@andamio/testing/store/commands';
import { boundLogin } from '@andamio/testing/store/device-login';
import { operator, order } from '@andamio/testing/store/operator';
import type { ReadableStore } from '@andamio/testing/store/store-under-test';
import { describe, expect, test } from 'vitest';

const userId = 'the user who is erased';
const name = 'a name that identifies the user';

/** Defines the tests of stored data after an erasure that both stores must pass. */
export function describeStoredErasure(kind: string, create: () => ReadableStore) {
  describe(`${kind}: stored data after an erasure`, () => {
    /**
     * Creates a store in which each collection contains data about the user. A new collection must
     * be added here.
     */
    async function filled() {
      const under = create();
      const { store } = under;
      const request = idempotentRequest({ userId, operation: 'request', idempotencyKey: 'one' }, [
        name,
      ]);
      await store.issue(command({ userId, name, request }));
      await store.issue(
        command({ userId, name: `${name} once`, createdAt: present - 10 * day, expiresInDays: 1 }),
      );
      await store.roll(renewal({ userId, name }));
      await store.suspend(order({ userId, reason: `${userId} asked for it` }));
      await store.resume(order({ userId }));
      await store.addUsage(addition({ [name]: 1 }, { userId }));
      await boundLogin(store, userId, name);
      await store.issue(command({ userId: 'other' }));
      await boundLogin(store, 'other');
      return under;
    }

    test("removes the user's id and key names from every collection", async () => {
      const { store, read } = await filled();
      const before = await read();
      for (const [collection, documents] of Object.entries(before)) {
        expect(JSON.stringify(documents), collection).toContain(userId);
      }
      await store.erase(order({ userId }));
      const after = JSON.stringify(await read());
      expect(after).not.toContain(userId);
      expect(after).not.toContain(name);
    });

    test('keeps one audit entry with the hash of the user id', async () => {
      const { store, read } = await filled();
      await store.erase(order({ userId, now: present + 60 }));
      await store.erase(order({ userId, now: present + 120 }));
      const hash = createHash('sha256').update(userId).digest('hex');
      const left = (await read())['audit']?.filter(({ user_id }) => user_id !== 'other');
      expect(left).toMatchObject([
        {
          at: present + 60,
          action: 'user.erased',
          actor_kind: 'operator',
          actor_id: operator.id,
          user_id: hash,
          name: null,
          key_id: null,
          reason: null,
        },
      ]);
    });

    test('does not change data of other users', async () => {
      const { store, read } = await filled();
      const others = async () =>
        Object.values(await read())
          .flat()
          .filter(({ user_id }) => user_id === 'other');
      const before = await others();
      expect(before.length).toBeGreaterThan(2);
      await store.erase(order({ userId }));
      expect(await others()).toEqual(before);
    });
  });
}
