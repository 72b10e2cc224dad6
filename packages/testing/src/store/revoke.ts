import { issueKey, type NewKey } from '@andamio/keys/issue';
import type { KeyRecord } from '@andamio/keys/model';
import {
  decideRevocation,
  type RevokeCommand,
  type RevokeOutcome,
  revokeKey,
  revokeSecret,
} from '@andamio/keys/revoke';
import { describe, expect, test } from 'vitest';
import {
  command,
  day,
  deletion,
  keyId,
  lastInstant,
  owner,
  present,
  renewal,
  rotation,
} from './commands.ts';
import type { Model } from './model.ts';
import { keyIdOf, type StoreOperation } from './operation.ts';
import { operator, order, revocation } from './operator.ts';
import { keysIn, pepper } from './set-up.ts';
import { type StoreUnderTest, twoStores } from './store-under-test.ts';
import { held, located, rolled } from './views.ts';

/** Defines the contract tests for revoking one secret. */
function describeRevocation(kind: string, create: () => StoreUnderTest) {
  describe(`${kind}: revoking a secret`, () => {
    const expiry = present + 10 * day;
    const named = { userId: 'owner', name: 'name' };

    async function withKey() {
      const under = create();
      const { record, ...rules } = command({ expiresInDays: 10, maximumKeys: 1 });
      await under.store.issue({ record, ...rules });
      return { ...under, record };
    }

    /** Creates a store with a rolled key, whose previous secret stays valid for one day. */
    async function withRolledKey() {
      const under = await withKey();
      const { secret, ...input } = renewal();
      await under.store.roll({ secret, ...input });
      const current = { ...under.record, ...secret };
      return { ...under, current, previous: under.record, graceEnds: present + day };
    }

    test('revokes a secret, returns its owner and name, and frees its name and place', async () => {
      const { store, record } = await withKey();
      expect(await store.revoke(revocation([keyId('0'), record.id, keyId('1')]))).toEqual({
        ...named,
        id: record.id,
      });
      expect(await store.find([record.id])).toBeUndefined();
      expect((await store.list('owner', present)).keys).toEqual([]);
      expect(await store.delete(deletion())).toBe('no_such_key');
      expect(await store.issue(command({ maximumKeys: 1 }))).toBe('issued');
    });

    test('returns no_such_key for unknown ids and for a revoked key', async () => {
      const { store, record } = await withKey();
      expect(await store.revoke(revocation(['0', '1'].map(keyId)))).toBe('no_such_key');
      await store.revoke(revocation([record.id]));
      expect(await store.revoke(revocation([record.id]))).toBe('no_such_key');
    });

    test('revokes a key that is given in plaintext, whichever pepper its id was created under', async () => {
      const { store } = create();
      const input = { name: 'name', expiresInDays: 10 };
      const issued = await issueKey(keysIn(store, { peppers: [pepper('old')] }), owner, input);
      const { key } = issued as NewKey;
      const keys = keysIn(store, { peppers: [pepper('new'), pepper('old')] });
      expect(await revokeKey(keys, `${key}x`, operator)).toBe('no_such_key');
      expect(await revokeKey(keys, key, operator, 'found on a page')).toMatchObject(named);
      expect((await store.list('owner', present)).keys).toEqual([]);
      expect(await store.readAudit('owner')).toContainEqual(
        expect.objectContaining({
          at: present,
          actor: operator,
          action: 'key.revoked',
          reason: 'found on a page',
        }),
      );
    });

    test('recognizes a revoked secret by any of its ids, and no other key', async () => {
      const { store, record } = await withKey();
      const other = command({ userId: 'other' });
      await store.issue(other);
      expect(await store.wasRevoked([record.id, other.record.id])).toBe(false);
      await store.revoke(revocation([record.id]));
      expect(await store.wasRevoked([keyId('0'), record.id, keyId('1')])).toBe(true);
      expect(await store.wasRevoked([other.record.id])).toBe(false);
      await store.delete(deletion({ userId: 'other' }));
      expect(await store.wasRevoked([other.record.id]), 'a deleted key was not revoked').toBe(
        false,
      );
    });

    test('recognizes a secret that was revoked with all keys of its owner', async () => {
      const { store, record } = await withKey();
      await store.revokeAll(order());
      expect(await store.wasRevoked([record.id])).toBe(true);
    });

    test.each([
      ['revokes an expired key, which could otherwise be rotated', expiry, false],
      [
        'revokes an expired key until a second before the end of its retention',
        expiry + 30 * day - 1,
        false,
      ],
      [
        'finds no key to revoke 30 days after its expiry, even if the record still exists',
        expiry + 30 * day,
        true,
      ],
    ])('%s', async (_, now, isMissing) => {
      const { store, record } = await withKey();
      const outcome = await store.revoke(revocation([record.id], { now }));
      expect(outcome === 'no_such_key').toBe(isMissing);
      expect(await store.rotate(rotation({ now }))).toBe('no_such_key');
    });

    test('changes no other key of the owner or of other owners', async () => {
      const { store, record } = await withKey();
      const others = [command({ name: 'second' }), command({ userId: 'other' })];
      for (const other of others) await store.issue(other);
      await store.revoke(revocation([record.id]));
      for (const { record: other } of others)
        expect(await store.find([other.id])).toMatchObject({ record: other });
    });

    test('revokes the previous secret without changing the current one', async () => {
      const { store, current, previous } = await withRolledKey();
      expect(await store.revoke(revocation([previous.id]))).toEqual({ ...named, id: previous.id });
      expect(await store.find([previous.id])).toBeUndefined();
      expect(await store.find([current.id])).toMatchObject({ record: current });
      expect((await store.list('owner', present)).keys).toEqual([current]);
      expect(await store.delete(deletion())).toBe('deleted');
    });

    test('restores the previous secret for the rest of its grace when the current one is revoked', async () => {
      const { store, current, previous, graceEnds } = await withRolledKey();
      expect(await store.revoke(revocation([current.id]))).toEqual({ ...named, id: current.id });
      expect(await store.find([current.id])).toBeUndefined();
      const restored = { ...previous, expiresAt: graceEnds, deleteAfter: graceEnds + 30 * day };
      expect(await store.find([previous.id])).toMatchObject({ record: restored });
      expect((await store.list('owner', present)).keys).toEqual([restored]);
      expect(await store.issue(command({ name: 'second', maximumKeys: 1 }))).toBe(
        'key_limit_reached',
      );
      expect(await store.issue(command())).toBe('name_taken');
    });

    test.each([
      [
        'deleted',
        async (store: StoreUnderTest['store']) =>
          expect(await store.delete(deletion())).toBe('deleted'),
      ],
      [
        'rotated after it has expired',
        async (store: StoreUnderTest['store']) => {
          const revived = rotation({ now: present + day, expiresInDays: 1, maximumKeys: 1 });
          expect(await store.rotate(revived)).toMatchObject({ expiresAt: present + 2 * day });
        },
      ],
      [
        'rolled and become the previous secret',
        async (store: StoreUnderTest['store']) => {
          const { secret, ...input } = renewal({ graceSeconds: 60 });
          expect(await store.roll({ secret, ...input })).toMatchObject({
            previousExpiresAt: present + 60,
          });
        },
      ],
    ])('allows a restored secret to be %s', async (_, use) => {
      const { store, current } = await withRolledKey();
      await store.revoke(revocation([current.id]));
      await use(store);
    });

    test('frees the name and the place when the current and then the previous secret are revoked', async () => {
      const { store, current, previous } = await withRolledKey();
      await store.revoke(revocation([current.id]));
      expect(await store.revoke(revocation([previous.id]))).toMatchObject({ id: previous.id });
      expect((await store.list('owner', present)).keys).toEqual([]);
      expect(await store.issue(command({ maximumKeys: 1 }))).toBe('issued');
    });

    test('does not restore the previous secret when the current one is revoked after the grace', async () => {
      const { store, current, previous, graceEnds } = await withRolledKey();
      await store.revoke(revocation([current.id], { now: graceEnds }));
      expect((await store.list('owner', present)).keys).toEqual([]);
      expect(await store.find([previous.id])).toBeUndefined();
      expect(await store.revoke(revocation([previous.id], { now: graceEnds }))).toBe('no_such_key');
    });

    test('keeps a restored secret suspended until its owner is resumed', async () => {
      const { store, current, previous } = await withRolledKey();
      await store.suspend(order());
      await store.revoke(revocation([current.id]));
      expect(await store.find([previous.id])).toMatchObject({ suspended: true });
      await store.resume(order());
      expect(await store.find([previous.id])).toMatchObject({ suspended: false });
    });

    test('revokes a secret once, and only it, among concurrent revocations and rolls through two stores', async () => {
      const { record, ...under } = await withKey();
      const [store, other] = await twoStores(under);
      const renewals = Array.from({ length: 3 }, () => renewal({ graceSeconds: 7 * day }));
      const attempts = Array.from({ length: 10 }, (_, index) =>
        (index % 2 ? other : store).revoke(revocation([record.id])),
      );
      const rolls = await Promise.all(
        renewals.map((one, index) => (index % 2 ? other : store).roll(one)),
      );
      const outcomes = (await Promise.all(attempts)).filter((outcome) => outcome !== 'no_such_key');
      const made = rolls.filter((roll) => typeof roll === 'object');
      // If a second roll was made, it has also ended the secret, so the revocation may find no key.
      const hasEnded = outcomes.length === 0 && made.length > 1;
      expect(outcomes).toHaveLength(hasEnded ? 0 : 1);
      expect(await store.find([record.id])).toBeUndefined();
      if (made.length > 0)
        expect((await store.list('owner', present)).keys).toMatchObject([{ name: 'name' }]);
    });
  });
}

