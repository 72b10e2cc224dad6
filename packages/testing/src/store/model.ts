import {
  type IdempotencyRecord,
  type IdempotentRequest,
  idempotentRequest,
} from '@andamio/keys/idempotency';
import type { IssueCommand, IssueOutcome } from '@andamio/keys/issue';
import { listKeys } from '@andamio/keys/list';
import type { KeyCommand, KeyRecord, OwnerCommand } from '@andamio/keys/model';
import type { RehashCommand } from '@andamio/keys/rehash';
import type { RevokeCommand, RevokedKey } from '@andamio/keys/revoke';
import type { RollCommand } from '@andamio/keys/roll';
import type { RotateCommand } from '@andamio/keys/rotate';
import type { Tier } from '@andamio/schema/tiers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { command, day, present, renewal } from './commands.ts';
import { order, rehashing, revocation } from './operator.ts';
import type { StoreUnderTest, TestStore } from './store-under-test.ts';

/**
 * Returns the maximum number of keys for a tier. It is small, so that random commands reach it.
 */
const maximumKeysOf = (tier: Tier) => ({ pioneer: 1, starter: 2, growth: 3, enterprise: 5 })[tier];

const lastInstant = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;

const nameOf = ({ userId, operation, idempotencyKey }: IdempotentRequest) =>
  `${userId} ${operation} ${idempotencyKey}`;

/** A simple model of the rules for keys. It disregards speed, concurrency and failures. */
class Model {
  keys: KeyRecord[] = [];
  /** The previous secrets, at most one for each name. */
  superseded: KeyRecord[] = [];
  readonly #issued: KeyRecord[] = [];
  readonly tiers = new Map<string, IssueCommand['tierClaim']>();
  readonly since = new Map<string, number>();
  readonly #idempotencyRecords = new Map<string, IdempotencyRecord>();
  readonly suspended = new Set<string>();
  /**
   * The audit log, which contains only the owner of each entry. For an erased owner, it contains
   * one entry, `erased OWNER`.
   */
  log: string[] = [];

