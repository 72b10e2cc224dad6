import type { OwnerCommand } from '@andamio/keys/model';
import type { ResumeOutcome, SuspendOutcome } from '@andamio/keys/suspend';
import * as keys from '@andamio/keys/suspend';
import { describe, expect, test } from 'vitest';
import { command, day, deletion, present, renewal, rotation } from './commands.ts';
import type { Model } from './model.ts';
import type { Step, StoreOperation } from './operation.ts';
import { order } from './operator.ts';
import { type StoreUnderTest, twoStores } from './store-under-test.ts';
import { held, located, storedOwner, viewOf } from './views.ts';

/** Creates a store with an owner whose key is valid for one day and was rolled once. */
async function withKey(create: () => StoreUnderTest) {
  const under = create();
  const { record, ...rules } = command({ expiresInDays: 1 });
  await under.store.issue({ record, ...rules });
  const { secret, ...input } = renewal({ graceSeconds: 60 });
  await under.store.roll({ secret, ...input });
  return { ...under, current: secret.id, previous: record.id };
}
const expiry = present + day;

/** Defines the contract tests for suspending an owner. */
function describeSuspension(kind: string, create: () => StoreUnderTest) {
  describe(`${kind}: suspending an owner`, () => {
    test('suspends the current and the previous secret of an owner until the owner is resumed', async () => {
      const { store, current, previous } = await withKey(create);
      expect(await store.suspend(order())).toBe('suspended');
      for (const id of [current, previous])
        expect(await store.find([id])).toMatchObject({ suspended: true });
      expect(await store.resume(order())).toBe('resumed');
      for (const id of [current, previous])
        expect(await store.find([id])).toMatchObject({ suspended: false });
    });

    test('reports that a suspended owner is already suspended, and that others cannot be resumed', async () => {
      const { store } = await withKey(create);
      expect(await store.resume(order())).toBe('not_suspended');
      await store.suspend(order());
      expect(await store.suspend(order())).toBe('already_suspended');
      expect(await store.resume(order({ userId: 'unknown' }))).toBe('not_suspended');
    });

    test('refuses every request of a suspended owner before other checks, and changes nothing', async () => {
      const { store, current } = await withKey(create);
      await store.suspend(order());
      expect(await store.issue(command({ name: 'second' }))).toBe('suspended');
      expect(await store.issue(command({ maximumKeys: 1 }))).toBe('suspended');
      for (const name of ['name', 'other']) {
        expect(await store.rotate(rotation({ name, now: expiry }))).toBe('suspended');
        expect(await store.roll(renewal({ name }))).toBe('suspended');
      }
      expect((await store.list('owner', present)).keys).toMatchObject([
        { id: current, expiresAt: expiry },
      ]);
    });

    test('lets a suspended owner list and delete keys', async () => {
      const { store, current } = await withKey(create);
      await store.suspend(order());
      expect((await store.list('owner', present)).keys).toMatchObject([{ id: current }]);
      expect(await store.delete(deletion())).toBe('deleted');
    });

    test('does not affect other owners', async () => {
      const { store } = await withKey(create);
      const { record, ...rules } = command({ userId: 'other' });
      await store.issue({ record, ...rules });
      await store.suspend(order());
      expect(await store.find([record.id])).toMatchObject({ suspended: false });
      expect(await store.issue(command({ userId: 'other', name: 'second' }))).toBe('issued');
    });

    test('suspends every key that concurrent requests through two stores are issued', async () => {
      const [store, other] = await twoStores(create());
      const commands = Array.from({ length: 20 }, (_, index) => command({ name: `name ${index}` }));
      const ask = (one: (typeof commands)[number], index: number) =>
        (index % 2 ? store : other).issue(one);
      const before = commands.slice(0, 10).map(ask);
      const suspension = other.suspend(order());
      const outcomes = await Promise.all([...before, ...commands.slice(10).map(ask)]);
      expect(await suspension).toBe('suspended');
      for (const [index, { record }] of commands.entries()) {
        const found = await store.find([record.id]);
        expect(found?.suspended).toBe(outcomes[index] === 'issued' ? true : undefined);
      }
      expect(outcomes.filter((outcome) => outcome !== 'issued' && outcome !== 'suspended')).toEqual(
        [],
      );
    });
  });
}

/** Defines the contract tests for resuming an owner. */
function describeResumption(kind: string, create: () => StoreUnderTest) {
  describe(`${kind}: resuming an owner`, () => {
    test('issues the first key of a suspended user only after the user is resumed', async () => {
      const { store } = await withKey(create);
      expect(await store.suspend(order({ userId: 'new' }))).toBe('suspended');
      expect(await store.list('new', present)).toMatchObject({ since: undefined, keys: [] });
      const first = {
        userId: 'new',
        createdAt: present + 60,
        tierClaim: { tier: 'starter', issuedAt: 0 },
      } as const;
      expect(await store.issue(command(first))).toBe('suspended');
      await store.resume(order({ userId: 'new' }));
      expect(await store.list('new', present)).toMatchObject({ since: undefined, keys: [] });
      const { record, ...rules } = command(first);
      expect(await store.issue({ record, ...rules })).toBe('issued');
      expect(await store.list('new', present)).toMatchObject({
        since: present + 60,
        keys: [record],
      });
      expect(await store.find([record.id])).toMatchObject({ tier: 'starter' });
    });

    test('finds a key that expired during a suspension as not suspended after it is rotated', async () => {
      const { store, current } = await withKey(create);
      await store.suspend(order());
      await store.resume(order({ now: expiry }));
      await store.rotate(rotation({ now: expiry }));
      expect(await store.find([current])).toMatchObject({ suspended: false });
    });
  });
}

/** Suspends or resumes an owner in the model. Returns whether that changes the owner. */
function setSuspended(model: Model, userId: string, suspended: boolean): boolean {
  if (model.suspended.has(userId) === suspended) return false;
  if (suspended) model.suspended.add(userId);
  else model.suspended.delete(userId);
  if (!model.tiers.has(userId)) model.tiers.set(userId, { tier: 'pioneer', issuedAt: -1 });
  model.log.push(userId);
  return true;
}

const commandOf = ({ userId, now }: Step) => order({ userId, now });

export const suspend: StoreOperation<OwnerCommand, SuspendOutcome> = {
  run: keys.suspend,
  describeContract: describeSuspension,
  decisions: {
    suspend: {
      decide: () => keys.decideSuspension(held, order()),
      changes: ['put_owner'],
      action: 'user.suspended',
    },
  },
  cost: { calls: 2, reads: 1, writes: 3, command: () => order() },
  random: {},
  commandOf,
  model: (model, { userId }) =>
    setSuspended(model, userId, true) ? 'suspended' : 'already_suspended',
};

export const resume: StoreOperation<OwnerCommand, ResumeOutcome> = {
  run: keys.resume,
  describeContract: describeResumption,
  decisions: {
    resume: {
      decide: () =>
        keys.decideResumption(viewOf({ ...storedOwner, suspended: true }, located), order()),
      changes: ['put_owner'],
      action: 'user.resumed',
    },
  },
  cost: { calls: 1, reads: 1, writes: 0, command: () => order() },
  random: {},
  commandOf,
  model: (model, { userId }) => (setSuspended(model, userId, false) ? 'resumed' : 'not_suspended'),
};
