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
    });

    test('neither suspends nor resumes a user about whom nothing is stored, and stores nothing', async () => {
      const { store } = create();
      expect(await store.suspend(order())).toBe('no_such_user');
      expect(await store.resume(order())).toBe('no_such_user');
      expect(await store.inspect('owner')).toBeUndefined();
      expect(await store.readAudit('owner')).toEqual([]);
    });

    test('suspends an owner who has deleted their only key', async () => {
      const { store } = create();
      await store.issue(command());
      await store.delete(deletion());
      expect(await store.suspend(order())).toBe('suspended');
      expect(await store.issue(command())).toBe('suspended');
      await store.resume(order());
      expect(await store.issue(command())).toBe('issued');
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
      const [store, other] = await twoStores(await withKey(create));
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
    test('finds a key that expired during a suspension as not suspended after it is rotated', async () => {
      const { store, current } = await withKey(create);
      await store.suspend(order());
      await store.resume(order({ now: expiry }));
      await store.rotate(rotation({ now: expiry }));
      expect(await store.find([current])).toMatchObject({ suspended: false });
    });
  });
}

/**
 * Suspends or resumes an owner in the model. Returns the given outcome if that changes the owner,
 * and `otherwise` if it does not.
 */
function setSuspended<Outcome>(
  model: Model,
  userId: string,
  { suspended, outcome, otherwise }: { suspended: boolean; outcome: Outcome; otherwise: Outcome },
): Outcome | 'no_such_user' {
  if (!model.tiers.has(userId)) return 'no_such_user';
  if (model.suspended.has(userId) === suspended) return otherwise;
  if (suspended) model.suspended.add(userId);
  else model.suspended.delete(userId);
  model.log.push(userId);
  return outcome;
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
    setSuspended(model, userId, {
      suspended: true,
      outcome: 'suspended',
      otherwise: 'already_suspended',
    }),
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
  model: (model, { userId }) =>
    setSuspended(model, userId, {
      suspended: false,
      outcome: 'resumed',
      otherwise: 'not_suspended',
    }),
};