function revokeInModel(model: Model, { ids, now }: RevokeCommand) {
  const current = model.keys.find(({ id, deleteAfter }) => ids.includes(id) && deleteAfter > now);
  const superseded = model.superseded.find(
    ({ id, deleteAfter }) => ids.includes(id) && deleteAfter > now,
  );
  const ended = current ?? superseded;
  if (ended === undefined) return 'no_such_key';
  const { id, userId, name } = ended;
  const isOfName = (key: KeyRecord) => key.userId === userId && key.name === name;
  if (current !== undefined) {
    const restored = model.superseded.find((key) => isOfName(key) && key.expiresAt > now);
    model.keys = model.keys.filter((key) => key !== current);
    if (restored !== undefined)
      model.keys.push({
        ...restored,
        deleteAfter: Math.min(restored.expiresAt + 30 * day, lastInstant),
      });
  }
  model.superseded = model.superseded.filter((key) => !isOfName(key));
  model.log.push(userId);
  return { id, userId, name };
}

export const revoke: StoreOperation<RevokeCommand, RevokeOutcome> = {
  run: revokeSecret,
  describeContract: describeRevocation,
  decisions: {
    revoke: {
      decide: () => decideRevocation(held, revocation([located.id])),
      changes: ['remove current'],
      action: 'key.revoked',
    },
    'revoke, rolled': {
      decide: () => decideRevocation(rolled, revocation([located.id])),
      changes: ['remove current', 'remove previous', 'put current'],
      action: 'key.revoked',
    },
  },
  cost: { calls: 4, reads: 6, writes: 4, command: ({ id }) => revocation([id]) },
  random: {},
  commandOf: (step, model) =>
    revocation([keyId('0'), keyIdOf(step, model) ?? keyId('1')], { now: step.now }),
  model: revokeInModel,
};