  issue({ record, maximumKeysOf, tierClaim, request }: IssueCommand): IssueOutcome {
    const { userId, name, createdAt } = record;
    this.claim(userId, tierClaim);
    if (this.suspended.has(userId)) return 'suspended';
    const earlier = this.#replay(request, { userId, name, now: createdAt });
    if (earlier !== undefined) return earlier;
    if (this.#find({ userId, name, now: createdAt }) !== undefined) return 'name_taken';
    if (
      this.held(userId, createdAt).active.length >= maximumKeysOf(this.#tierOf(userId, tierClaim))
    )
      return 'key_limit_reached';
    // Issuing a key under the name of a removed key deletes the removed key.
    this.keys = this.keys.filter((key) => key.userId !== userId || key.name !== name);
    this.keys.push(record);
    this.#issued.push(record);
    if (!this.since.has(userId)) this.since.set(userId, createdAt);
    this.#saveForReplay(request, createdAt, record);
    this.#changed(userId, tierClaim);
    return 'issued';
  }

  /** Returns the tier of an owner. For an unknown owner, returns the tier in the claim. */
  #tierOf(userId: string, claim: IssueCommand['tierClaim']) {
    return this.tiers.get(userId)?.tier ?? claim.tier;
  }

  rotate({ expiresInDays, maximumKeysOf, tierClaim, request, ...input }: RotateCommand) {
    const { userId, now } = input;
    this.claim(userId, tierClaim);
    if (this.suspended.has(userId)) return 'suspended';
    const earlier = this.#replay(request, input);
    if (earlier !== undefined) return earlier;
    const key = this.#find(input);
    if (key === undefined) return 'no_such_key';
    if (key.expiresAt > now + day) return 'not_yet_rotatable';
    const days = expiresInDays ?? key.expiresInDays;
    const expiresAt = Math.max(key.expiresAt, now) + days * day;
    if (expiresAt > lastInstant) return 'expiry_too_late';
    const isFull = () =>
      this.held(userId, now).active.length >= maximumKeysOf(this.#tierOf(userId, tierClaim));
    if (key.expiresAt <= now && isFull()) return 'key_limit_reached';
    const validity = {
      expiresAt,
      expiresInDays: days,
      deleteAfter: Math.min(expiresAt + 30 * day, lastInstant),
    };
    this.keys = this.keys.map((one) => (one === key ? { ...one, ...validity } : one));
    this.#saveForReplay(request, now, { ...key, ...validity });
    this.#changed(userId, tierClaim);
    return validity;
  }

  roll({ secret, graceSeconds, tierClaim, request, ...input }: RollCommand) {
    const { userId, now } = input;
    this.claim(userId, tierClaim);
    if (this.suspended.has(userId)) return 'suspended';
    const earlier = this.#replay(request, input);
    if (earlier !== undefined) return earlier;
    const key = this.#find(input);
    if (key === undefined) return 'no_such_key';
    if (key.expiresAt <= now) return 'key_expired';
    const record = { ...key, ...secret, createdAt: now };
    const previousExpiresAt = Math.min(key.expiresAt, now + graceSeconds);
    this.#dropSuperseded(input);
    this.keys = this.keys.map((one) => (one === key ? record : one));
    if (graceSeconds > 0)
      this.superseded.push({
        ...key,
        expiresAt: previousExpiresAt,
        deleteAfter: previousExpiresAt,
      });
    this.#issued.push(record);
    this.#saveForReplay(request, now, { ...record, previousExpiresAt });
    this.#changed(userId, tierClaim);
    return { record, previousExpiresAt };
  }

  delete({ tierClaim, ...input }: KeyCommand) {
    this.claim(input.userId, tierClaim);
    const key = this.#find(input);
    if (key === undefined) return 'no_such_key';
    this.keys = this.keys.filter((one) => one !== key);
    this.#changed(input.userId, tierClaim);
    this.#dropSuperseded(input);
    return 'deleted';
  }

  #replay(
    request: IdempotentRequest | undefined,
    input: { userId: string; name: string; now: number },
  ) {
    const saved = request && this.#idempotencyRecords.get(nameOf(request));
    if (request === undefined || saved === undefined || saved.deleteAfter <= input.now)
      return undefined;
    if (saved.bodyDigest !== request.bodyDigest) return 'idempotency_key_reused';
    const isCurrent = this.#find(input)?.serial === saved.serial;
    return isCurrent ? { replayed: { request, record: saved } } : 'idempotency_key_outdated';
  }

  #saveForReplay(
    request: IdempotentRequest | undefined,
    now: number,
    answer: KeyRecord & { previousExpiresAt?: number },
  ) {
    if (request === undefined) return;
    const { bodyDigest, nonce } = request;
    const {
      pepperVersion,
      serial,
      createdAt,
      expiresAt,
      expiresInDays,
      previousExpiresAt = null,
    } = answer;
    const facts = { pepperVersion, serial, createdAt, expiresAt, expiresInDays, previousExpiresAt };
    this.#idempotencyRecords.set(nameOf(request), {
      bodyDigest,
      nonce,
      ...facts,
      deleteAfter: now + day,
    });
  }

  revoke({ ids, now }: RevokeCommand) {
    const current = this.keys.find(({ id, deleteAfter }) => ids.includes(id) && deleteAfter > now);
    const superseded = this.superseded.find(
      ({ id, deleteAfter }) => ids.includes(id) && deleteAfter > now,
    );
    const ended = current ?? superseded;
    if (ended === undefined) return 'no_such_key';
    const { id, userId, name } = ended;
    const isOfName = (key: KeyRecord) => key.userId === userId && key.name === name;
    if (current !== undefined) {
      const restored = this.superseded.find((key) => isOfName(key) && key.expiresAt > now);
      this.keys = this.keys.filter((key) => key !== current);
      if (restored !== undefined)
        this.keys.push({
          ...restored,
          deleteAfter: Math.min(restored.expiresAt + 30 * day, lastInstant),
        });
    }
    this.superseded = this.superseded.filter((key) => !isOfName(key));
    this.log.push(userId);
    return { id, userId, name };
  }

  rehash({ from, to, now }: RehashCommand) {
    const isTarget = (key: KeyRecord) => key.id === from && key.deleteAfter > now;
    const target = [...this.keys, ...this.superseded].find(isTarget);
    if (target === undefined) return 'no_such_key';
    const rehashed = (key: KeyRecord) => (isTarget(key) ? { ...key, ...to } : key);
    this.#issued.push({ ...target, ...to });
    this.keys = this.keys.map(rehashed);
    this.superseded = this.superseded.map(rehashed);
    this.log.push(target.userId);
    return 'rehashed';
  }

  revokeAll({ userId, now }: OwnerCommand) {
    const own = this.keys.filter((key) => key.userId === userId);
    this.#dropAll(userId);
    return own
      .filter(({ deleteAfter }) => deleteAfter > now)
      .map(({ id, name }) => {
        this.log.push(userId);
        return { id, userId, name };
      });
  }

  erase(userId: string): boolean {
    if (!this.tiers.has(userId)) return false;
    this.#dropAll(userId);
    this.log = [...this.log.filter((one) => one !== userId), `erased ${userId}`];
    for (const known of [this.tiers, this.since, this.suspended]) known.delete(userId);
    for (const name of this.#idempotencyRecords.keys())
      if (name.startsWith(`${userId} `)) this.#idempotencyRecords.delete(name);
    return true;
  }

  #dropAll(userId: string) {
    this.keys = this.keys.filter((key) => key.userId !== userId);
    this.superseded = this.superseded.filter((key) => key.userId !== userId);
  }

  inspect(userId: string, now: number) {
    const keys = [
      ...this.keys.map((key) => ({ ...key, superseded: false })),
      ...this.superseded.map((key) => ({ ...key, superseded: true })),
    ].filter((key) => key.userId === userId && key.deleteAfter > now);
    const tier = this.tiers.get(userId)?.tier;
    return (
      tier && {
        since: this.since.get(userId),
        tier,
        suspended: this.suspended.has(userId),
        keys: byId(keys),
      }
    );
  }

  countOwners() {
    const owners = [...this.tiers.values()].map(({ tier }) => tier);
    const of = (tier: string) => owners.filter((one) => one === tier).length;
    return {
      total: owners.length,
      suspended: this.suspended.size,
      byTier: {
        pioneer: of('pioneer'),
        starter: of('starter'),
        growth: of('growth'),
        enterprise: of('enterprise'),
      },
    };
  }

  countKeys(now: number) {
    const held = this.keys.filter(({ deleteAfter }) => deleteAfter > now);
    const superseded = this.superseded.filter(({ expiresAt }) => expiresAt > now);
    const versions = new Set([...held, ...superseded].map(({ pepperVersion }) => pepperVersion));
    return [...versions].toSorted().map((version) => {
      const count = (keys: readonly KeyRecord[]) =>
        keys.filter((key) => key.pepperVersion === version).length;
      return {
        pepperVersion: version,
        active: count(held.filter(({ expiresAt }) => expiresAt > now)),
        superseded: count(superseded),
        expired: count(held.filter(({ expiresAt }) => expiresAt <= now)),
      };
    });
  }

  setSuspended(userId: string, suspended: boolean): boolean {
    if (this.suspended.has(userId) === suspended) return false;
    if (suspended) this.suspended.add(userId);
    else this.suspended.delete(userId);
    if (!this.tiers.has(userId)) this.tiers.set(userId, { tier: 'pioneer', issuedAt: -1 });
    this.log.push(userId);
    return true;
  }

  #dropSuperseded({ userId, name }: { userId: string; name: string }): string[] {
    const isOfName = (key: KeyRecord) => key.userId === userId && key.name === name;
    const dropped = this.superseded.filter(isOfName);
    this.superseded = this.superseded.filter((key) => !isOfName(key));
    return dropped.map(({ id }) => id);
  }

  /** Returns all key ids that a name of an owner has had. */
  idsOf(userId: string, name: string) {
    return this.#issued
      .filter((key) => key.userId === userId && key.name === name)
      .map(({ id }) => id);
  }

  find(ids: readonly string[]) {
    const record = [...this.keys, ...this.superseded].find(({ id }) => ids.includes(id));
    const suspended = record !== undefined && this.suspended.has(record.userId);
    return record && { record, tier: this.tiers.get(record.userId)?.tier, suspended };
  }

  held(userId: string, now: number) {
    const own = this.keys.filter((key) => key.userId === userId && key.deleteAfter > now);
    return {
      since: this.since.get(userId),
      active: own.filter(({ expiresAt }) => expiresAt > now),
      expired: own.filter(({ expiresAt }) => expiresAt <= now),
    };
  }

  /** Applies a command's tier claim, which takes effect even if the command is refused. */
  claim(userId: string, claim: IssueCommand['tierClaim']) {
    const known = this.tiers.get(userId);
    if (known === undefined || claim.issuedAt < known.issuedAt) return;
    if (known.tier !== claim.tier) this.log.push(userId);
    this.tiers.set(userId, claim);
  }

  #find({ userId, name, now }: { userId: string; name: string; now: number }) {
    return this.keys.find(
      (key) => key.userId === userId && key.name === name && key.deleteAfter > now,
    );
  }

  #changed(userId: string, claim: IssueCommand['tierClaim']) {
    this.log.push(userId);
    const known = this.tiers.get(userId);
    if (known === undefined || claim.issuedAt >= known.issuedAt) this.tiers.set(userId, claim);
  }
}

