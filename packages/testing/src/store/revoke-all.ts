import type { Scope } from '@andamio/keys/model';
import { revokeAll } from '@andamio/keys/revoke-all';
import type { KeyStore } from '@andamio/keys/store';
import { describe, expect, test } from 'vitest';
import { command, day, present, renewal, rotation } from './commands.ts';
import { order } from './operator.ts';
import { type StoreUnderTest, twoStores } from './store-under-test.ts';

/** Defines the contract tests for revoking all keys of an owner. */
export function describeRevokeAll(kind: string, create: () => StoreUnderTest) {
  describe(`${kind}: revoking all keys of an owner`, () => {
    test('revokes valid, expired and superseded keys of an owner, and returns them', async () => {
      const { store } = create();
      const expired = command({ name: 'expired', createdAt: present - 10 * day, expiresInDays: 1 });
      const rolled = command({ name: 'rolled' });
      const valid = command({ name: 'valid' });
      for (const one of [expired, rolled, valid]) await store.issue(one);
      const { secret, ...input } = renewal({ name: 'rolled' });
      await store.roll({ secret, ...input });

      const revoked = await store.revokeAll(order());
      const named = (name: string, id: string) => ({ id, userId: 'owner', name });
      expect(revoked.toSorted((one, other) => (one.name < other.name ? -1 : 1))).toEqual([
        named('expired', expired.record.id),
        named('rolled', secret.id),
        named('valid', valid.record.id),
      ]);
      for (const id of [...revoked.map((key) => key.id), rolled.record.id])
        expect(await store.find([id])).toBeUndefined();
      expect((await store.list('owner', present)).keys).toEqual([]);
      expect(await store.rotate(rotation({ name: 'expired' }))).toBe('no_such_key');
      expect(await store.issue(command({ name: 'valid', maximumKeys: 1 }))).toBe('issued');
    });

    test('revokes unexpired keys before expired ones', async () => {
      const { store } = create();
      await store.issue(
        command({ name: 'expired', createdAt: present - 10 * day, expiresInDays: 1 }),
      );
      await store.issue(command({ name: 'valid' }));
      const scopes: Scope[] = [];
      const { list, page } = store;
      const transact: KeyStore['transact'] = (scope, decide) => {
        scopes.push(scope);
        return store.transact(scope, decide);
      };
      await revokeAll({ transact, list, page }, order());
      expect(scopes).toMatchObject([{ names: ['valid'] }, { names: ['expired'] }]);
    });

    test('returns no keys for an owner without keys, again after all are revoked, or past their retention', async () => {
      const { store } = create();
      expect(await store.revokeAll(order())).toEqual([]);
      await store.issue(command({ expiresInDays: 1 }));
      expect(await store.revokeAll(order({ now: present + 31 * day }))).toEqual([]);
      await store.issue(command());
      expect(await store.revokeAll(order())).toHaveLength(1);
      expect(await store.revokeAll(order())).toEqual([]);
    });

    test('changes neither the keys of other owners nor the suspension of the owner', async () => {
      const { store } = create();
      const { record, ...rules } = command({ userId: 'other' });
      await store.issue({ record, ...rules });
      await store.issue(command());
      await store.suspend(order());
      await store.revokeAll(order());
      expect(await store.find([record.id])).toMatchObject({ record, suspended: false });
      expect(await store.issue(command())).toBe('suspended');
    });

    test('returns each of more keys than fit in one write once, to concurrent calls through two stores', async () => {
      const [store, other] = await twoStores(create());
      const names = Array.from({ length: 130 }, (_, index) => `name ${index}`);
      for (const [index, name] of names.entries()) {
        const createdAt = index % 2 ? present : present - 10 * day;
        await store.issue(command({ name, createdAt, expiresInDays: 5 }));
      }
      const outcomes = await Promise.all([store.revokeAll(order()), other.revokeAll(order())]);
      const revokedNames = outcomes.flat().map(({ name }) => name);
      expect(revokedNames.toSorted()).toEqual(names.toSorted());
      expect((await store.list('owner', present)).keys).toEqual([]);
    });
  });
}
