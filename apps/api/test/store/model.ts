import fc from 'fast-check';
import { expect, test } from 'vitest';
import { listKeys } from '../../src/keys/list.ts';
import type {
  DeleteCommand,
  IssueCommand,
  IssueOutcome,
  KeyRecord,
  KeyStore,
  RotateCommand,
} from '../../src/keys/store.ts';
import { command, day, present } from '../harness/commands.ts';
import type { StoreUnderTest } from '../harness/stores.ts';

const lastInstant = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;

/** The rules in a few lines and without any thought for speed, processes or failure. */
class Model {
  keys: KeyRecord[] = [];
  readonly #issued: KeyRecord[] = [];
  readonly tiers = new Map<string, IssueCommand['tierClaim']>();
  readonly since = new Map<string, number>();
  /** How many changes were made. */
  changes = 0;

  issue({ record, maximumKeys, tierClaim }: IssueCommand): IssueOutcome {
    const { userId, name, createdAt } = record;
    if (this.#find({ userId, name, now: createdAt }) !== undefined) return 'name_taken';
    if (this.held(userId, createdAt).active.length >= maximumKeys) return 'key_limit_reached';
    // Whoever takes the name of one that is gone removes it.
    this.keys = this.keys.filter((key) => key.userId !== userId || key.name !== name);
    this.keys.push(record);
    this.#issued.push(record);
    if (!this.since.has(userId)) this.since.set(userId, createdAt);
    this.#changed(userId, tierClaim);
    return 'issued';
  }

  rotate({ expiresInDays, maximumKeys, tierClaim, ...wish }: RotateCommand) {
    const { userId, now } = wish;
    const key = this.#find(wish);
    if (key === undefined) return 'no_such_key';
    if (key.expiresAt > now + day) return 'not_yet_rotatable';
    const days = expiresInDays ?? key.expiresInDays;
    const expiresAt = Math.max(key.expiresAt, now) + days * day;
    if (expiresAt > lastInstant) return 'expiry_too_late';
    if (key.expiresAt <= now && this.held(userId, now).active.length >= maximumKeys) return 'key_limit_reached';
    const validity = { expiresAt, expiresInDays: days, removeAt: Math.min(expiresAt + 30 * day, lastInstant) };
    this.keys = this.keys.map((one) => (one === key ? { ...one, ...validity } : one));
    this.#changed(userId, tierClaim);
    return validity;
  }

  delete({ tierClaim, ...wish }: DeleteCommand) {
    const key = this.#find(wish);
    if (key === undefined) return 'no_such_key';
    this.keys = this.keys.filter((one) => one !== key);
    this.#changed(wish.userId, tierClaim);
    return { ids: [key.id] };
  }

  /** All ids that a name of an owner's has had. */
  idsOf(userId: string, name: string) {
    return this.#issued.filter((key) => key.userId === userId && key.name === name).map(({ id }) => id);
  }

  find(ids: readonly string[]) {
    const record = this.keys.find(({ id }) => ids.includes(id));
    return record && { record, tier: this.tiers.get(record.userId)?.tier };
  }

  held(userId: string, now: number) {
    const own = this.keys.filter((key) => key.userId === userId && key.removeAt > now);
    return {
      since: this.since.get(userId),
      active: own.filter(({ expiresAt }) => expiresAt > now),
      expired: own.filter(({ expiresAt }) => expiresAt <= now),
    };
  }

  #find({ userId, name, now }: { userId: string; name: string; now: number }) {
    return this.keys.find((key) => key.userId === userId && key.name === name && key.removeAt > now);
  }

  #changed(userId: string, claim: IssueCommand['tierClaim']) {
    this.changes++;
    const known = this.tiers.get(userId);
    if (known === undefined || claim.issuedAt > known.issuedAt) this.tiers.set(userId, claim);
  }
}

const steps = fc.array(
  fc.record({
    verb: fc.constantFrom('issue', 'issue', 'rotate', 'rotate', 'delete', 'list', 'find'),
    owner: fc.constantFrom('one', 'two'),
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    maximumKeys: fc.constantFrom(1, 2, 5),
    expiresInDays: fc.constantFrom(1, 2, 30),
    /** The days of a rotation: mostly the key's own, sometimes past the year 9999. */
    rotateBy: fc.constantFrom(undefined, undefined, 1, 3, 3_000_000),
    /** How far the clock moves first: to the instants where keys expire and go, and to just before. */
    wait: fc.constantFrom(0, 0, 1, day - 1, day, 2 * day, 30 * day, 31 * day),
    tier: fc.constantFrom('pioneer', 'starter', 'growth', 'enterprise'),
    tokenAge: fc.constantFrom(0, 60, 40 * day),
  }),
  { minLength: 1, maxLength: 30 },
);

type Step = typeof steps extends fc.Arbitrary<(infer One)[]> ? One : never;

const byId = (keys: readonly KeyRecord[]) => keys.toSorted((one, other) => (one.id < other.id ? -1 : 1));

/** Takes one step with the store and with the model, and expects the same of both. */
async function compare(store: KeyStore, model: Model, now: number, step: Step) {
  const { owner: userId, name, maximumKeys, tier, tokenAge, expiresInDays, rotateBy } = step;
  const tierClaim = { tier, issuedAt: now - tokenAge };
  const change = { userId, name, now, tierClaim };
  if (step.verb === 'issue') {
    const one = command({ userId, name, createdAt: now, tierClaim, maximumKeys, expiresInDays });
    expect(await store.issue(one)).toBe(model.issue(one));
  } else if (step.verb === 'rotate') {
    const one = { ...change, maximumKeys, expiresInDays: rotateBy };
    expect(await store.rotate(one)).toEqual(model.rotate(one));
  } else if (step.verb === 'delete') {
    expect(await store.delete(change)).toEqual(model.delete(change));
  } else if (step.verb === 'find') {
    const ids = ['0', ...model.idsOf(userId, name)];
    expect(await store.find(ids)).toEqual(model.find(ids));
  } else {
    const owner = { userId, tier, tokenIssuedAt: tierClaim.issuedAt };
    const { since, active, expired } = await listKeys({ store, now: () => now * 1000 + 999 }, owner);
    const held = model.held(userId, now);
    expect({ since, active: byId(active), expired: byId(expired) }).toEqual({
      since: held.since,
      active: byId(held.active),
      expired: byId(held.expired),
    });
  }
}

/** Holds a store to the model under commands that nobody thought of. */
export function testAgainstModel(kind: string, create: () => StoreUnderTest, numRuns: number) {
  test(`${kind}: whatever is asked in whatever order, the outcomes are those of the model, and so is what is stored`, async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const { store, read } = create();
        const model = new Model();
        let now = present;
        for (const step of sequence) {
          now += step.wait;
          await compare(store, model, now, step);
        }

        if (read === undefined) return;
        const { keys = [], owners = [], audit = [] } = await read();
        expect(audit).toHaveLength(model.changes);
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