const steps = fc.array(
  fc.record({
    verb: fc.constantFrom(
      'issue',
      'issue',
      'rotate',
      'rotate',
      'roll',
      'delete',
      'revoke',
      'rehash',
      'revokeAll',
      'erase',
      'suspend',
      'resume',
      'resume',
      'list',
      'find',
    ),
    owner: fc.constantFrom('one', 'two'),
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    expiresInDays: fc.constantFrom(1, 2, 30),
    /**
     * The `expiresInDays` of a rotation. Undefined for the key's current value. The largest value
     * leads past the year 9999.
     */
    rotateBy: fc.constantFrom(undefined, undefined, 1, 3, 3_000_000),
    /**
     * Seconds by which the clock advances before the step. With these values, steps occur exactly
     * when a key expires or is removed, and one second before a day has passed.
     */
    wait: fc.constantFrom(0, 0, 1, day - 1, day, 2 * day, 30 * day, 31 * day),
    graceSeconds: fc.constantFrom(0, 1, day, 7 * day),
    idempotencyKey: fc.constantFrom(undefined, undefined, 'one', 'two'),
    /**
     * Whether the step uses the second-newest key id stored under the name, instead of the newest.
     */
    isPrevious: fc.boolean(),
    tier: fc.constantFrom('pioneer', 'starter', 'growth', 'enterprise'),
    tokenAge: fc.constantFrom(0, 60, 40 * day),
  }),
  { minLength: 1, maxLength: 30 },
);

