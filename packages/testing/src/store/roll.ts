import { decideRoll, type RollCommand, type RollOutcome, rollScope } from '@andamio/keys/roll';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { command, day, deletion, present, renewal, rotation } from './commands.ts';
import type { Model } from './model.ts';
import { keyCommandOf, requestOf, type StoreOperation } from './operation.ts';
import { type StoreUnderTest, twoStores } from './store-under-test.ts';
import { held } from './views.ts';

/** Defines the contract tests for rolling a key. */
function describeRoll(kind: string, create: () => StoreUnderTest) {
  describe(`${kind}: rolling a key`, () => {
    /** Creates a store with one key, which is valid for ten days. */
    async function withKey() {
      const under = create();
      const { record, ...rules } = command({ expiresInDays: 10, maximumKeys: 1 });
      await under.store.issue({ record, ...rules });
      return { ...under, record };
    }
    const expiry = present + 10 * day;

    test('gives the new secret the name and expiry of the previous one, which stays valid for the grace', async () => {
      const { store, record } = await withKey();
      const { secret, ...input } = renewal({ now: present + 60 });
      const renewed = { ...record, ...secret, createdAt: present + 60 };
      const previousExpiresAt = present + 60 + day;
      expect(await store.roll({ secret, ...input })).toEqual({
        record: renewed,
        previousExpiresAt,
      });
      expect(await store.find([secret.id])).toMatchObject({ record: renewed });
      expect(await store.find([record.id])).toMatchObject({
        record: { ...record, expiresAt: previousExpiresAt, deleteAfter: previousExpiresAt },
      });
      expect((await store.list('owner', present)).keys).toEqual([renewed]);
    });

    test.each([
      ['limits the grace to the expiry of the key', expiry - 60, day, expiry],
      ['accepts a grace of one second', present, 1, present + 1],
      ['accepts the longest grace, seven days', present, 7 * day, present + 7 * day],
    ])('%s', async (_, now, graceSeconds, previousExpiresAt) => {
      const { store } = await withKey();
      expect(await store.roll(renewal({ now, graceSeconds }))).toMatchObject({ previousExpiresAt });
    });

    test('ends the previous secret at once without a grace', async () => {
      const { store, record } = await withKey();
      await store.roll(renewal({ graceSeconds: 0 }));
      expect(await store.find([record.id])).toBeUndefined();
    });

    test('ends the older of two previous secrets when a key is rolled again', async () => {
      const { store, record } = await withKey();
      const [first, second] = [renewal({ graceSeconds: 7 * day }), renewal({ now: present + 1 })];
      await store.roll(first);
      await store.roll(second);
      expect(await store.find([record.id])).toBeUndefined();
      expect(await store.find([first.secret.id])).toMatchObject({
        record: { expiresAt: present + 1 + day },
      });
      expect(await store.find([second.secret.id])).toMatchObject({ record: { expiresAt: expiry } });
    });

    test('ends both the current and the previous secret without a grace', async () => {
      const { store, record } = await withKey();
      const [first, second] = [renewal(), renewal({ now: present + 1, graceSeconds: 0 })];
      await store.roll(first);
      await store.roll(second);
      for (const id of [record.id, first.secret.id]) expect(await store.find([id])).toBeUndefined();
      expect(await store.find([second.secret.id])).toMatchObject({ record: { expiresAt: expiry } });
    });

    test('counts the current and the previous secret as one key', async () => {
      const { store } = await withKey();
      await store.roll(renewal({ graceSeconds: 7 * day }));
      expect(await store.issue(command({ name: 'second', maximumKeys: 2 }))).toBe('issued');
      expect(await store.issue(command({ name: 'third', maximumKeys: 2 }))).toBe(
        'key_limit_reached',
      );
    });

    test('deletes the current and the previous secret, and frees the name', async () => {
      const { store, record } = await withKey();
      const input = renewal();
      await store.roll(input);
      expect(await store.delete(deletion())).toBe('deleted');
      expect(await store.find([input.secret.id, record.id])).toBeUndefined();
      expect(await store.issue(command({ maximumKeys: 1 }))).toBe('issued');
    });

    test('rotates the current secret without extending the previous one', async () => {
      const { store, record } = await withKey();
      const now = expiry - day;
      const input = renewal({ now, graceSeconds: 60 });
      await store.roll(input);
      await store.rotate(rotation({ now }));
      expect(await store.find([input.secret.id])).toMatchObject({
        record: { expiresAt: expiry + 10 * day },
      });
      expect(await store.find([record.id])).toMatchObject({ record: { expiresAt: now + 60 } });
    });

    test('returns the tier of the newest token for the current and the previous secret', async () => {
      const { store, record } = await withKey();
      const input = renewal({ graceSeconds: 7 * day });
      await store.roll(input);
      await store.issue(
        command({ name: 'second', tierClaim: { tier: 'enterprise', issuedAt: present + 1 } }),
      );
      for (const id of [record.id, input.secret.id])
        expect(await store.find([id])).toMatchObject({ tier: 'enterprise' });
    });

    test.each([
      ['an expired key', { now: expiry }, 'key_expired'],
      ['a key 30 days after its expiry', { now: expiry + 30 * day }, 'no_such_key'],
      ["another owner's key", { userId: 'other' }, 'no_such_key'],
      ['an unknown name', { name: 'other' }, 'no_such_key'],
    ])('does not roll %s', async (_, input, outcome) => {
      const { store, record } = await withKey();
      expect(await store.roll(renewal(input))).toBe(outcome);
      expect((await store.list('owner', present)).keys).toEqual([record]);
    });

    test('leaves one current and one previous secret after concurrent rolls through two stores', async () => {
      const { record, ...under } = await withKey();
      const [store, other] = await twoStores(under);
      const inputs = Array.from({ length: 10 }, () => renewal());
      await Promise.all(inputs.map((input, index) => (index % 2 ? other : store).roll(input)));
      const ids = [record.id, ...inputs.map(({ secret }) => secret.id)];
      const found = (await Promise.all(ids.map((id) => store.find([id])))).filter(
        (key) => key !== undefined,
      );
      expect(found.map(({ record: { expiresAt } }) => expiresAt).toSorted()).toEqual([
        present + day,
        expiry,
      ]);
      expect((await store.list('owner', present)).keys).toHaveLength(1);
    });
  });
}

