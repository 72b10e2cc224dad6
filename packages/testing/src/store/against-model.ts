import { listKeys } from '@andamio/keys/list';
import type { RevokedKey } from '@andamio/keys/revoke';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { day, keyId, present } from './commands.ts';
import { byId, Model } from './model.ts';
import type { Step, StoreOperation } from './operation.ts';
import { operations } from './operations.ts';
import { order } from './operator.ts';
import type { StoreUnderTest, TestStore } from './store-under-test.ts';

type AnyOperation = StoreOperation<unknown, unknown>;

const verbs = Object.keys(operations) as (keyof typeof operations)[];

const randomOfOperations = Object.assign(
  {},
  ...Object.values(operations).map(({ random }) => random),
) as Record<string, fc.Arbitrary<unknown>>;

const steps = fc.array(
  fc.record({
    ...randomOfOperations,
    verb: fc.constantFrom(
      ...verbs,
      // These commands occur more often than the others. With more keys, longer validity periods
      // and shorter suspensions, more steps succeed.
      'issue' as const,
      'rotate' as const,
      'resume' as const,
      'revokeAll' as const,
      'erase' as const,
      'list' as const,
      'find' as const,
    ),
    owner: fc.constantFrom('one', 'two'),
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    /**
     * Seconds by which the clock advances before the step. With these values, some steps occur
     * exactly when a key expires or is removed. Others occur one second before a full day has
     * passed.
     */
    wait: fc.constantFrom(0, 0, 1, day - 1, day, 2 * day, 30 * day, 31 * day),
    idempotencyKey: fc.constantFrom(undefined, undefined, 'one', 'two'),
    isPrevious: fc.boolean(),
    tier: fc.constantFrom('pioneer', 'starter', 'growth', 'enterprise'),
    tokenAge: fc.constantFrom(0, 60, 40 * day),
  }),
  { minLength: 1, maxLength: 30 },
);

type RandomStep = typeof steps extends fc.Arbitrary<(infer One)[]> ? One : never;

/** Runs a step on the store and on the model, and expects the same outcome. */
async function compare(store: TestStore, model: Model, now: number, random: RandomStep) {
  const { verb, owner: userId, name, tier, tokenAge } = random;
  const tierClaim = { tier, issuedAt: now - tokenAge };
  if (verb === 'revokeAll') {
    const byName = (keys: readonly RevokedKey[]) =>
      keys.toSorted((one, other) => (one.name < other.name ? -1 : 1));
    const input = order({ userId, now });
    expect(byName(await store.revokeAll(input))).toEqual(byName(model.revokeAll(input)));
  } else if (verb === 'erase') {
    expect(await store.erase(order({ userId, now }))).toBe(model.erase(userId));
  } else if (verb === 'find') {
    expect(await store.find([keyId('0')])).toBeUndefined();
    for (const id of model.idsOf(userId, name)) {
      const found = model.find([id]);
      // The store may return an old tier and suspension with an expired key.
      const isCurrent = found === undefined || found.record.expiresAt > now;
      const ofOwner = isCurrent ? {} : { tier: expect.any(String), suspended: expect.any(Boolean) };
      expect(await store.find([keyId('0'), id])).toEqual(found && { ...found, ...ofOwner });
    }
  } else if (verb === 'list') {
    const owner = { userId, tier, tokenIssuedAt: tierClaim.issuedAt };
    const listed = await listKeys({ store, now: () => now * 1000 + 999 }, owner);
    const { active, expired } = listed;
    model.claim(userId, tierClaim);
    const held = model.held(userId, now);
    expect({ ...listed, active: byId(active), expired: byId(expired) }).toEqual({
      since: held.since,
      tier: model.tierOf(userId, tierClaim),
      active: byId(held.active),
      expired: byId(held.expired),
    });
  } else {
    const operation = operations[verb] as AnyOperation;
    const step: Step = { ...random, userId, now, tierClaim };
    const command = operation.commandOf(step, model);
    expect(await operation.run(store, command)).toEqual(operation.model(model, command));
  }
}

/** Defines a test that compares a store with the model under random sequences of commands. */
export function testAgainstModel(kind: string, create: () => StoreUnderTest, numRuns: number) {
  test(`${kind}: returns and stores the same as the model for any sequence of commands`, async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const { store, read } = create();
        const model = new Model();
        let now = present;
        for (const step of sequence) {
          now += step.wait;
          await compare(store, model, now, step);
        }

        for (const userId of ['one', 'two']) {
          const inspected = await store.inspect(userId);
          const keys = byId(inspected?.keys.filter(({ deleteAfter }) => deleteAfter > now) ?? []);
          expect(inspected && { ...inspected, keys }).toEqual(model.inspect(userId, now));
          const entries = model.log.filter((one) => one === userId || one === `erased ${userId}`);
          expect(await store.readAudit(userId)).toHaveLength(entries.length);
        }
        expect(await store.countOwners()).toEqual(model.countOwners());
        const counts = await store.countKeys(now);
        expect(
          counts.toSorted((one, other) => (one.pepperVersion < other.pepperVersion ? -1 : 1)),
        ).toEqual(model.countKeys(now));

        if (read === undefined) return;
        const stored = await read();
        const { keys = [], owners = [], audit = [] } = stored;
        expect(audit).toHaveLength(model.log.length);
        // The embedded store has a separate table for previous secrets.
        const { superseded_keys = [] } = stored;
        const ids = [...keys, ...superseded_keys]
          .filter((key) => (key['remove_at'] as number) > now)
          .map(({ id }) => id);
        const modelled = [...model.keys, ...model.superseded]
          .filter(({ deleteAfter }) => deleteAfter > now)
          .map(({ id }) => id);
        expect(ids.toSorted()).toEqual(modelled.toSorted());
        const tiers = owners.map((owner) => [
          owner['user_id'],
          { tier: owner['tier'], issuedAt: owner['tier_issued_at'] },
        ]);
        expect(Object.fromEntries(tiers)).toEqual(Object.fromEntries(model.tiers));
      }),
      { numRuns },
    );
  });
}
