import { type DeleteOutcome, decideDeletion, deletionScope } from '@andamio/keys/delete';
import type { KeyCommand } from '@andamio/keys/model';
import { describe, expect, test } from 'vitest';
import { command, day, deletion, present, rotation } from './commands.ts';
import type { Model } from './model.ts';
import { keyCommandOf, type StoreOperation } from './operation.ts';
import { type StoreUnderTest, twoStores } from './store-under-test.ts';
import { held, rolled } from './views.ts';

/** Defines the contract tests for deleting a key. */
function describeDeletion(kind: string, create: () => StoreUnderTest) {
  describe(`${kind}: deleting a key`, () => {
    async function withKey() {
      const under = create();
      await under.store.issue(command({ expiresInDays: 10, maximumKeys: 1 }));
      return under;
    }
    const expiry = present + 10 * day;

    test('frees the name and the place of a deleted key at once', async () => {
      const { store } = await withKey();
      expect(await store.delete(deletion())).toBe('deleted');
      expect((await store.list('owner', present)).keys).toEqual([]);
      expect(await store.issue(command({ maximumKeys: 1 }))).toBe('issued');
      expect(await store.issue(command({ name: 'second', maximumKeys: 1 }))).toBe(
        'key_limit_reached',
      );
    });

    test('returns no_such_key for a second deletion and for a rotation of the deleted key', async () => {
      const { store } = await withKey();
      expect(await store.delete(deletion())).toBe('deleted');
      expect(await store.delete(deletion())).toBe('no_such_key');
      expect(await store.rotate(rotation({ now: expiry }))).toBe('no_such_key');
    });

    test.each([
      ['deletes a key that has just expired', expiry, 'deleted'],
      [
        'deletes an expired key until a second before the end of its retention',
        expiry + 30 * day - 1,
        'deleted',
      ],
      [
        'finds no key to delete 30 days after its expiry, even if the record still exists',
        expiry + 30 * day,
        'no_such_key',
      ],
    ])('%s', async (_, now, outcome) => {
      const { store } = await withKey();
      expect(await store.delete(deletion({ now }))).toBe(outcome);
    });

    test("never deletes another owner's key or a key with another name", async () => {
      const { store } = await withKey();
      expect(await store.delete(deletion({ userId: 'other' }))).toBe('no_such_key');
      expect(await store.delete(deletion({ name: 'other' }))).toBe('no_such_key');
      expect((await store.list('owner', present)).keys).toMatchObject([{ name: 'name' }]);
      expect(await store.list('other', present)).toEqual({
        since: undefined,
        tierClaim: undefined,
        keys: [],
      });
    });

    test("keeps the owner's other keys and the time of the first key", async () => {
      const { store } = await withKey();
      await store.issue(command({ name: 'second', createdAt: present + 1 }));
      await store.delete(deletion());
      expect(await store.list('owner', present)).toMatchObject({
        since: present,
        keys: [{ name: 'second' }],
      });
    });

    test('deletes a key once for concurrent deletions through two stores', async () => {
      const [store, other] = await twoStores(await withKey());
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, index) => (index % 2 ? store : other).delete(deletion())),
      );
      expect(outcomes.filter((outcome) => outcome !== 'no_such_key')).toEqual(['deleted']);
    });

    test('completes a pending deletion and a pending list before it closes the store', async () => {
      const { store } = await withKey();
      const outcome = store.delete(deletion());
      const listed = store.list('other', present);
      await store.close();
      expect(await outcome).toBe('deleted');
      expect(await listed).toEqual({ since: undefined, tierClaim: undefined, keys: [] });
    });
  });
}

function deleteInModel(model: Model, { tierClaim, ...input }: KeyCommand) {
  model.claim(input.userId, tierClaim);
  const key = model.keyAt(input);
  if (key === undefined) return 'no_such_key';
  model.keys = model.keys.filter((one) => one !== key);
  model.changed(input.userId, tierClaim);
  model.dropSuperseded(input);
  return 'deleted';
}

/** The operation that deletes a key. It cannot be named `delete`, which is a reserved word. */
export const deleteKey: StoreOperation<KeyCommand, DeleteOutcome> = {
  run: (store, one) => store.transact(deletionScope(one), (view) => decideDeletion(view, one)),
  describeContract: describeDeletion,
  decisions: {
    delete: {
      decide: () => decideDeletion(held, deletion()),
      changes: ['remove current'],
      action: 'key.deleted',
    },
    'delete, rolled': {
      decide: () => decideDeletion(rolled, deletion()),
      changes: ['remove current', 'remove previous'],
      action: 'key.deleted',
    },
  },
  cost: { calls: 2, reads: 2, writes: 4, command: () => deletion() },
  random: {},
  commandOf: keyCommandOf,
  model: deleteInModel,
};