function rollInModel(
  model: Model,
  { secret, graceSeconds, tierClaim, request, ...input }: RollCommand,
) {
  const { userId, now } = input;
  model.claim(userId, tierClaim);
  if (model.suspended.has(userId)) return 'suspended';
  const earlier = model.replay(request, input);
  if (earlier !== undefined) return earlier;
  const key = model.keyAt(input);
  if (key === undefined) return 'no_such_key';
  if (key.expiresAt <= now) return 'key_expired';
  const record = { ...key, ...secret, createdAt: now };
  const previousExpiresAt = Math.min(key.expiresAt, now + graceSeconds);
  model.dropSuperseded(input);
  model.keys = model.keys.map((one) => (one === key ? record : one));
  if (graceSeconds > 0)
    model.superseded.push({
      ...key,
      expiresAt: previousExpiresAt,
      deleteAfter: previousExpiresAt,
    });
  model.issued.push(record);
  model.saveForReplay(request, now, { ...record, previousExpiresAt });
  model.changed(userId, tierClaim);
  return { record, previousExpiresAt };
}

export const roll: StoreOperation<RollCommand, RollOutcome, { readonly graceSeconds: number }> = {
  run: (store, one) => store.transact(rollScope(one), (view) => decideRoll(view, one)),
  describeContract: describeRoll,
  decisions: {
    roll: {
      decide: () => decideRoll(held, renewal()),
      changes: ['put current', 'put previous'],
      action: 'key.rolled',
    },
  },
  cost: { calls: 3, reads: 5, writes: 5, command: () => renewal() },
  random: { graceSeconds: fc.constantFrom(0, 1, day, 7 * day) },
  commandOf: ({ graceSeconds, ...step }) =>
    renewal({
      ...keyCommandOf(step),
      graceSeconds,
      request: requestOf(step, 'roll', graceSeconds),
    }),
  model: rollInModel,
};
