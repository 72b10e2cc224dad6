import type { Change, KeyRecord, OwnerScope } from '@andamio/keys/model';
import { describe, expect, test } from 'vitest';
import { command, day, idempotent, present, renewal } from './commands.ts';
import { rehashing, revocation } from './operator.ts';
import { type StoreUnderTest, type TestStore, twoStores } from './store-under-test.ts';

const names = ['name', 'other'];

/** All combinations of names and secrets that a transaction may read. */
const scopes = [undefined, [], ['other'], ['name'], names].flatMap((inScope) =>
  ([undefined, 'current', 'both'] as const).map((reads) => [inScope, reads] as const),
);

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

/** Returns everything that a transaction reads about the key that {@link command} creates. */
function readName(store: TestStore, scope: Omit<OwnerScope, 'userId' | 'now'>) {
  return store.transact({ userId: 'owner', now: present, ...scope }, (view) => {
    const { named, previousId, key, previous } = view.at('name');
    return { outcome: { named, previousId, key, previous }, changes: [] };
  });
}

/**
 * Defines the contract tests for combinations of changes that no operation makes yet, so that a new
 * operation can combine views and changes freely.
 */
export function describeChanges(kind: string, create: () => StoreUnderTest) {
  describe(`${kind}: the scope of a transaction`, () => {
    test.each(scopes)(
      'with the names %j and reads %j reads nothing else',
      async (inScope, reads) => {
        const { store } = create();
        await store.issue(command({ name: 'other' }));
        const { record, ...rules } = command();
        await store.issue({ record, ...rules });
        const { secret, ...input } = renewal();
        await store.roll({ secret, ...input });
        const current = { ...record, ...secret };
        const previous = { ...record, expiresAt: present + day, deleteAfter: present + day };
        const { id, serial, deleteAfter } = current;
        const isInScope = inScope?.includes('name') === true;
        expect(
          await readName(store, { ...(inScope && { names: inScope }), ...(reads && { reads }) }),
        ).toEqual({
          named: isInScope ? { id, serial, deleteAfter } : undefined,
          previousId: isInScope ? record.id : undefined,
          key: isInScope && reads !== undefined ? current : undefined,
          previous: isInScope && reads === 'both' ? previous : undefined,
        });
      },
    );

    test('of ids reads both secrets of the name that has one of them, and no other name', async () => {
      const { store } = create();
      const [{ record, ...rules }, other] = [command(), command({ name: 'other' })];
      await store.issue({ record, ...rules });
      await store.issue(other);
      const { secret, ...input } = renewal();
      await store.roll({ secret, ...input });
      const seen = await store.transact({ ids: [record.id], now: present }, (view) => ({
        outcome: names.map((name) => {
          const { named, previousId, key, previous } = view.at(name);
          return [named?.id, previousId, key?.id, previous?.id];
        }),
        changes: [],
      }));
      const nothing = [undefined, undefined, undefined, undefined];
      expect(seen).toEqual([[secret.id, record.id, secret.id, record.id], nothing]);
    });

    test('without a request reads no idempotency record', async () => {
      const { store } = create();
      const request = idempotent('request');
      await store.issue(command({ request }));
      const isRead = (scope: Partial<OwnerScope>) =>
        store.transact({ userId: 'owner', now: present, ...scope }, (view) => ({
          outcome: view.idempotencyRecord !== undefined,
          changes: [],
        }));
      expect(await isRead({ names })).toBe(false);
      expect(await isRead({ request })).toBe(true);
    });
  });

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
