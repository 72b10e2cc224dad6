import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { IssueCommand, IssueOutcome } from '../../src/keys/store.ts';
import { command, day, present } from '../harness/commands.ts';
import type { StoreUnderTest } from '../harness/stores.ts';

/** The rules in a few lines and without any thought for speed, processes or failure. */
class Model {
  readonly keys: IssueCommand['record'][] = [];
  readonly tiers = new Map<string, IssueCommand['tierClaim']>();

  issue({ record, maximumKeys, tierClaim }: IssueCommand): IssueOutcome {
    const { userId, name, createdAt } = record;
    const own = this.keys.filter((key) => key.userId === userId);
    if (own.some((key) => key.name === name && key.removeAt > createdAt)) return 'name_taken';
    if (own.filter(({ expiresAt }) => expiresAt > createdAt).length >= maximumKeys) return 'key_limit_reached';
    this.keys.push(record);
    const known = this.tiers.get(userId);
    if (known === undefined || tierClaim.issuedAt > known.issuedAt) this.tiers.set(userId, tierClaim);
    return 'issued';
  }
}

const steps = fc.array(
  fc.record({
    owner: fc.constantFrom('one', 'two'),
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    maximumKeys: fc.constantFrom(1, 2, 5),
    expiresInDays: fc.constantFrom(1, 2, 30),
    /** How far the clock moves first: to the instants where keys expire and go, and to just before. */
    wait: fc.constantFrom(0, 0, 1, day - 1, day, 2 * day, 30 * day, 31 * day),
    tier: fc.constantFrom('pioneer', 'starter', 'growth', 'enterprise'),
    tokenAge: fc.constantFrom(0, 60, 40 * day),
  }),
  { minLength: 1, maxLength: 30 },
);

/** Holds a store to the model under commands that nobody thought of. */
export function testAgainstModel(kind: string, create: () => StoreUnderTest, numRuns: number) {
  test(`${kind}: whatever is asked in whatever order, the outcomes are those of the model, and so is what is stored`, async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const { store, read } = create();
        const model = new Model();
        let now = present;
        for (const { owner, name, wait, tier, tokenAge, ...rest } of sequence) {
          now += wait;
          const tierClaim = { tier, issuedAt: now - tokenAge };
          const one = command({ userId: owner, name, createdAt: now, tierClaim, ...rest });
          expect(await store.issue(one)).toBe(model.issue(one));
        }

        if (read === undefined) return;
        const { keys = [], owners = [] } = await read();
        const stored = keys.filter((key) => (key['remove_at'] as number) > now).map(({ id }) => id);
        const modelled = model.keys.filter(({ removeAt }) => removeAt > now).map(({ id }) => id);
        expect(stored.toSorted()).toEqual(modelled.toSorted());
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