type Step = typeof steps extends fc.Arbitrary<(infer One)[]> ? One : never;

function byId<Key extends { readonly id: string }>(keys: readonly Key[]): Key[] {
  return keys.toSorted((one, other) => (one.id < other.id ? -1 : 1));
}

/** Runs a step on the store and on the model, and expects the same outcome. */
async function compare(store: TestStore, model: Model, now: number, step: Step) {
  const { owner: userId, name, tier, tokenAge, expiresInDays, rotateBy, idempotencyKey } = step;
  const tierClaim = { tier, issuedAt: now - tokenAge };
  const change = { userId, name, now, tierClaim };
  const requestWith = (operation: IdempotentRequest['operation'], detail: number | undefined) =>
    idempotentRequest({ userId, operation, idempotencyKey }, [name, detail ?? null]);
  if (step.verb === 'issue') {
    const one = command({
      userId,
      name,
      createdAt: now,
      tierClaim,
      maximumKeysOf,
      expiresInDays,
      request: requestWith('request', expiresInDays),
    });
    expect(await store.issue(one)).toEqual(model.issue(one));
  } else if (step.verb === 'rotate') {
    const one = {
      ...change,
      maximumKeysOf,
      expiresInDays: rotateBy,
      request: requestWith('rotate', rotateBy),
    };
    expect(await store.rotate(one)).toEqual(model.rotate(one));
  } else if (step.verb === 'roll') {
    const one = renewal({
      ...change,
      graceSeconds: step.graceSeconds,
      request: requestWith('roll', step.graceSeconds),
    });
    expect(await store.roll(one)).toEqual(model.roll(one));
  } else if (step.verb === 'delete') {
    expect(await store.delete(change)).toEqual(model.delete(change));
  } else if (step.verb === 'revoke') {
    const one = revocation(['0', model.idsOf(userId, name).at(step.isPrevious ? -2 : -1) ?? '1'], {
      now,
    });
    expect(await store.revoke(one)).toEqual(model.revoke(one));
  } else if (step.verb === 'rehash') {
    const one = rehashing(model.idsOf(userId, name).at(step.isPrevious ? -2 : -1) ?? '0', { now });
    expect(await store.rehash(one)).toBe(model.rehash(one));
  } else if (step.verb === 'revokeAll') {
    const byName = (keys: readonly RevokedKey[]) =>
      keys.toSorted((one, other) => (one.name < other.name ? -1 : 1));
    const input = order({ userId, now });
    expect(byName(await store.revokeAll(input))).toEqual(byName(model.revokeAll(input)));
  } else if (step.verb === 'erase') {
    expect(await store.erase(order({ userId, now }))).toBe(model.erase(userId));
  } else if (step.verb === 'suspend') {
    const changed = model.setSuspended(userId, true);
    expect(await store.suspend(order({ userId, now }))).toBe(
      changed ? 'suspended' : 'already_suspended',
    );
  } else if (step.verb === 'resume') {
    const changed = model.setSuspended(userId, false);
    expect(await store.resume(order({ userId, now }))).toBe(changed ? 'resumed' : 'not_suspended');
  } else if (step.verb === 'find') {
    expect(await store.find(['0'])).toBeUndefined();
    for (const id of model.idsOf(userId, name)) {
      const found = model.find([id]);
      const isKept = found === undefined || found.record.deleteAfter > now;
      // Changes of an owner no longer reach a key whose retention has passed. Its record remains
      // until the database removes it, and nothing but its expiry matters.
      const ofOwner = isKept ? {} : { tier: expect.any(String), suspended: expect.any(Boolean) };
      expect(await store.find(['0', id])).toEqual(found && { ...found, ...ofOwner });
    }
  } else {
    const owner = { userId, tier, tokenIssuedAt: tierClaim.issuedAt };
    const { since, active, expired } = await listKeys(
      { store, now: () => now * 1000 + 999 },
      owner,
    );
    model.claim(userId, tierClaim);
    const held = model.held(userId, now);
    expect({ since, active: byId(active), expired: byId(expired) }).toEqual({
      since: held.since,
      active: byId(held.active),
      expired: byId(held.expired),
    });
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
