import type { Change, KeyRecord } from '@andamio/keys/model';
import { describe, expect, test } from 'vitest';
import { command, day, present, renewal } from './commands.ts';
import { rehashing, revocation } from './operator.ts';
import { type StoreUnderTest, type TestStore, twoStores } from './store-under-test.ts';

const names = ['name', 'other'];

/** Renames the key that {@link command} creates, together with its previous secret, to `other`. */
function move(store: TestStore): Promise<string> {
  return store.transact({ userId: 'owner', now: present, names, reads: 'both' }, (view) => {
    const { key, previous } = view.at('name');
    const { named, previousId } = view.at('other');
    if (key === undefined) return { outcome: 'missing', changes: [] };
    const put = (secret: 'current' | 'previous', record: KeyRecord): Change => ({
      type: 'put_secret',
      secret,
      record: { ...record, name: 'other' },
    });
    const changes: Change[] = [
      { type: 'remove_secret', secret: 'current', name: 'name' },
      { type: 'remove_secret', secret: 'previous', name: 'name' },
      put('current', key),
      previous === undefined
        ? { type: 'remove_secret', secret: 'previous', name: 'other' }
        : put('previous', previous),
    ];
    return { outcome: [named?.id ?? 'free', previousId ?? 'free'].join(' '), changes };
  });
}

/**
 * Defines the contract tests for combinations of changes that no operation makes yet, so that a new
 * operation can combine views and changes freely.
 */
export function describeChanges(kind: string, create: () => StoreUnderTest) {
  describe(`${kind}: changes of several names`, () => {
    async function withKey() {
      const under = create();
      const { record, ...rules } = command({ expiresInDays: 10 });
      await under.store.issue({ record, ...rules });
      return { ...under, record };
    }

    test('moves both secrets of a key to a free name', async () => {
      const { store, record } = await withKey();
      const rolled = renewal();
      await store.roll(rolled);
      expect(await move(store)).toBe('free free');
      const current = { ...record, ...rolled.secret, name: 'other' };
      const expiresAt = present + day;
      const previous = { ...record, name: 'other', expiresAt, deleteAfter: expiresAt };
      expect((await store.page({ userId: 'owner', maximum: 10 })).names).toEqual([
        { name: 'other', current, previous },
      ]);
      expect((await store.list('owner', present)).keys).toEqual([current]);
      expect(await store.find([rolled.secret.id])).toMatchObject({ record: current });
      expect(await store.find([record.id])).toMatchObject({ record: previous });
      expect(await store.issue(command())).toBe('issued');
      expect(await store.issue(command({ name: 'other' }))).toBe('name_taken');
    });

    test('removes the secrets of the name that a moved key replaces', async () => {
      const { store, record } = await withKey();
      const { record: replaced, ...rules } = command({ name: 'other' });
      await store.issue({ record: replaced, ...rules });
      const rolled = renewal({ name: 'other' });
      await store.roll(rolled);
      expect(await move(store)).toBe(`${rolled.secret.id} ${replaced.id}`);
      expect(await store.find([replaced.id, rolled.secret.id])).toBeUndefined();
      expect(await store.find([record.id])).toMatchObject({ record: { name: 'other' } });
      expect((await store.list('owner', present)).keys).toHaveLength(1);
    });

    test('a change of two names sees both as another process left them', async () => {
      const { record, ...under } = await withKey();
      const [store, another] = await twoStores(under);
      const outcomes = await Promise.all([
        move(store),
        another.issue(command({ name: 'other' })),
        another.issue(command({ name: 'third' })),
      ]);
      expect(outcomes[2]).toBe('issued');
      const { keys } = await store.list('owner', present);
      const isMovedFirst = outcomes[1] === 'name_taken';
      expect(keys.map(({ name }) => name).toSorted()).toEqual(['other', 'third']);
      expect(keys.find(({ name }) => name === 'other')?.id).toBe(record.id);
      expect(outcomes[0] === 'free free').toBe(isMovedFirst);
    });

    test.each([
      ['revokes', (store: TestStore, id: KeyRecord['id']) => store.revoke(revocation([id]))],
      ['rehashes', (store: TestStore, id: KeyRecord['id']) => store.rehash(rehashing(id))],
    ])('%s a secret that moves to another name at the same time', async (_, change) => {
      const { record, ...under } = await withKey();
      const [store, another] = await twoStores(under);
      const [outcome] = await Promise.all([change(another, record.id), move(store)]);
      expect(outcome).not.toBe('no_such_key');
      expect(await store.find([record.id])).toBeUndefined();
    });
  });
}
